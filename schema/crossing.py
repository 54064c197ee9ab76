"""Which links to other sources a filter can go through, and how; of any other, why not.

It decides by what both ends are; the input types stand in ``row_inputs.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from resolvers import (
    Call,
    Column,
    Comparison,
    KeyPart,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    TypeRef,
    unwrapped,
)
from schema.across import Listing, Lookup
from schema.source_types import SourceTypes

_SINGLES = 100
"""Where every key costs a call of its own, so many are looked up, unless the link says more."""
_FORMS = (
    frozenset({Scalar.STRING, Scalar.ID}),
    frozenset({Scalar.INT, Scalar.BIG_INT}),
    frozenset({Scalar.DECIMAL}),
    frozenset({Scalar.UUID}),
    frozenset({Scalar.DATE}),
)
"""Scalars whose values are equal to the database exactly where they are equal to the gateway."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The two ends of a link. ``near``, ``row``: the source of the parent and its type there; ``scalars``: of the keys
    on this side. ``constants``: arguments that the link states; ``filled``: all that are not the caller's. ``listing``:
    a list of the same rows, whose arguments may filter.
    """

    coordinate: str
    near: SourceTypes
    row: str
    scalars: tuple[Scalar, ...]
    far: SourceTypes
    column: Column
    keys: tuple[str, ...]
    key_list: bool
    take: str | None
    constants: Mapping[str, object]
    filled: frozenset[str]
    listing: Operation | None
    filter_keys: int | None

    @property
    def arguments(self) -> dict[str, object]:
        """The arguments beside those of the keys, where the caller gives none."""
        given = defaults(self.column.operation)
        return {name: value for name, value in given.items() if name not in self.filled} | dict(self.constants)

    @property
    def required(self) -> list[str]:
        """The arguments that only a caller could give."""
        return [
            name
            for name, argument in self.column.operation.arguments.items()
            if argument.required and argument.default is None and name not in self.filled
        ]


def lookup_of(ends: Ends, filter_keys: int) -> Lookup | str:
    """How a filter goes through the link, or why none does. ``filter_keys``: the bound where the link states none."""
    reason = _unfit(ends)
    if reason:
        return reason
    column, operation = ends.column, ends.column.operation
    table = next(iter(_lists(ends.far, _row_key(operation.result))), None) if _table(ends) else None
    # Every row of the other side counts: a filter asks whether there is one.
    call = Call(operation.name, ends.arguments)
    loads = replace(column, many=True, call=call, group=(*column.group, "filter"))
    if table is not None and operation.rows is None:
        # A row by its key is found in the list of its table too, by conditions beside.
        loads = replace(loads, operation=table, call=Call(table.name), group=(column.source, table.name, "filter"))
        loads = replace(loads, match=replace(column.match, arguments=()), group=(*loads.group, column.match))
    evaluated = loads.operation.rows is None
    single = loads.operation.keys is None
    most = ends.filter_keys or (min(filter_keys, _SINGLES) if single else filter_keys)
    parts = tuple(KeyPart(scalar) for scalar in ends.scalars)
    listing = _listing(ends) if evaluated else None
    return Lookup(ends.coordinate, loads, ends.keys, parts, evaluated, _exact(ends), most, column.many, listing)


def _unfit(ends: Ends) -> str:
    target = f"{ends.column.source}.{ends.column.operation.name}"
    near = ends.near.model.name
    lists = _lists(ends.near, ends.row)
    row = _row(ends.far, ends.column.operation.result)
    stray = ends.column.operation.rows is None and ends.far.model.has_tables and not _table(ends)
    filters = (key in each.rows.filterable for each in lists if each.rows is not None for key in ends.keys)
    reasons = (
        (not lists, f"{near} lists no rows that it can filter"),
        (ends.key_list, "its keys are a list"),
        (ends.take is not None, "it lifts one field out of the result"),
        (bool(ends.required), f"{target} cannot do without the argument {', '.join(ends.required)}"),
        (row is None or stray, f"{target} gives rows of several types, or no rows"),
        (not all(filters), f"{near} cannot filter by its keys"),
    )
    reason = next((each for holds, each in reasons if holds), "")
    return reason or _compared_otherwise(ends, lists[0])


def _compared_otherwise(ends: Ends, listed: Operation) -> str:
    """Why keys that are one to this side's source may be two to the other."""
    for key, part in zip(ends.keys, ends.column.match.parts, strict=True):
        compare = _compared(listed, key)
        if not compare <= part.compare:
            name, stated = ends.column.operation.name, ", ".join(sorted(compare | part.compare))
            return (
                f"{ends.near.model.name} does not tell all values of {key} apart that {ends.column.source} does: "
                f"state operations.{name}.compare: [{stated}] there if it does not either"
            )
    return ""


def _table(ends: Ends) -> bool:
    """Whether the rows of the other side are those of a list that filters them."""
    return bool(_lists(ends.far, _row_key(ends.column.operation.result))) and all(ends.column.match.verify)


def _row_key(ref: TypeRef | None) -> str:
    while isinstance(ref, ListRef):
        ref = ref.item
    return ref.name if isinstance(ref, NamedRef) else ""


def _lists(near: SourceTypes, row: str) -> list[Operation]:
    return [
        operation
        for operation in near.model.operations.values()
        if operation.rows is not None
        and isinstance(operation.result, ListRef)
        and operation.result.item == NamedRef(row, operation.result.item.nullable)
    ]


def _row(far: SourceTypes, ref: TypeRef | None) -> ObjectType | None:
    found = far.model.types.get(_row_key(ref))
    return found if isinstance(found, ObjectType) else None


def _compared(operation: Operation, field: str) -> frozenset[Comparison]:
    return operation.compare | operation.compare_by.get(field, frozenset())


def _exact(ends: Ends) -> bool:
    """Whether a key of the other side is found on this side by nothing but itself."""
    match = ends.column.match
    compared = any(part.compare for part in match.parts)
    alike = all(
        any({part.target, mine} <= form for form in _FORMS)
        for part, mine in zip(match.parts, ends.scalars, strict=True)
    )
    near = any(_compared(each, key) for each in _lists(ends.near, ends.row) for key in ends.keys)
    return alike and all(match.verify) and not compared and not near


def _listing(ends: Ends) -> Listing | None:
    listed = ends.listing
    if listed is None or not listed.filters:
        return None
    own = listed.name == ends.column.operation.name
    given = ends.arguments if own else defaults(listed)
    filters = {
        field: (argument, isinstance(listed.arguments[argument].type, ListRef))
        for field, argument in listed.filters.items()
        if argument not in ends.constants or not own
    }
    fixed = {name for name, argument in listed.arguments.items() if argument.required} - given.keys()
    return None if fixed else Listing(listed, given, filters)


def defaults(operation: Operation) -> dict[str, object]:
    """The arguments that have a value where nobody gives one."""
    return {name: argument.default for name, argument in operation.arguments.items() if argument.default is not None}


def same_rows(far: SourceTypes, one: Operation, other: Operation) -> bool:
    """Whether two operations give rows of one type."""
    mine, theirs = _row(far, one.result), _row(far, unwrapped(other).result)
    return mine is not None and mine is theirs


def known_single(far: SourceTypes, operation: Operation, fields: Sequence[str]) -> bool:
    """Whether a description or a statement says that no two rows are equal in ``fields``.

    An operation that takes many keys says by which field its rows are told apart.
    """
    if operation.rows is None:
        return operation.keys is not None or not isinstance(operation.result, ListRef)
    row = _row_key(operation.result)
    return any(
        not isinstance(other.result, ListRef) and _row_key(other.result) == row and other.arguments.keys() <= {*fields}
        for other in far.model.operations.values()
        if other.rows is None and other.arguments and other.change is None
    )


def filterable(made: SourceTypes, row: str) -> dict[str, TypeRef]:
    """The fields of a row that can be judged by themselves."""
    definition = cast("ObjectType", made.model.types[row])
    return {
        name: item.type
        for name, item in definition.fields.items()
        if isinstance(item.type, ScalarRef) or (isinstance(item.type, NamedRef) and item.type.name in made.enums)
    }
