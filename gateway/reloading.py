"""``Reloader``: what changed while the server runs is read, checked as ``isthmus check`` does, and taken over whole.

Whatever is wrong with it leaves what is served as it is, and is said in the log, in ``Holder.reloads`` and at /readyz.
One task does one thing after the other, so changes and signals that come meanwhile are one change more, not many.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from gateway.app import Edge, Front, edge_problems, make_front
from gateway.file.config import Configuration, UnreadableFile, WrongFile
from gateway.file.parts import sign_of_part
from gateway.holder import Holder, State
from gateway.reload_settings import APPLIED, CONNECTIONS
from gateway.server_settings import ServerSettings
from gateway.snapshot import SourcesAway, load_after
from gateway.telemetry import log
from gateway.watched import LOOK_S
from resolvers import ConfigurationError, DescriptionError, Problem, Sign, named_files

SETTLE_S = 1.0
"""A file that changed must be the same for so long before it is read: half a file may be sound, with half its rules."""
FIRST_S, LAST_S = 1.0, 60.0
"""Missing sources are asked for after a second, then half as often each time, once a minute in the end."""
KEYS_S = 10.0
"""Longest wait for the keys of issuers that the file names anew, in seconds; as long as fetching them may take."""
_CLOCK_NS = 20_000_000
"""A file's time comes from a clock that may be so much behind."""
Signs = Mapping[Path, Sign]


class Reloader:
    """``read`` reads the configuration anew. ``forbids`` says why the edge must not be as settings say, if anything."""

    def __init__(
        self,
        holder: Holder,
        app: Edge,
        read: Callable[[], Configuration],
        configuration: Configuration,
        *,
        forbids: Callable[[ServerSettings], Problem | None] = lambda _: None,
        look_s: float = LOOK_S,
        settle_s: float = SETTLE_S,
        first_s: float = FIRST_S,
    ) -> None:
        self._holder = holder
        self._app = app
        self._read = read
        self._configuration = configuration
        self._forbids = forbids
        self._look_s, self._settle_s, self._first_s = look_s, settle_s, first_s
        self._asked = asyncio.Event()
        self._mentioned: frozenset[Path] = frozenset()
        self._seen: Signs = {}
        self._attempts = 0
        self._again_at: float | None = None
        self._described_at = 0.0
        self._refusal = ""
        self._postponed = False
        self._told: tuple[str, ...] = ()
        self._again = False
        """Whether nobody changed anything, and the same is tried once more: what is told already is not told again."""

    def ask(self) -> None:
        """Everything is looked at anew, and soon; however often that is said meanwhile, once."""
        self._asked.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks at changes in this block."""
        self._seen = await asyncio.to_thread(self._look)
        self._described_at = time.monotonic()
        self._app.hung_up = self.ask
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._app.hung_up = None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._look_s)
            if self._app.state.draining:
                return  # what is under way ends on what it began with, and nothing more begins
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001  # a watch that ended unseen would leave the gateway as it is for ever
                self._refused(f"unexpected: {type(error).__name__}", error)

    async def _turn(self) -> None:
        settings = self._app.front.settings.reload
        if self._asked.is_set():
            self._asked.clear()
            self._seen = await asyncio.to_thread(self._look)
            await self._reload(everything=True)
            await asyncio.sleep(min(1.0, self._look_s))  # however fast signals come, sources are asked once a second
            return
        if settings.files and (signs := await self._settled()) is not None:
            touched = {path for path in signs.keys() | self._seen.keys() if signs.get(path) != self._seen.get(path)}
            self._seen = signs
            await self._reload(touched=touched)
        now = time.monotonic()
        if settings.descriptions_s is not None and now - self._described_at >= settings.descriptions_s:
            await self._reload(everything=True)
        elif self._waits():
            if self._again_at is None:
                self._put_off()
            elif now >= self._again_at:
                self._again = True
                try:
                    await self._retry()
                finally:
                    self._again = False
        else:
            self._attempts, self._again_at = 0, None

    # Files.

    def _look(self) -> Signs:
        """The signs of all files that count. Meant for a thread."""
        return {path: sign_of_part(path) for path in self._watched()}

    def _watched(self) -> Iterable[Path]:
        chosen, state = self._configuration, self._holder.current
        yield from chosen.files
        yield from self._mentioned
        yield from (chosen.base / name for name in chosen.settings.extensions)
        yield from _edge_files(chosen.settings.server)
        for name in chosen.sources:
            yield from _pinned_files(chosen, name)
        for _, settings in chosen.sources.values():
            yield from named_files(settings, chosen.base)
        for documents in state.documents.values():
            yield from documents.files

    async def _settled(self) -> Signs | None:
        """The signs of the files where they are others than before and nobody is writing them; otherwise ``None``."""
        signs = await asyncio.to_thread(self._look)
        while signs != self._seen:
            await asyncio.sleep(self._settle_s)
            before, signs = signs, await asyncio.to_thread(self._look)
            if before == signs:
                return signs
        return None

    # What changed.

    async def _reload(self, *, everything: bool = False, touched: Iterable[Path] = ()) -> None:
        """Reads the file and takes over what it says. ``everything``: others' descriptions are looked at too."""
        changed, began_ns = frozenset(touched), time.time_ns()
        try:
            read = await asyncio.to_thread(self._read)
        except UnreadableFile as error:
            self._mentioned = error.files
            rest = error.rest if isinstance(error, WrongFile) else None
            if rest is None:
                self._refused(error.text)
            else:  # it is refused, with what else is wrong
                await self._take_over(_effective(rest, self._app.front.settings)[0], set(), set(), edge=False)
            await self._look_further(began_ns)
            return
        self._mentioned = read.files
        effective, stays = _effective(read, self._app.front.settings)
        self._tell_restart(stays)
        state = self._holder.current
        reopen = {name for name, documents in state.documents.items() if documents.files & changed}
        reopen |= await asyncio.to_thread(lambda: {n for n, each in state.documents.items() if each.touched()})
        reopen |= {name for name in read.sources if changed.intersection(_pinned_files(read, name))}
        if everything:
            self._described_at = time.monotonic()
            reopen |= await self._described_otherwise(state)
        renew = {
            name for name, (_, each) in self._configuration.sources.items()
            if named_files(each, self._configuration.base) & changed
        }  # fmt: skip
        edge = bool(changed & set(_edge_files(effective.settings.server)))
        await self._take_over(effective, reopen, renew, edge=edge)
        await self._look_further(began_ns)

    async def _look_further(self, began_ns: int) -> None:
        """Looks at files that were not named before, too; what was seen of the others stays so until it is read.

        ``began_ns``: when reading began. What was written since then may not be what was read: it is looked at again.
        """
        signs = await asyncio.to_thread(self._look)
        since_ns = began_ns - _CLOCK_NS
        new = {path: () if path not in self._seen and _written_since(path, since_ns) else signs[path] for path in signs}
        self._seen = {**new, **self._seen}

    async def _described_otherwise(self, state: State) -> set[str]:
        """The sources whose description changed, or that cannot be told so without opening them again."""

        async def one(name: str) -> str | None:
            documents = state.documents.get(name)
            if documents is None:
                return name
            try:
                return name if documents.remote and await documents.changed() else None
            except DescriptionError as error:
                log("description_not_looked_at", level="warning", source=name, reason=error.problem.what)
                return None

        return {name for name in await asyncio.gather(*map(one, state.sources)) if name is not None}

    async def _take_over(
        self, configuration: Configuration, reopen: set[str], renew: set[str], *, edge: bool, still: Iterable[str] = ()
    ) -> bool:
        """Whether what the configuration says is in force now."""
        started = time.monotonic()
        before, front = self._holder.current, self._app.front
        try:

            def loading() -> Awaitable[State]:
                return load_after(before, configuration, reopen=reopen, renew=renew, still=frozenset(still))

            state = await self._checked(configuration, loading, opens=edge)
            try:
                successor = await self._succeed(front, configuration.settings.server, renew=edge)
            except BaseException:
                await self._holder.discard(state)
                raise
        except ConfigurationError as error:
            self._postponed = isinstance(error, SourcesAway) and not configuration.wrong
            self._refused(configuration.describe(error.problems, error.unseen))
            self._holder.tidy_soon()
            return False
        self._configuration = configuration
        self._refusal, self._postponed = "", False
        reloads = self._holder.reloads
        reloads.failing = False
        if state is before and successor is front:
            reloads.unchanged += 1
            return True
        if state is before:
            state = before.again()
        self._app.front = successor
        self._holder.swap(state, None if successor is front else lambda: front.close(successor))
        reloads.ok += 1
        reloads.last_ok_at, reloads.last_s = time.time(), time.monotonic() - started
        opened = [name for name, source in state.sources.items() if before.sources.get(name) is not source]
        for name, problem in state.failed.items():
            if before.failed.get(name) != problem:
                log("source_missing", level="warning", source=name, problem=configuration.describe([problem]))
        log("reloaded", seconds=round(reloads.last_s, 3), opened=opened, missing=list(state.failed))
        return True

    async def _checked(
        self, configuration: Configuration, loading: Callable[[], Awaitable[State]], *, opens: bool
    ) -> State:
        """What is loaded, once nothing is wrong with the edge either; all that is wrong is told at once.

        Raises:
            ConfigurationError: the edge must not be so, a file of it cannot be used; or as ``loading``.
        """
        server = configuration.settings.server
        forbidden = None if configuration.wrong else self._forbids(server)
        wrong = [] if forbidden is None else [forbidden]
        if opens or server != self._app.front.settings:
            wrong += await asyncio.to_thread(edge_problems, server)
        try:
            state = await loading()
        except ConfigurationError as error:
            if not wrong:
                raise
            raise ConfigurationError(dict.fromkeys([*wrong, *error.problems]), error.besides, error.unseen) from error
        if wrong:
            await self._holder.discard(state)
            raise ConfigurationError(wrong)
        return state

    async def _succeed(self, front: Front, settings: ServerSettings, *, renew: bool) -> Front:
        """What answers by these settings, once it can tell who asks.

        Raises:
            ConfigurationError: a file of the edge cannot be used. SourcesAway: the keys of issuers are away.
        """
        if settings == front.settings and not renew:
            return front
        made = await asyncio.to_thread(make_front, self._holder, settings, self._app.shared, front, renew=renew)
        if made.authenticator is front.authenticator:
            return made
        made.authenticator.start()
        until = time.monotonic() + KEYS_S
        while not made.authenticator.ready:
            if time.monotonic() >= until:
                await made.close(front)
                what = f"no keys of {', '.join(made.authenticator.degraded)} can be fetched"
                raise SourcesAway([Problem(what, ("server", "jwt"))])
            await asyncio.sleep(0.05)
        return made

    # Missing sources.

    def _waits(self) -> bool:
        state = self._holder.current
        return self._postponed or bool(state.failed) or any(each.model.stale for each in state.sources.values())

    def _put_off(self) -> None:
        wait = min(LAST_S, self._first_s * 2.0**self._attempts) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        self._again_at = time.monotonic() + wait
        self._attempts = min(self._attempts + 1, 16)

    async def _retry(self) -> None:
        """Asks for what is missing, or was known only of old."""
        self._put_off()
        self._holder.reloads.retries += 1
        if self._postponed:
            await self._reload()
            return
        state = self._holder.current
        stale = {name for name, source in state.sources.items() if source.model.stale}
        waiting = [name for name in state.failed if name not in state.away or name in state.documents]
        still = {name for name in waiting if not await self._may_come(state, name)}
        if still >= state.failed.keys() and not stale:
            return
        if not await self._take_over(self._configuration, stale, set(), edge=False, still=still):
            for name in state.failed.keys() - still:  # what is wrong with one keeps no other away
                await self._take_over(self._configuration, set(), set(), edge=False, still=state.failed.keys() - {name})
        if self._holder.current is not state:
            self._attempts = 0

    @staticmethod
    async def _may_come(state: State, name: str) -> bool:
        """Whether a missing source should be opened: not where its description is there, and wrong as it was."""
        documents = state.documents.get(name)
        if documents is None or not documents.seen or name in state.away:
            return True
        try:
            return await documents.changed()
        except DescriptionError:
            return False

    # What is said.

    def _refused(self, text: str, error: Exception | None = None) -> None:
        reloads = self._holder.reloads
        reloads.failing = True
        if self._again and text == self._refusal:
            return
        self._refusal = text
        reloads.failed += 1
        reloads.last_failed_at = time.time()
        facts: dict[str, object] = {} if error is None else {"exc_info": error}
        log("reload_refused", level="error", problems=text.split("\n\n"), **facts)

    def _tell_restart(self, keys: tuple[str, ...]) -> None:
        if keys and keys != self._told:
            log("restart_needed", level="warning", keys=list(keys))
        self._told = keys


def _written_since(path: Path, since_ns: int) -> bool:
    try:
        return path.stat().st_mtime_ns >= since_ns
    except (OSError, ValueError):
        return False


def _pinned_files(configuration: Configuration, name: str) -> Iterable[Path]:
    """What was pulled of a source."""
    lock = configuration.lock
    pins = {} if lock is None else lock.descriptions.get(name, {})
    yield from (configuration.base / pin.file for pin in pins.values() if pin.file)


def _edge_files(server: ServerSettings) -> Iterable[Path]:
    """Files of the edge that are read when it is made; those that it watches itself are not among them."""
    for issuer in server.jwt:
        yield from (path for path in (issuer.jwks, issuer.ca) if path is not None)
    if server.documents is not None:
        yield from server.documents.manifest


def _effective(read: Configuration, running: ServerSettings) -> tuple[Configuration, tuple[str, ...]]:
    """The configuration as far as it can be obeyed without a restart, and the keys that wait for one."""
    asked = read.settings.server
    stays = {
        name: getattr(running, name)
        for name in ServerSettings.model_fields
        if name not in APPLIED and getattr(asked, name) != getattr(running, name)
    }
    limits = {
        name: getattr(running.limits, name)
        for name in CONNECTIONS
        if getattr(asked.limits, name) != getattr(running.limits, name)
    }
    keys = (*(f"server.{name}" for name in stays), *(f"server.limits.{name}" for name in sorted(limits)))
    server = asked.model_copy(update={**stays, "limits": asked.limits.model_copy(update=limits)})
    return replace(read, settings=read.settings.model_copy(update={"server": server})), keys
