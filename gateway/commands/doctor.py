"""``isthmus doctor``: one report of the whole graph: what is served, and what whoever runs it should know.

What is so is found by those who know it (``check``, ``inspect``, ``access``); here it is put together, ordered by how
much it matters, and told.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import orjson
import typer

from gateway.commands import security
from gateway.commands.check import locked_drift
from gateway.commands.opening import DEFAULT, Env, apart, closed, configuration, snapshot, unpinned
from gateway.doctor.finding import LEVELS, Finding
from gateway.doctor.of_access import of_access
from gateway.doctor.of_file import of_file
from gateway.doctor.of_graph import Described, descriptions, of_graph
from gateway.doctor.of_sources import of_sources
from gateway.file.config import Configuration
from gateway.snapshot import Snapshot
from resolvers import served

_TYPES = 10
_RANK = {level: rank for rank, level in enumerate(LEVELS)}


def doctor(
    file: Annotated[Path, typer.Argument(help="The configuration file.")] = Path(DEFAULT),
    *,
    env: Env = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option("--fail-on", help="Exit code 1 where there is a finding of this level, or a worse one."),
    ] = "error",
) -> None:
    """Report on the whole graph: what is served, degraded, guessed, dropped, unreachable, dear or unsafe."""
    chosen = configuration([str(file)], env, further=True)

    async def work() -> Snapshot:
        current = await snapshot(chosen, quiet=as_json)
        await current.close()
        return current

    current = asyncio.run(work())
    findings = sorted(found(chosen, current), key=lambda each: _RANK[each.level])
    told = descriptions(current)
    if as_json:
        typer.echo(_for_programs(current, findings, told))
    else:
        typer.echo("\n".join(_report(current, findings, told)))
    if fail_on != "never" and any(_RANK[each.level] <= _RANK[fail_on] for each in findings):
        raise typer.Exit(1)


def found(chosen: Configuration, current: Snapshot) -> Iterator[Finding]:
    """Everything that is to be known."""
    yield from of_file(chosen)
    yield from of_sources(chosen, current)
    for name, source in current.sources.items():
        for need in security.needs_of(source.model):
            if not need.met:
                what = f"{security.who(source.model, need)} {security.wanted(source.model, need)}, and nothing is set"
                mend = "isthmus inspect prints the settings to paste"
                yield Finding("warning", "credentials-missing", name, what, mend, chosen.place("sources", name))
    yield from of_graph(chosen, current)
    yield from of_access(chosen, current)
    nobody = closed(chosen)
    if nobody:
        yield _split("error", "closed", nobody)
    yield from (_split("warning", "apart", each) for each in apart(chosen))
    yield from (_split("warning", "unpinned", each) for each in unpinned(chosen))
    yield from (_split("warning", "file", each) for each in chosen.cautions)
    for each in locked_drift(chosen, current):
        yield Finding("note", "lock", each.source, each.sentence, "run isthmus lock, and commit what it writes")


def _split(level: Literal["error", "warning"], topic: str, text: str) -> Finding:
    what, _, mend = text.partition("\n  mend: ")
    return Finding(level, topic, "", what, mend)


def _report(current: Snapshot, findings: Sequence[Finding], told: Sequence[Described]) -> Iterator[str]:
    yield "Served"
    for name, source in current.sources.items():
        yield f"  {name}: {served(source.model)} of {source.model.declared} operations"
    yield from (f"  {name}: nothing" for name in current.failed)
    fields, without = sum(each.fields for each in told), sum(each.without for each in told)
    share = round(100 * (fields - without) / fields) if fields else 100
    yield f"  {fields - without} of {fields} fields have a description ({share} %)"
    some = [each for each in told if each.without]
    if some:
        listed = ", ".join(f"{each.type} {each.without} of {each.fields}" for each in some[:_TYPES])
        more = f" and {len(some) - _TYPES} types more" if len(some) > _TYPES else ""
        yield f"    without one: {listed}{more}"
    for level in LEVELS:
        group = [each for each in findings if each.level == level]
        if group:
            yield ""
            yield f"{level.capitalize()}s"
        for each in group:
            about = f"{each.about}: " if each.about else ""
            yield f"  [{each.topic}] {about}{each.what}" + (f" ({each.place})" if each.place else "")
            if each.mend:
                yield f"      mend: {each.mend}"
    counts = Counter(each.level for each in findings)
    yield ""
    yield ", ".join(f"{counts[level]} {level}{'' if counts[level] == 1 else 's'}" for level in LEVELS)


def _for_programs(current: Snapshot, findings: Sequence[Finding], told: Sequence[Described]) -> str:
    counts = Counter(each.level for each in findings)
    fields, without = sum(each.fields for each in told), sum(each.without for each in told)
    report = {
        "sources": {
            **{
                name: {"declared": source.model.declared, "served": served(source.model), "stale": source.model.stale}
                for name, source in current.sources.items()
            },
            **{name: {"declared": 0, "served": 0, "failed": problem.what} for name, problem in current.failed.items()},
        },
        "descriptions": {
            "fields": fields,
            "without": without,
            "types": {each.type: {"fields": each.fields, "without": each.without} for each in told},
        },
        "findings": [asdict(each) for each in findings],
        "counts": {level: counts[level] for level in LEVELS},
    }
    return orjson.dumps(report).decode()
