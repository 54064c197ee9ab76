"""How a snapshot is made of a configuration: its sources are opened, and the graph is built over them.

Of what is served already, whatever is the same is taken over as it is: open sources, what they count, and the graph.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from hashlib import blake2b

from gateway.allowance import RedisAllowance
from gateway.assembly import build_graph, check_edge, graph_settings
from gateway.file.config import Configuration
from gateway.further import refusal, unseen
from gateway.holder import Assembled, Holder, Reloads, Snapshot, State, close_all
from gateway.kept.opening import open_store
from gateway.redis import open_redis
from resolvers import (
    CacheTally,
    Caching,
    ConfigurationError,
    Documents,
    Opened,
    Problem,
    Source,
    SourceSettings,
    Stage,
    Standing,
    Store,
    Tally,
    open_all,
    revealed,
    sign_of,
)
from schema import Built, GraphSettings, Responses

__all__ = [
    "Holder",
    "Reloads",
    "Snapshot",
    "SourcesAway",
    "State",
    "load",
    "load_after",
    "load_or_wait",
]

KEPT = ".isthmus"
"""The folder beside the configuration file for what can be made anew; without a file nothing is left behind."""


async def load(
    configuration: Configuration,
    tallies: dict[str, Tally] | None = None,
    store: Store | None = None,
    stage: Stage | None = None,
) -> Snapshot:
    """Opens every source and builds the graph over those that could be opened.

    ``tallies``: where sources that are opened again go on counting, by name. ``store``: where answers were kept before.
    ``stage``: what stands in the place of the systems.

    Raises:
        ConfigurationError: statements, links, rules or extensions that do not fit, or no source at all.
    """
    with _collecting_later():
        made = await _Loading(configuration, {} if tallies is None else tallies, store=store, stage=stage).load()
    assert isinstance(made, Snapshot)
    for name, standing in made.standings.items():
        made.tallies[name].take(standing)
    return made


async def load_or_wait(configuration: Configuration) -> State:
    """As ``load``; but where no source can be read and one of them is only away, there is no graph yet.

    Raises:
        ConfigurationError: as ``load``.
    """
    with _collecting_later():
        return await _Loading(configuration, {}, waits=True).load()


async def load_after(
    before: State,
    configuration: Configuration,
    *,
    reopen: Collection[str] = (),
    renew: Collection[str] = (),
    still: Collection[str] = (),
) -> State:
    """What is to be served in the place of ``before``; ``before`` itself where nothing is another.

    Its sources that are the same stay open. ``reopen``: sources that are read again, and stay where they say the same;
    ``renew``: those that do not stay even then, for what opens them is another (a certificate). ``still``: missing
    sources that are not asked for.

    Raises:
        ConfigurationError: as ``load``; or the description of a source is wrong. ``SourcesAway``: nothing is wrong but
            that what replaces a source that is served cannot be reached.
    """
    tallies = dict(before.tallies)
    with _collecting_later():
        made = await _Loading(configuration, tallies, before, reopen=reopen, renew=renew, still=still).load()
        if made is not before:
            # Or the first look for what is young would walk all of it, while requests wait. What is garbage by now
            # stays until everything is looked through, when this or the one before is served no more.
            gc.freeze()
        return made


class SourcesAway(ConfigurationError):
    """Nothing is wrong but that sources cannot be reached; the same may do later."""


def _store(configuration: Configuration) -> Store:
    """The store that the file asks for.

    Raises:
        ConfigurationError: a library is missing.
    """
    server = configuration.settings.server
    # A Redis of its own: what is not well enough for the cache may be so for what else is shared.
    shared = open_redis(server.redis) if server.redis is not None and server.cache.store == "redis" else None
    return open_store(server.cache, shared)


def _shared(configuration: Configuration) -> Callable[[], RedisAllowance] | None:
    """Makes what processes count calls to a source together by; ``None``: they share nothing."""
    redis = configuration.settings.server.redis
    return None if redis is None else lambda: RedisAllowance(open_redis(redis))


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Keeps the search for garbage off: a large description becomes millions of objects that stay.

    Looking through them again and again would take as long as reading it does.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Loading:
    def __init__(
        self,
        configuration: Configuration,
        tallies: dict[str, Tally],
        before: State | None = None,
        *,
        reopen: Collection[str] = (),
        renew: Collection[str] = (),
        still: Collection[str] = (),
        waits: bool = False,
        store: Store | None = None,
        stage: Stage | None = None,
    ) -> None:
        if before is not None:
            store = before.store
        self._store = _store(configuration) if store is None else store
        self._responses = CacheTally() if before is None else before.responses
        self._configuration = configuration
        self._tallies = tallies
        self._before = before
        self._reopen = {*reopen, *renew}
        self._renew = renew
        self._still = still
        self._waits = waits
        self._stage = stage

    async def load(self) -> State:
        configuration = self._configuration
        carried = self._carried()
        still = {name for name in self._still if self._before is not None and name in self._before.failed}
        wanted = {name: each for name, each in configuration.sources.items() if name not in carried.keys() | still}
        opened = await self._opened(wanted)
        if self._before is not None:
            opened.failed |= {name: self._before.failed[name] for name in still}
            opened.away |= still & set(self._before.away)
        try:
            problems = list(dict.fromkeys([*opened.problems, *self._wrong(opened, carried)]))
            sources, documents = self._merged(carried, opened)
            if not sources and not configuration.wrong:
                return self._without(opened, documents, problems)
            assembled, built = await asyncio.to_thread(self._checked, sources, opened.failed, problems)
        except BaseException:
            await close_all(opened.sources.values())
            raise
        await close_all([source for name, source in opened.sources.items() if sources[name] is not source])
        tallies = self._tallies
        if self._before is not None:
            tallies = {name: tallies[name] for name in configuration.sources}
        made = Snapshot(
            built.graph,
            sources,
            opened.failed,
            built,
            tallies,
            opened.away,
            documents,
            configuration,
            assembled,
            store=self._store,
            standings=self._standings(sources, opened),
            responses=self._responses,
        )
        return made if self._before is None or self._differs(self._before, made) else self._before

    def _checked(
        self, sources: Mapping[str, Source], failed: Mapping[str, Problem], problems: list[Problem]
    ) -> tuple[Assembled, Built]:
        """The graph. Meant for a thread.

        Raises:
            ConfigurationError: with all that is wrong.
        """
        configuration = self._configuration
        if configuration.wrong:
            raise refusal(configuration, sources, failed, problems, problems)
        try:
            assembled = self._assembled(failed, problems)
            built = None if problems else self._same(sources, assembled)
            if built is None:
                built = build_graph(sources, self._keeping(assembled, sources), problems)
            check_edge(configuration.settings.server, built.graph, incomplete=bool(failed))
        except ConfigurationError as error:
            raise refusal(configuration, sources, failed, problems, error.problems) from error
        return assembled, built

    def _standings(self, sources: Mapping[str, Source], opened: Opened) -> dict[str, Standing]:
        """How the sources that are served stand: those that were opened, and those that stay as they were."""
        before = {} if self._before is None else self._before.standings
        anew = {name for name, source in sources.items() if opened.sources.get(name) is source}
        return {name: opened.standings[name] if name in anew else before[name] for name in sources}

    def _keeping(self, assembled: Assembled, sources: Mapping[str, Source]) -> GraphSettings:
        """The settings of the graph, with a place for whole answers where the file asks for one."""
        if not self._configuration.settings.server.cache.responses:
            return assembled.settings
        version = _version(self._configuration, sources)
        return replace(assembled.settings, responses=partial(Responses, self._store, version, tally=self._responses))

    def _carried(self) -> dict[str, Source]:
        """The sources that stay open."""
        before = self._before
        if before is None:
            return {}
        names = [name for name in self._configuration.sources if name in before.sources and name not in self._reopen]
        return {name: before.sources[name] for name in names if self._stated_alike(name)}

    def _stated_alike(self, name: str) -> bool:
        """Whether the file says the same of a source as it did before."""
        old, new = None if self._before is None else self._before.configuration, self._configuration
        if old is None or old.base != new.base or old.sources.get(name) != new.sources[name]:
            return False
        if bool(old.settings.cache) != bool(new.settings.cache):
            return False  # whether coordinates may have a life of their own is known to what keeps answers
        locks = [each.lock.operations().get(name) if each.lock is not None else None for each in (old, new)]
        described = [each.lock.descriptions.get(name) if each.lock is not None else None for each in (old, new)]
        return locks[0] == locks[1] and described[0] == described[1]

    async def _opened(self, wanted: Mapping[str, tuple[str, SourceSettings]]) -> Opened:
        configuration = self._configuration
        keep = configuration.base / KEPT if configuration.file else None
        names = configuration.lock.operations() if configuration.lock is not None else {}
        # What was asked for before is either served, by what is better than what is kept, or waits for the source.
        known = self._before.sources.keys() | self._before.failed.keys() if self._before is not None else set()
        caching = Caching(self._store, by_coordinate=bool(configuration.settings.cache))
        shared = _shared(configuration)
        pins = configuration.lock.descriptions if configuration.lock is not None else {}
        return await open_all(
            wanted,
            configuration.base,
            keep,
            names,
            self._tallies,
            caching,
            shared,
            fresh=known,
            stage=self._stage,
            pins=pins,
        )

    def _wrong(self, opened: Opened, carried: dict[str, Source]) -> list[Problem]:
        """Decides what becomes of sources that cannot be opened; ``carried`` grows by those that stay as they are.

        What comes back refuses the change, for what is served now is better; it is told with all else that is wrong.

        Raises:
            ConfigurationError: there is nothing to serve. ``SourcesAway``: what replaces a source cannot be reached.
        """
        if self._before is not None:
            return self._compared(self._before, opened, carried)
        nothing = not opened.sources and not (self._waits and opened.away)
        if nothing and not self._configuration.wrong:
            problems = dict.fromkeys([*opened.problems, *opened.failed.values()])
            raise ConfigurationError(problems, unseen=unseen(self._configuration, {}, opened.failed))
        return []

    def _compared(self, before: State, opened: Opened, carried: dict[str, Source]) -> list[Problem]:
        """As ``_wrong``, after ``before``."""
        gone, wrong = [], []
        for name, problem in list(opened.failed.items()):
            alike, away = self._stated_alike(name), name in opened.away
            if alike and name in before.failed:
                if away and name in before.away:
                    opened.failed[name] = before.failed[name]  # its words may vary, and the graph must not
            elif not away:
                wrong.append(problem)
            elif alike and name in before.sources:
                carried[name] = before.sources[name]
                del opened.failed[name]
            elif name in before.sources:
                gone.append(problem)
        if gone and not wrong:
            raise SourcesAway(gone)
        return [*wrong, *gone]

    def _merged(self, carried: Mapping[str, Source], opened: Opened) -> tuple[dict[str, Source], dict[str, Documents]]:
        """The sources in the order of the file, and what read them. One that was read again and says the same stays."""
        sources, documents = {}, {}
        for name in self._configuration.sources:
            source, read = opened.sources.get(name), opened.documents.get(name)
            old = self._before.sources.get(name) if self._before is not None else None
            if old is not None and (name in carried or (source is not None and self._is_still(name, old, source))):
                source = old
            if self._before is not None:
                read = read or self._before.documents.get(name)
            if source is not None:
                sources[name] = source
            if read is not None:
                documents[name] = read
        return sources, documents

    def _is_still(self, name: str, old: Source, new: Source) -> bool:
        digest = new.model.digest
        same = bool(digest) and digest == old.model.digest and not old.model.stale
        return same and name not in self._renew and self._stated_alike(name)

    def _without(self, opened: Opened, documents: Mapping[str, Documents], problems: list[Problem]) -> State:
        """What there is while no source is: nothing is served, and what was never built cannot be wrong yet."""
        if problems:
            raise ConfigurationError(problems)
        if self._before is not None and self._before.graph is not None:
            raise SourcesAway(opened.failed.values())
        made = State(
            None,
            {},
            opened.failed,
            None,
            self._tallies,
            opened.away,
            documents,
            self._configuration,
            None,
            store=self._store,
            responses=self._responses,
        )
        return made if self._before is None or self._differs(self._before, made) else self._before

    def _assembled(self, failed: Mapping[str, Problem], problems: list[Problem]) -> Assembled:
        """What the graph is made of.

        Raises:
            ConfigurationError: an extension that cannot be had, told after ``problems``.
        """
        configuration = self._configuration
        signs = tuple(sign_of(configuration.base / name) for name in configuration.settings.extensions)
        old = self._before.assembled if self._before is not None else None
        stated = self._before.configuration if self._before is not None else None
        same = (
            old is not None
            and stated is not None
            and (stated.base, stated.settings.extensions, old.signs)
            == (configuration.base, configuration.settings.extensions, signs)
        )
        try:
            extensions = old.settings.extensions if old is not None and same else configuration.extensions()
            return Assembled(graph_settings(configuration, failed, extensions), signs)
        except ConfigurationError as error:
            raise ConfigurationError([*problems, *error.problems]) from error

    def _same(self, sources: Mapping[str, Source], assembled: Assembled) -> Built | None:
        """The graph that there is, where it would be built of the same."""
        before = self._before
        if before is None or before.built is None or before.assembled is None:
            return None
        alike = list(before.sources) == list(sources) and all(before.sources[name] is sources[name] for name in sources)
        old = before.configuration
        if old is None or old.settings.server.cache != self._configuration.settings.server.cache:
            return None  # the graph holds where whole answers are kept
        return before.built if alike and before.assembled.settings == assembled.settings else None

    @staticmethod
    def _differs(before: State, made: State) -> bool:
        old, new = before.configuration, made.configuration
        if old is None or new is None or made.built is not before.built:
            return True
        stated = old.settings.server != new.settings.server or old.sources != new.sources
        return stated or before.failed != made.failed


def _version(configuration: Configuration, sources: Mapping[str, Source]) -> str:
    """Tells apart what operations meant under other settings, names or descriptions."""
    said = [revealed(configuration.settings)]
    said += [f"{name} {revealed(each)}" for name, (_, each) in configuration.sources.items()]
    said += [f"{name} {source.model.digest}" for name, source in sources.items()]
    return blake2b("\n".join([*said, repr(configuration.lock)]).encode("utf-8", "surrogatepass")).hexdigest()
