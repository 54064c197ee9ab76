"""The graph of a configuration: what the file says about it, and how its problems are told together.

Which sources are open, and what stays of before, is ``snapshot.py``'s.
"""

from __future__ import annotations

import os
from collections.abc import Container, Mapping, Sequence
from typing import TypeAlias, get_args

import schema  # ``from schema import build`` reads as an import of the module of that name
from gateway.file.config import Configuration
from gateway.rates.settings import unknown_fields
from gateway.registered.manifest import read_manifests
from gateway.server_settings import ServerSettings
from resolvers import ConfigurationError, Key, Problem, Source, nearest
from schema import Built, Executor, Extension, Graph, GraphSettings

EXECUTOR = "ISTHMUS_EXECUTOR"


def check_edge(server: ServerSettings, graph: Graph, *, incomplete: bool) -> None:
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


def graph_settings(
    configuration: Configuration, failed: Mapping[str, Problem], extensions: Sequence[Extension] | None = None
) -> GraphSettings:
    """What the file says about the graph; ``failed``: sources that could not be read, and why. ``extensions``: those
    that were imported already.

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
        rename={coordinate: each.to for coordinate, each in settings.rename.items()},
        keep={coordinate: each.reason for coordinate, each in settings.rename.items() if each.reason},
        hide=settings.hide,
        shape=settings.shape,
        describe=settings.describe,
        deprecate=settings.deprecate,
        extensions=configuration.extensions() if extensions is None else extensions,
        limits=settings.limits,
        missing={name: problem.what for name, problem in failed.items()},
        executor=_executor(settings.server.executor),
        subgraph=settings.server.subgraph,
        lifetimes={name: life for name, each in settings.cache.items() if (life := each.lifetime()) is not None},
        recording=settings.server.audit.recording if settings.server.audit is not None else None,
    )


def build_graph(sources: Mapping[str, Source], settings: GraphSettings, problems: list[Problem]) -> Built:
    """Builds, and says the problems of statements together with those of references."""
    made, own = attempt(sources, settings, problems)
    if made is None or problems:
        raise ConfigurationError([*problems, *own])
    return made


def attempt(
    sources: Mapping[str, Source], settings: GraphSettings, problems: Sequence[Problem]
) -> tuple[Built | None, list[Problem]]:
    """The graph, or what is wrong with it; what follows from ``problems`` of statements is not told."""
    try:
        return schema.build(sources, settings), []
    except ConfigurationError as error:
        faulty = {problem.where[1:4:2] for problem in problems if problem.where[2:3] == ("operations",)}
        unknown = {each for each in faulty if each[1] not in _operations(sources, each[0])}
        targets = _targets(settings)
        return None, [each for each in error.problems if not _follows(each, targets, (faulty, unknown))]


def _operations(sources: Mapping[str, Source], name: Key) -> Container[Key]:
    return sources[str(name)].model.operations if name in sources else ()


_Stated: TypeAlias = "set[tuple[Key, ...]]"


def _targets(settings: GraphSettings) -> Mapping[tuple[Key, ...], str]:
    """Where links and parts of entities stand → the operation that each names, as source.operation."""
    parts: dict[tuple[Key, ...], str] = {
        ("entities", name, "from", place): part.by
        for name, entity in settings.entities.items()
        for place, part in entity.parts.items()
    }
    return parts | {("links", place): link.target for place, link in settings.links.items()}


def _follows(problem: Problem, targets: Mapping[tuple[Key, ...], str], stated: tuple[_Stated, _Stated]) -> bool:
    """Whether a link, or a part of an entity, does not fit its target only because what is stated there is wrong; that
    is told already.

    ``stated``: (source, operation) whose statements are wrong, and those of them that there are not: what is said of
    ``GetOrder`` was meant for ``GetOrders``.
    """
    target, rest = "", problem.where
    for depth in (2, 4):
        if problem.where[:depth] in targets:
            target, rest = targets[problem.where[:depth]], problem.where[depth:]
    if not target or rest[:1] not in {("match",), ("take",), ("by",)}:
        return False
    if len(rest) > 1 and problem.lacks:
        return False  # it is the parent that has no such field, whatever the target is
    source, _, operation = target.partition(".")
    faulty, unknown = stated
    meant = any(each[0] == source and nearest(str(each[1]), [operation]) for each in unknown)
    return meant or (source, operation) in faulty


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
