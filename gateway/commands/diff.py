"""``isthmus diff``: what changed between two versions of a graph, whom it breaks, and an exit code for CI."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
from graphql import GraphQLError, GraphQLSchema, build_schema

from gateway.causes import Cause, caused, grouped
from gateway.changes import Broken, Level, SchemaChange, broken, changes
from gateway.commands.opening import DEFAULT, Env, configuration, errors, fail, sentence, snapshot
from gateway.drift import drift
from gateway.lock import Lock, lock_at
from gateway.registered.manifest import Registered, read_manifests
from gateway.revision import at_revision
from resolvers import ConfigurationError

FOUND = 2
"""The exit code where both versions are sound and the change is one that is not wanted."""
_SDL = frozenset({".graphql", ".graphqls", ".gql"})


class FailOn(StrEnum):
    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    OPERATIONS = "operations"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class _Version:
    """One side. ``registered``: the operations that its file registers. ``lock``: where a lock was named."""

    schema: GraphQLSchema | None = None
    registered: tuple[Registered, ...] = ()
    lock: Lock | None = None


def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="A file, a schema (.graphql), isthmus.lock, or a revision of git.")
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same; the file in this folder when absent.")] = DEFAULT,
    *,
    env: Env = None,
    operations: Annotated[
        list[Path] | None, typer.Option(help="A manifest of operations that clients send; may be repeated.")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="What ends with exit code 2; operations: only operations that break.")
    ] = FailOn.BREAKING,
    every: Annotated[
        bool, typer.Option("--all", help="Show safe changes too, and each that comes of another.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Compare two versions of a graph: files, schemas, locks, or revisions of git (main, or v1:isthmus.yaml)."""
    try:
        more = tuple(read_manifests(operations or ()).values())
        with _version(old, new, env) as before, _version(new, old, env) as after:
            if before.lock is not None or after.lock is not None:
                _locks(before, after, as_json=as_json, fails=fail_on is not FailOn.NEVER)
                return
            assert before.schema is not None
            assert after.schema is not None
            found = caused(changes(before.schema, after.schema), before.schema, after.schema)
            known = {each.id: each for each in (*before.registered, *after.registered, *more)}
            gone = list(broken(known.values(), before.schema, after.schema))
    except ConfigurationError as error:
        fail("\n\n".join(sentence(problem) for problem in error.problems))
    if as_json:
        typer.echo(orjson.dumps(report(found, gone, len(known))).decode())
    else:
        tell(found, gone, len(known), safe=every, each=every)
    if _unwanted(found, gone, fail_on):
        raise typer.Exit(FOUND)


def _unwanted(found: Sequence[SchemaChange], gone: Sequence[Broken], fail_on: FailOn) -> bool:
    levels = {change.level for change in found}
    match fail_on:
        case FailOn.NEVER:
            return False
        case FailOn.OPERATIONS:
            return bool(gone)
        case FailOn.BREAKING:
            return Level.BREAKING in levels
    return bool(levels & {Level.BREAKING, Level.DANGEROUS})


@contextmanager
def _version(named: str, other: str, env: str | None) -> Iterator[_Version]:
    """What one argument names; ``other`` tells which file a bare revision is a revision of.

    Raises:
        ConfigurationError: it names nothing, or what cannot be read.
    """
    if Path(named).exists():
        yield _of(Path(named), env)
        return
    revision, _, within = named.partition(":")
    beside = Path(other.partition(":")[2] or other)
    file = Path(within) if within else beside if beside.suffix else Path(DEFAULT)
    with at_revision(revision, file) as found:
        yield _of(found, env)


def _of(path: Path, env: str | None) -> _Version:
    if path.suffix == ".lock":
        return _Version(lock=lock_at(path) or Lock())
    if path.suffix in _SDL:
        return _Version(_schema(path.read_text("utf-8"), path.name))
    chosen = configuration([str(path)], env)
    documents = chosen.settings.server.documents
    registered = tuple(read_manifests(documents.manifest).values()) if documents is not None else ()
    # An operation that does not fit is what is asked for here, and no reason to give no answer.
    server = chosen.settings.server.model_copy(update={"documents": None})
    chosen = replace(chosen, settings=chosen.settings.model_copy(update={"server": server}))

    async def work() -> str:
        current = await snapshot(chosen)
        await current.close()
        if current.failed:
            for name in current.failed:
                errors.print(f"warning: source {name} cannot be read, and is left out of the comparison", markup=False)
        return current.graph.sdl()

    return _Version(_schema(asyncio.run(work()), path.name), registered)


def _schema(text: str, name: str) -> GraphQLSchema:
    try:
        return build_schema(text)
    except (GraphQLError, TypeError) as error:
        fail(f"{name}\n  is no schema: {error}")


def _locks(before: _Version, after: _Version, *, as_json: bool, fails: bool) -> None:
    """Names that were locked and are gone or others now break whoever asks by them."""
    if before.lock is None or after.lock is None:
        fail("a lock is compared with a lock\n  mend: name isthmus.lock on both sides, or the configuration files")
    found = drift(before.lock, after.lock)
    if as_json:
        told = [{"source": item.source, "kind": item.kind, "what": item.sentence} for item in found]
        typer.echo(orjson.dumps({"names": told}).decode())
    else:
        for item in found:
            typer.echo(f"{item.source}: {item.sentence}")
        if not found:
            typer.echo("Nothing changed.")
    if fails and any(item.kind in {"gone", "renamed"} for item in found):
        raise typer.Exit(FOUND)


def tell(found: Sequence[SchemaChange], gone: Sequence[Broken], known: int, *, safe: bool, each: bool) -> None:
    """Prints changes, operations that break, and how many of each there are. ``safe``: safe changes too; ``each``:
    those that come of another one by themselves, and not only how many they are.
    """
    for cause in map(Cause, found) if each else grouped(found):
        if safe or cause.level is not Level.SAFE:
            typer.echo(f"{cause.level.value:<9}  {cause.change.what}{_following(cause)}")
    for broke in gone:
        typer.echo(f"operation  {broke.operation.name} ({broke.operation.file}) is no longer valid: {broke.fault}")
    counts = Counter(change.level for change in found)
    said = ", ".join(f"{counts[level]} {level.value}" for level in Level if counts[level])
    typer.echo(
        (f"{said}." if said else "Nothing changed.") + (f" {len(gone)} of {known} operations break." if known else "")
    )


def _following(cause: Cause) -> str:
    """How many changes come of one, by level where these are not all the same."""
    counts = Counter(each.level for each in cause.derived)
    if not counts:
        return ""
    levels = ", ".join(f"{counts[level]} {level.value}" for level in Level if counts[level])
    said = f": {levels}" if counts.keys() != {cause.change.level} else ""
    if counts.total() == 1:
        return f" 1 more comes of it{said} (--all lists it)."
    return f" {counts.total()} more come of it{said} (--all lists them)."


def report(found: Sequence[SchemaChange], gone: Sequence[Broken], known: int) -> dict[str, object]:
    """The same for programs."""
    return {
        "changes": [
            {"level": each.level, "kind": each.kind, "what": each.what, "of": each.of or None} for each in found
        ],
        "operations": known,
        "broken": [
            {"id": each.operation.id, "name": each.operation.name, "file": each.operation.file, "fault": each.fault}
            for each in gone
        ],
    }
