"""``Holder``: the snapshot that new requests begin on, and those before it that still have requests.

A snapshot is a graph, its sources, and what of the configuration could not be served; it never changes, and a new one
is put in its place whole. What did not change is the same object in both. How one is made is for ``snapshot.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from gateway.file.config import Configuration
from gateway.uses import Uses
from resolvers import CacheTally, Documents, Problem, Sign, Source, Standing, Store, Tally
from schema import Built, Graph, GraphSettings

TIDY_S = 1.0


@dataclass(frozen=True, slots=True)
class State:
    """``graph``: ``None`` while nothing can be served. ``failed``: source → why it is not served; ``away``: those of
    them that may come by themselves. ``tallies``: source → where it counts. ``documents``: what read a description.
    ``store``: where answers are kept; the next snapshot goes on with it, and finds what is as before. ``responses``:
    where whole answers are counted. ``standings``: source → how it stands, which its tally takes with the snapshot.
    """

    graph: Graph | None
    sources: Mapping[str, Source]
    failed: Mapping[str, Problem] = field(default_factory=dict)
    built: Built | None = None
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    away: Collection[str] = ()
    documents: Mapping[str, Documents] = field(default_factory=dict)
    configuration: Configuration | None = None
    assembled: Assembled | None = None
    store: Store | None = None
    standings: Mapping[str, Standing] = field(default_factory=dict)
    responses: CacheTally = field(default_factory=CacheTally)
    uses: Uses = field(default_factory=Uses)

    @property
    def degraded(self) -> Mapping[str, str]:
        """Source → that it is not served, does not answer, or is served by what was known of it.

        Anybody may read this: the log says why.
        """
        told = dict.fromkeys(self.failed, "its description cannot be read")
        for name, source in self.sources.items():
            tally = self.tallies.get(name)
            if tally is not None and tally.state == "open":
                told[name] = "it does not answer now"
            elif source.model.stale:
                told[name] = "it is served by what was known of it"
        return told

    def again(self) -> State:
        """The same, for requests that begin under other settings of the edge."""
        return replace(self, uses=Uses())

    async def close(self) -> None:
        """Closes every source and the store; called when no request uses the snapshot any more, nor another one."""
        await close_all(self.sources.values())
        if self.store is not None:
            await self.store.close()


@dataclass(frozen=True, slots=True)
class Snapshot(State):
    """A state in which something is served."""

    graph: Graph


@dataclass(frozen=True, slots=True)
class Assembled:
    """What a graph was made of, beside its sources. ``signs``: of the modules of extensions when they were imported."""

    settings: GraphSettings
    signs: tuple[Sign, ...]


async def close_all(sources: Collection[Source]) -> None:
    """Closes sources, whatever any of them says to it."""
    await asyncio.gather(*(source.close() for source in sources), return_exceptions=True)


async def _end(sources: Collection[Source], also: Callable[[], Awaitable[None]] | None) -> None:
    await close_all(sources)
    if also is not None:
        await also()


@dataclass(slots=True)
class Reloads:
    """What became of changes since the start. Times are Unix time in seconds, 0 where there was none.

    ``ok``: new snapshots; ``unchanged``: looked at, and the same; ``failed``: refused, and the old one stays;
    ``retries``: sources that were asked for again. ``failing``: the last change that was looked at was refused.
    """

    ok: int = 0
    unchanged: int = 0
    failed: int = 0
    retries: int = 0
    last_ok_at: float = 0.0
    last_failed_at: float = 0.0
    last_s: float = 0.0
    failing: bool = False


@dataclass(slots=True)
class Holder:
    """Holds the snapshot that new requests begin on, and closes what older ones alone needed when they have ended."""

    current: State
    reloads: Reloads = field(default_factory=Reloads)
    tidy: Callable[[], None] | None = None
    """Called a second after what was served is served no more: types of a graph know each other, and so go by no
    counting of references."""
    _tidying: asyncio.TimerHandle | None = None
    _living: list[State] = field(default_factory=list)
    _closing: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def degraded(self) -> Mapping[str, str]:
        """What /readyz tells of changes."""
        told = "what was changed last is not in force: the log says why"
        return {"configuration": told} if self.reloads.failing else {}

    @property
    def waiting(self) -> int:
        """How many snapshots before this one still have requests."""
        return len(self._living)

    def swap(self, snapshot: State, ended: Callable[[], Awaitable[None]] | None = None) -> None:
        """Puts a snapshot in the place of the current one. ``ended`` is called when the last request of that one has
        ended.
        """
        before, self.current = self.current, snapshot
        for name, standing in snapshot.standings.items():
            snapshot.tallies[name].take(standing)
        self._living.append(before)
        before.uses.retire(lambda: self._retired(before, ended))

    def _retired(self, snapshot: State, also: Callable[[], Awaitable[None]] | None) -> None:
        self._living = [each for each in self._living if each is not snapshot]
        needed = {id(source) for each in (self.current, *self._living) for source in each.sources.values()}
        ended = [source for source in snapshot.sources.values() if id(source) not in needed]
        if ended or also is not None:
            closing = asyncio.get_running_loop().create_task(_end(ended, also))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        self.tidy_soon()

    def tidy_soon(self) -> None:
        """Has memory given back, once for all that went until then."""
        if self.tidy is not None and self._tidying is None:
            self._tidying = asyncio.get_running_loop().call_later(TIDY_S, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        if self.tidy is not None:
            self.tidy()

    async def discard(self, snapshot: State) -> None:
        """Closes what a snapshot that is not taken over would have had alone."""
        needed = {id(source) for each in (self.current, *self._living) for source in each.sources.values()}
        await close_all([source for source in snapshot.sources.values() if id(source) not in needed])
        self.tidy_soon()

    async def close(self) -> None:
        """Closes every source that is open."""
        if self._tidying is not None:
            self._tidying.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        snapshots = (self.current, *self._living)
        await close_all({id(source): source for each in snapshots for source in each.sources.values()}.values())
        if self.current.store is not None:
            await self.current.store.close()
