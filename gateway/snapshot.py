"""The immutable snapshot of the gateway: a graph, its sources, and what of the configuration could not be served.

A request reads ``Holder.current`` once and ends on what it read; a new snapshot is put in its place whole.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import get_args

import schema  # ``from schema import build`` reads as an import of the module of that name
from gateway.allowance import RedisAllowance
from gateway.app import ServerSettings
from gateway.config import Configuration
from gateway.kept.opening import open_store
from gateway.rates.settings import unknown_fields
from gateway.redis import open_redis
from gateway.registered.manifest import read_manifests
from resolvers import Caching, ConfigurationError, Key, Problem, Source, Store, Tally, open_all, revealed
from schema import Built, Executor, Graph, GraphSettings, LinkSettings, Responses

EXECUTOR = "ISTHMUS_EXECUTOR"
KEPT = ".isthmus"
"""The folder beside the configuration file for what can be made anew; without a file nothing is left behind."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``failed``: source → why it is not served. ``tallies``: source → where it counts. ``store``: where answers are
    kept; the next snapshot goes on with it, and finds what of its settings and descriptions is as before.
    """

    graph: Graph
    sources: Mapping[str, Source]
    failed: Mapping[str, Problem] = field(default_factory=dict)
    built: Built | None = None
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    store: Store | None = None

    @property
    def degraded(self) -> Mapping[str, str]:
        """Source → that it is not served, or by what was known of it. Anybody may read this: the log says why."""
        kept = [name for name, source in self.sources.items() if source.model.stale]
        told = dict.fromkeys(self.failed, "its description cannot be read")
        return told | dict.fromkeys(kept, "it is served by what was known of it")

    async def close(self) -> None:
        """Closes every source; called when no request uses the snapshot any more."""
        await asyncio.gather(*(source.close() for source in self.sources.values()), return_exceptions=True)
        if self.store is not None:
            await self.store.close()


@dataclass(slots=True)
class Holder:
    """Holds the snapshot that new requests begin on."""

    current: Snapshot


async def load(
    configuration: Configuration, tallies: dict[str, Tally] | None = None, store: Store | None = None
) -> Snapshot:
    """Opens every source and builds the graph over those that could be opened.

    ``tallies``: where sources that are opened again go on counting, by name. ``store``: where answers were kept before.

    Raises:
        ConfigurationError: statements, links, rules or extensions that do not fit, or no source at all.
    """
    with _collecting_later():
        return await _load(
            configuration, {} if tallies is None else tallies, _store(configuration) if store is None else store
        )


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


def _store(configuration: Configuration) -> Store:
    """The store that the file asks for.

    Raises:
        ConfigurationError: a library is missing.
    """
    server = configuration.settings.server
    # A Redis of its own: what is not well enough for the cache may be so for what else is shared.
    shared = open_redis(server.redis) if server.redis is not None and server.cache.store == "redis" else None
    return open_store(server.cache, shared)


async def _load(configuration: Configuration, tallies: dict[str, Tally], store: Store) -> Snapshot:
    keep = configuration.base / KEPT if configuration.file else None
    names = configuration.lock.operations() if configuration.lock is not None else {}
    caching = Caching(store, by_coordinate=bool(configuration.settings.cache))
    opened = await open_all(
        configuration.sources, configuration.base, keep, names, tallies, caching, _shared(configuration)
    )
    if not opened.sources:
        raise ConfigurationError(dict.fromkeys([*opened.problems, *opened.failed.values()]))
    try:
        settings = graph_settings(configuration, opened.failed)
        if configuration.settings.server.cache.responses:
            settings = replace(settings, responses=partial(Responses, store, _version(configuration, opened.sources)))
        built = _build(opened.sources, settings, opened.problems)
        _check_edge(configuration.settings.server, built.graph, incomplete=bool(opened.failed))
    except BaseException:
        await asyncio.gather(*(source.close() for source in opened.sources.values()), return_exceptions=True)
        raise
    return Snapshot(built.graph, opened.sources, opened.failed, built, tallies, store)


def _shared(configuration: Configuration) -> Callable[[], RedisAllowance] | None:
    """Makes what processes count calls to a source together by; ``None``: they share nothing."""
    redis = configuration.settings.server.redis
    return None if redis is None else lambda: RedisAllowance(open_redis(redis))


def _version(configuration: Configuration, sources: Mapping[str, Source]) -> str:
    """Tells apart what operations meant under other settings, names or descriptions."""
    said = [revealed(configuration.settings)]
    said += [f"{name} {revealed(each)}" for name, (_, each) in configuration.sources.items()]
    said += [f"{name} {source.model.digest}" for name, source in sources.items()]
    return blake2b("\n".join([*said, repr(configuration.lock)]).encode("utf-8", "surrogatepass")).hexdigest()


def _check_edge(server: ServerSettings, graph: Graph, *, incomplete: bool) -> None:
    """Checks what the edge says of fields. ``incomplete``: a source is missing, and they may be its.

    Raises:
        ConfigurationError: a manifest cannot be read, or a field or an operation does not fit the schema.
    """
    registered = read_manifests(server.documents.manifest) if server.documents is not None else {}
    if incomplete:
        return
    problems = list(unknown_fields(server.rate_limits, graph.schema)) if server.rate_limits is not None else []
    for each in registered.values():
        for fault in graph.documents.faults(each.text)[:1]:
            what = f'the operation "{each.name}" is not valid: {fault}'
            where = ("server", "documents", "manifest", each.index)
            problems.append(Problem(what, where, "write the manifest anew, or correct the operation", each.file))
    if problems:
        raise ConfigurationError(problems)


def graph_settings(configuration: Configuration, failed: Mapping[str, Problem]) -> GraphSettings:
    """What the file says about the graph; ``failed``: sources that could not be read, and why.

    Raises:
        ConfigurationError: an extension that cannot be imported, or an executor that does not exist.
    """
    settings = configuration.settings
    return GraphSettings(
        links=settings.links,
        entities=settings.entities,
        access=settings.access,
        prefixes=configuration.prefixes(),
        pins=configuration.lock.pins(configuration.prefixes()) if configuration.lock is not None else {},
        rename=settings.rename,
        hide=settings.hide,
        extensions=configuration.extensions(),
        limits=settings.limits,
        missing={name: problem.what for name, problem in failed.items()},
        executor=_executor(settings.server.executor),
        lifetimes={name: life for name, each in settings.cache.items() if (life := each.lifetime()) is not None},
        recording=settings.server.audit.recording if settings.server.audit is not None else None,
    )


def _build(sources: Mapping[str, Source], settings: GraphSettings, problems: list[Problem]) -> Built:
    """Builds, and says the problems of statements together with those of references."""
    try:
        built = schema.build(sources, settings)
    except ConfigurationError as error:
        faulty = {problem.where[1:4:2] for problem in problems if problem.where[2:3] == ("operations",)}
        own = [problem for problem in error.problems if not _follows(problem, settings.links, faulty)]
        raise ConfigurationError([*problems, *own]) from error
    if problems:
        raise ConfigurationError(problems)
    return built


def _follows(problem: Problem, links: Mapping[str, LinkSettings], faulty: set[tuple[Key, ...]]) -> bool:
    """Whether a link does not fit its target only because what is stated there is wrong; that is told already.

    ``faulty``: (source, operation) whose statements are wrong.
    """
    match problem.where:
        case ("links", str(coordinate), "match" | "take"):
            source, _, operation = links[coordinate].target.partition(".")
            return (source, operation) in faulty
    return False


def _executor(stated: Executor) -> Executor:
    """The executor that the environment asks for, or else the file."""
    wanted = os.environ.get(EXECUTOR)
    if not wanted:
        return stated
    known: tuple[Executor, ...] = get_args(Executor)
    for name in known:
        if name == wanted:
            return name
    raise ConfigurationError([Problem(f'{EXECUTOR} is "{wanted}"', mend=f"say {' or '.join(known)}")])
