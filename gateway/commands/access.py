"""``isthmus access``: who can read and write what, and by which ways; what two files differ in; why.

What is so, is found by ``schema``; here it is only said, as text, as JSON and as a page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, NoReturn

import orjson
import typer

from gateway.commands.access_page import page
from gateway.commands.callers import AS, caller
from gateway.commands.opening import DEFAULT, Env, configuration, describe, fail, sentence, snapshot
from gateway.file.config import Configuration
from resolvers import Problem, nearest
from schema import Access, Asked, Change, Held, Line, changes


def access(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE | diff OLD [NEW] | why COORDINATE [FILE]",
            help="What to tell; FILE is isthmus.yaml when absent, and so is NEW.",
        ),
    ] = None,
    *,
    env: Env = None,
    who: Annotated[str, typer.Option("--as", metavar="CALLER", help=AS)] = "anonymous",
    scope: Annotated[list[str] | None, typer.Option(help="A scope of that caller; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write one page that needs nothing else, in place of text.")] = None,
) -> None:
    """Show who can read and write each coordinate, and by which ways."""
    match what or [DEFAULT]:
        case ["diff", old, *more] if len(more) < 2:
            _diff(old, "".join(more) or DEFAULT, env, as_json=as_json)
        case ["why", coordinate, *more] if len(more) < 2:
            roles = "" if scope and who == "anonymous" else who
            _why(_opened("".join(more) or DEFAULT, env), coordinate, roles, scope or [], as_json=as_json)
        case [file] if file not in {"diff", "why"}:
            _table(file, env, as_json=as_json, html=html)
        case _:
            fail("say a FILE, or diff OLD [NEW], or why COORDINATE [FILE]")


def _opened(file: str, env: str | None) -> tuple[Configuration, Access]:
    """The configuration and what is reported of it; every source is read, and none is asked for data."""
    chosen = configuration([file], env)

    async def work() -> Access:
        current = await snapshot(chosen, quiet=True)
        await current.close()
        if current.failed:
            fail(describe(chosen, current.failed.values()))
        return current.graph.access(chosen.settings.access)

    return chosen, asyncio.run(work())


def _table(file: str, env: str | None, *, as_json: bool, html: Path | None) -> None:
    chosen, found = _opened(file, env)
    lines = found.lines()
    if html is not None:
        html.write_text(page(file, found.callers, lines), encoding="utf-8")
        typer.echo(f"{html} is written")
    elif as_json:
        told = [_for_programs(chosen, line) for line in lines]
        labels = [each.label for each in found.callers]
        typer.echo(orjson.dumps({"callers": labels, "coordinates": told}).decode())
    else:
        typer.echo("\n".join(_text(lines)))


def _text(lines: Sequence[Line]) -> Iterator[str]:
    """One paragraph for the fields of a type that everyone has alike."""
    for _, several in groupby(lines, key=_alike):
        group = list(several)
        first = group[0]
        names = ", ".join(line.coordinate.name for line in group)
        tags = "".join(f" #{tag}" for tag in first.tags)
        yield f"{first.coordinate.type_name}.{names if len(group) == 1 else f'{{{names}}}'}{tags}"
        yield f"  {'write' if first.coordinate.write else 'read'} needs {_needs(first.asks)}"
        yield from (f"  rows {each.words}" for each in first.rows)
        able = [(who, held) for who, held in first.held.items() if held.level]
        for who, held in able:
            yield f"  {who.label}{f' sees {held.mask}' if held.mask else ''}: {_ways(held)}"
        if not able:
            yield "  nobody gets here"


def _alike(line: Line) -> tuple[object, ...]:
    held = tuple((each.level, each.mask, each.count) for each in line.held.values())
    return line.coordinate.type_name, line.coordinate.write, line.asks, line.rows, line.tags, held


def _needs(asks: Sequence[Asked]) -> str:
    return ", and ".join(each.words for each in asks) or "nothing"


def _ways(held: Held) -> str:
    shown = ", ".join(str(way) for way in held.ways)
    more = held.count - len(held.ways)
    return f"{shown} and by {more} more" if more > 0 else shown


def _place(chosen: Configuration, asked: Asked) -> str:
    return chosen.place("access", "rules", asked.origin) if asked.origin else chosen.place("access", "default")


def _asked(chosen: Configuration, asked: Asked) -> dict[str, object]:
    return {"what": asked.words, "rule": asked.origin, "place": _place(chosen, asked)}


def _for_programs(chosen: Configuration, line: Line) -> dict[str, Any]:
    return {
        "coordinate": str(line.coordinate),
        "kind": "write" if line.coordinate.write else "read",
        "tags": list(line.tags),
        "needs": [_asked(chosen, each) for each in line.asks],
        "rows": [_asked(chosen, each) for each in line.rows],
        "held": {
            who.label: {"mask": held.mask or None, "ways": [str(way) for way in held.ways], "count": held.count}
            for who, held in line.held.items()
            if held.level
        },
    }


def _diff(old: str, new: str, env: str | None, *, as_json: bool) -> None:
    """Ends with exit code 1 when something opened."""
    found = changes(_opened(old, env)[1], _opened(new, env)[1])
    if as_json:
        told = [
            {
                "coordinate": each.coordinate,
                "caller": each.caller.label,
                "before": str(each.before),
                "after": str(each.after),
                "opened": each.opened,
            }
            for each in found
        ]
        typer.echo(orjson.dumps(told).decode())
    else:
        opened, closed = ([each for each in found if each.opened is wanted] for wanted in (True, False))
        for title, some in (("opened", opened), ("closed", closed)):
            typer.echo(f"{title}: {len(some)}")
            for line in _changed(some):
                typer.echo(line)
    if any(each.opened for each in found):
        raise typer.Exit(1)


def _changed(some: Sequence[Change]) -> Iterator[str]:
    for coordinate, several in groupby(some, key=lambda each: each.coordinate):
        yield f"  {coordinate}"
        yield from (f"    {each.caller.label}: {each.before} -> {each.after}" for each in several)


def _why(opened: tuple[Configuration, Access], name: str, who: str, scopes: list[str], *, as_json: bool) -> None:
    chosen, found = opened
    coordinate = found.find(name)
    if coordinate is None:
        _unknown(name, found)
    principal = caller(chosen, who, scopes)
    held = found.reach(principal).held(coordinate)
    lacked = {clause.origin for clause in held.lacks}
    asks, rows = found.asks(coordinate), found.rows(coordinate, principal)
    if as_json:
        told = {
            "coordinate": name,
            "allowed": held.level == 2,
            "mask": held.mask or None,
            "tags": list(found.tags(coordinate)),
            "needs": [{**_asked(chosen, each), "met": each.origin not in lacked} for each in asks],
            "rows": [_asked(chosen, each) for each in rows],
            "ways": [str(way) for way in held.ways],
            "count": held.count,
        }
        typer.echo(orjson.dumps(told).decode())
        return
    verdict = {0: "refused", 1: f"allowed, but sees {held.mask}", 2: "allowed"}[held.level]
    tags = "".join(f" #{tag}" for tag in found.tags(coordinate))
    typer.echo(f"{name}{tags}: {verdict}")
    for each in asks:
        rule = f'rule "{each.origin}"' if each.origin else "the default"
        met = "not met" if each.origin in lacked else "met"
        typer.echo(f"  {_place(chosen, each)}  {rule} asks {each.words}: {met}")
    if not asks:
        typer.echo("  no rule stands here, and the default asks nothing")
    for each in rows:
        typer.echo(f'  {_place(chosen, each)}  rule "{each.origin}" leaves the rows {each.words}')
    typer.echo(f"  ways: {_ways(held)}" if held.ways else "  ways: none that this caller may go")


def _unknown(name: str, found: Access) -> NoReturn:
    fail(sentence(Problem(f'there is no coordinate "{name}" to be asked for', mend=nearest(name, found.names()))))
