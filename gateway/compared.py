"""The graph by pinned descriptions against the graph by those of now: what changed, and what of the file it affects.

It fetches and builds as a pull and a start would, writes nothing that stays, and prints nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from graphql import GraphQLSchema, build_schema

from gateway.causes import caused
from gateway.changes import Broken, SchemaChange, broken, changes
from gateway.file.config import Configuration
from gateway.file.statements import without
from gateway.lock import Lock
from gateway.pulled import Files, fetch, files_of
from gateway.registered.manifest import read_manifests
from gateway.snapshot import load
from resolvers import ConfigurationError, Pin, Problem

_ROUNDS = 20
"""What does not fit is taken away until the rest does; what is taken away may uncover more that does not."""


@dataclass(frozen=True, slots=True)
class Compared:
    """``changed``: sources whose description is another now; ``away``: why others cannot be compared; ``unpinned``:
    those that are the same on both sides. ``affected``: what of the file no longer fits.
    ``whole``: the changes are known; where the rest of the file cannot be built they are not.
    """

    changed: Collection[str] = ()
    away: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    unpinned: Collection[str] = ()
    affected: tuple[Problem, ...] = ()
    changes: tuple[SchemaChange, ...] = ()
    broken: tuple[Broken, ...] = ()
    operations: int = 0
    whole: bool = True


async def compared(configuration: Configuration) -> Compared:
    """Fetches what is pinned, and compares.

    Raises:
        ConfigurationError: the file does not fit what is pinned, or a manifest cannot be read.
    """
    lock = configuration.lock or Lock()
    names = [name for name in configuration.sources if name in lock.descriptions]
    unpinned = [name for name in configuration.sources if name not in lock.descriptions]
    documents = configuration.settings.server.documents
    operations = tuple(read_manifests(documents.manifest).values()) if documents is not None else ()
    chosen = _without_operations(configuration)
    fetched = await fetch(chosen, names)
    found = {name: files_of(chosen, name, pulled) for name, pulled in fetched.pulled.items()}
    changed = [name for name, files in found.items() if files.pins != lock.descriptions[name]]
    away = {name: problems for name, problems in fetched.failed.items() if name not in fetched.unfit}
    unfit = tuple(problem for name in fetched.unfit for problem in fetched.failed[name])
    same = Compared([*changed, *fetched.unfit], away, unpinned, unfit, operations=len(operations))
    if not changed:
        return same
    before = await _schema(chosen)
    with TemporaryDirectory(prefix="isthmus-") as folder:
        pins = {name: await asyncio.to_thread(_laid, Path(folder), found[name]) for name in changed}
        live = replace(chosen, lock=replace(lock, descriptions={**lock.descriptions, **pins}))
        affected, after = await _as_far_as_it_fits(live)
    if after is None:
        return replace(same, affected=(*unfit, *affected), whole=False)
    return replace(
        same,
        affected=(*unfit, *affected),
        changes=tuple(caused(changes(before, after), before, after)),
        broken=tuple(broken(operations, before, after)),
    )


def _laid(folder: Path, files: Files) -> dict[str, Pin]:
    """The pins of files that lie in another folder."""
    for file, content in files.contents.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {
        address: Pin(str(folder / pin.file), pin.digest) if pin.file else pin for address, pin in files.pins.items()
    }


def _without_operations(configuration: Configuration) -> Configuration:
    """An operation that does not fit is what is asked for here, and no reason to give no answer."""
    server = configuration.settings.server.model_copy(update={"documents": None})
    return replace(configuration, settings=configuration.settings.model_copy(update={"server": server}))


async def _schema(configuration: Configuration) -> GraphQLSchema:
    """Raises: ConfigurationError: the file does not fit its descriptions."""
    current = await load(configuration)
    await current.close()
    return await asyncio.to_thread(lambda: build_schema(current.graph.sdl()))


async def _as_far_as_it_fits(configuration: Configuration) -> tuple[tuple[Problem, ...], GraphQLSchema | None]:
    """All that does not fit, and the graph without that; ``None`` where nothing of it can be taken away."""
    affected: dict[Problem, None] = {}
    for _ in range(_ROUNDS):
        try:
            return tuple(affected), await _schema(configuration)
        except ConfigurationError as error:
            affected |= dict.fromkeys(error.problems)
            smaller = without(configuration, [problem.where for problem in error.problems])
            if smaller is None:
                break
            configuration = smaller
    return tuple(affected), None
