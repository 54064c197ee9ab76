"""What two versions of a schema differ in, and which operations that were valid no longer are.

Which change breaks whom is graphql-core's to tell; it is sorted and counted here, and nothing is read or printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from graphql import GraphQLError, GraphQLSchema, parse, validate
from graphql.utilities.find_schema_changes import BreakingChange, DangerousChange, find_schema_changes

from gateway.registered.manifest import Registered


class Level(StrEnum):
    """``breaking``: operations that were valid may no longer be. ``dangerous``: clients may meet what they do not know
    (a value of an enum, a member of a union). ``safe``: nobody who asks as before hears anything else.
    """

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference. ``kind``: a stable word (``FIELD_REMOVED``). ``what``: a sentence. ``of``: the coordinate of the
    difference that it comes of; empty where it comes of none.
    """

    level: Level
    kind: str
    what: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """An operation that was valid before, and what is wrong with it now."""

    operation: Registered
    fault: str


def changes(old: GraphQLSchema, new: GraphQLSchema) -> list[SchemaChange]:
    """Every difference, what breaks first; in one level by what they say."""
    found = [SchemaChange(_level(each), each.type.name, each.description) for each in find_schema_changes(old, new)]
    order = list(Level)
    return sorted(found, key=lambda change: (order.index(change.level), change.what))


def _level(change: object) -> Level:
    if isinstance(change, BreakingChange):
        return Level.BREAKING
    return Level.DANGEROUS if isinstance(change, DangerousChange) else Level.SAFE


def broken(operations: Iterable[Registered], old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Broken]:
    """The operations that ``old`` allows and ``new`` does not."""
    for operation in operations:
        now = _fault(operation.text, new)
        if now and not _fault(operation.text, old):
            yield Broken(operation, now)


def _fault(text: str, schema: GraphQLSchema) -> str:
    """The first thing that is wrong with an operation; empty where it is valid."""
    try:
        faults = validate(schema, parse(text), max_errors=1, hide_suggestions=True)
    except GraphQLError as error:
        return error.message
    return faults[0].message if faults else ""
