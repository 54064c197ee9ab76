"""What is to be known of the whole graph: names, links that cost a call for each key, types that nobody gets to, and
fields that nobody described.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.doctor.finding import Finding
from gateway.doctor.of_sources import cached, single
from gateway.file.config import Configuration
from gateway.snapshot import Snapshot

_ROOTS = ("Query", "Mutation", "Subscription")
_BUILT_IN = frozenset({"String", "Int", "Float", "Boolean", "ID"})


@dataclass(frozen=True, slots=True)
class Described:
    """Fields of one type, and how many of them have no description."""

    type: str
    fields: int
    without: int


def of_graph(chosen: Configuration, current: Snapshot) -> Iterator[Finding]:
    """Everything, in the order of the file where it has one."""
    assert current.built is not None
    for renamed in current.built.renamed:
        what = f"{renamed.wanted} is called {renamed.given}, {renamed.reason}"
        mend = "isthmus lock keeps names as they are; rename: says others"
        yield Finding("note", "renamed", renamed.source, what, mend)
    yield from (Finding("note", "graph", "", note) for note in current.built.notes)
    for each in current.built.filtered:
        if each.note:
            yield Finding("note", "filter", each.coordinate, each.note, place=chosen.place("links", each.coordinate))
    yield from _one_by_one(chosen, current)
    lonely = sorted(_unreachable(current.graph.schema))
    if lonely:
        what = f"no query leads to {', '.join(lonely)}"
        yield Finding("warning", "unreachable", "", what, "hide them, or link to them", count=len(lonely))


def descriptions(current: Snapshot) -> list[Described]:
    """The types whose fields come from sources, and Query and Mutation, those that say least first."""
    assert current.built is not None
    types = {coordinate.partition(".")[0] for names in current.built.spelled.values() for coordinate in names}
    found = []
    for name, named in current.graph.schema.type_map.items():
        fields: Mapping[str, Any] = getattr(named, "fields", {})
        if fields and (name in types or name in _ROOTS):
            without = sum(not field.description for field in fields.values())
            found.append(Described(name, len(fields), without))
    return sorted(found, key=lambda each: (-each.without, each.type))


def _one_by_one(chosen: Configuration, current: Snapshot) -> Iterator[Finding]:
    most = chosen.settings.server.limits.calls_per_operation
    for coordinate, link in chosen.settings.links.items():
        source, _, name = (link.one or link.many or "").partition(".")
        opened = current.sources.get(source)
        if opened is None or not single(opened.model.operations.get(name), opened.model):
            continue
        keys = ", ".join(link.match)
        what = f"{source}.{name} is called once for each different {keys}: up to {most} calls for one request"
        yield Finding(
            "note" if cached(chosen, source, name, coordinate) else "warning",
            "n-plus-1",
            coordinate,
            what,
            _batched(chosen, source, name, coordinate),
            chosen.place("links", coordinate),
        )
    for type_name, entity in chosen.settings.entities.items():
        for part, how in entity.parts.items():
            target = getattr(how, "by", None)
            source, _, name = str(target or "").partition(".")
            opened = current.sources.get(source)
            if opened is None or not single(opened.model.operations.get(name), opened.model):
                continue
            what = f"the part {part} is had by {source}.{name}, once for each different key: up to {most} calls"
            yield Finding(
                "warning",
                "n-plus-1",
                type_name,
                what,
                _batched(chosen, source, name, type_name),
                chosen.place("entities", type_name),
            )


def _batched(chosen: Configuration, source: str, name: str, coordinate: str) -> str:
    mend = f"where it takes many keys, state keys and by at sources.{source}.operations.{name}"
    if cached(chosen, source, name, coordinate):
        return mend
    return f"{mend}; otherwise name an operation that does, or keep answers: cache: {{ ttl_s: 60 }}"


def _unreachable(schema: Any) -> set[str]:
    """Types that no field of Query, Mutation or Subscription leads to."""
    roots = [root for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root is not None]
    seen: set[str] = set()
    waiting: list[Any] = list(roots)
    while waiting:
        named = waiting.pop()
        while getattr(named, "of_type", None) is not None:
            named = named.of_type
        if named.name in seen:
            continue
        seen.add(named.name)
        for field in getattr(named, "fields", {}).values():
            waiting.append(field.type)
            waiting += [argument.type for argument in getattr(field, "args", {}).values()]
        waiting += getattr(named, "interfaces", ())
        waiting += getattr(named, "types", ())
        if hasattr(named, "resolve_type") and hasattr(named, "fields"):
            waiting += schema.get_possible_types(named)
    used = {argument.type for directive in schema.directives for argument in directive.args.values()}
    there = {name for name in schema.type_map if not name.startswith("__")} - _BUILT_IN
    return there - seen - {str(each).strip("[]!") for each in used}
