"""The ``where`` and ``orderBy`` types of rows: one of each for a row type, whatever fields take them.

What such a type says is in ``filters.py``; this is where it is named, and where the relations it goes through are
known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from graphql import GraphQLEnumType, GraphQLInputObjectType

from resolvers import Field, ListRef, NamedRef, ObjectType, Operation, Rows, Scalar, ScalarRef, TypeRef
from schema.across import Across, Lookup
from schema.crossing import filterable
from schema.filters import (
    Columns,
    Filters,
    Through,
    column_type,
    group_order_type,
    having_type,
    list_where_type,
    order_type,
    where_type,
)
from schema.naming import Names
from schema.source_types import SourceTypes, row_of


@dataclass(frozen=True, slots=True)
class RelatedRows:
    """A relation that filters and orders can go through: its field, and the operation that gives what it leads to."""

    field: str
    operation: Operation
    through: Through


@dataclass(frozen=True, slots=True)
class FarRows:
    """A link to another source that filters can go through: its field, and the type of the rows that it leads to."""

    field: str
    made: SourceTypes
    row: str
    operation: Operation
    lookup: Lookup


class RowInputs:
    """``related``: (source, key of a row type) → its relations, as links are made; ``far``: those to other sources."""

    def __init__(self, names: Names) -> None:
        self.related: dict[tuple[str, str], list[RelatedRows]] = {}
        self.far: dict[tuple[str, str], list[FarRows]] = {}
        self._names = names
        self._filters = Filters()
        self._wheres: dict[tuple[str, str], GraphQLInputObjectType] = {}
        self._list_wheres: dict[tuple[str, str], GraphQLInputObjectType] = {}
        self._orders: dict[tuple[str, str], GraphQLInputObjectType] = {}
        self._columns: dict[tuple[str, str], GraphQLEnumType] = {}
        self._group_orders: dict[tuple[str, str], GraphQLInputObjectType] = {}
        self._having: dict[tuple[str, str], GraphQLInputObjectType] = {}

    def types(self) -> Iterator[GraphQLInputObjectType | GraphQLEnumType]:
        """All that were made until now: their members are named as the rows' fields, and they themselves by rows."""
        for made in (self._wheres, self._list_wheres, self._orders, self._columns, self._group_orders, self._having):
            yield from cast("Mapping[object, GraphQLInputObjectType]", made).values()
        yield from self._filters.types()

    def where(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLInputObjectType:
        key = (made.model.name, row)
        if key not in self._wheres:
            name = self._names.take(f"{made.outputs[row].name}Where", made.model.name, pascal_case=True)
            definition = cast("ObjectType", made.model.types[row])
            assert operation.rows is not None
            filters = {
                column: filter_type
                for column, item in definition.fields.items()
                if column in operation.rows.filterable
                and (filter_type := self._filter(made, item.type, by_equality=column in operation.rows.by_equality))
                is not None
            }
            relations = partial(self._through, made, row)
            self._wheres[key] = where_type(name, columns_of(made, row), filters, relations, operation.rows.searched)
        return self._wheres[key]

    def _judged(self, made: SourceTypes, row: str) -> GraphQLInputObjectType:
        """The ``where`` of rows that the gateway judges itself, since their source filters none."""
        key = (made.model.name, row)
        if key not in self._wheres:
            name = self._names.take(f"{made.outputs[row].name}Where", made.model.name, pascal_case=True)
            filters = {
                field: filter_type
                for field, ref in filterable(made, row).items()
                if (filter_type := self._filter(made, ref)) is not None
            }
            self._wheres[key] = where_type(name, columns_of(made, row), filters, dict)
        return self._wheres[key]

    def _of_far(self, far: FarRows) -> GraphQLInputObjectType:
        made, row = far.made, far.row
        where = self._judged(made, row) if far.lookup.evaluated else self.where(made, row, far.operation)
        return self._list_where(made, row, where) if far.lookup.many else where

    def _list_where(self, made: SourceTypes, row: str, where: GraphQLInputObjectType) -> GraphQLInputObjectType:
        key = (made.model.name, row)
        if key not in self._list_wheres:
            name = self._names.take(f"{made.outputs[row].name}ListWhere", made.model.name, pascal_case=True)
            self._list_wheres[key] = list_where_type(name, where)
        return self._list_wheres[key]

    def _through(self, made: SourceTypes, row: str) -> dict[str, tuple[str, GraphQLInputObjectType, str]]:
        """What filters of a row type go through; asked for when every name of the schema is settled."""
        owner = made.outputs[row].name
        found: dict[str, tuple[str, GraphQLInputObjectType, str]] = {}
        for each in self.related.get((made.model.name, row), ()):
            if each.operation.rows is not None and each.operation.rows.filterable:
                there = row_of(each.operation)
                where = self.where(made, there, each.operation)
                where = self._list_where(made, there, where) if each.through.many else where
                coordinate = f"{owner}.{each.field}"
                name = Through(each.through.leads, many=each.through.many, coordinate=coordinate)
                found[each.field] = (name, where, coordinate)
        for far in self.far.get((made.model.name, row), ()):
            if far.row in far.made.outputs:
                found[far.field] = (Across(far.lookup), self._of_far(far), f"{owner}.{far.field}")
        return found

    def _ordered_through(self, made: SourceTypes, row: str) -> dict[str, tuple[str, GraphQLInputObjectType, str]]:
        owner = made.outputs[row].name
        found: dict[str, tuple[str, GraphQLInputObjectType, str]] = {}
        for each in self.related.get((made.model.name, row), ()):
            target, rows = row_of(each.operation), each.operation.rows
            if rows is None or not rows.orderable or each.through.many or not _unique(rows, each.through):
                continue
            found[each.field] = (each.through, self.order(made, target, each.operation), f"{owner}.{each.field}")
        return found

    def _filter(self, made: SourceTypes, ref: TypeRef, *, by_equality: bool = False) -> GraphQLInputObjectType | None:
        if isinstance(ref, ScalarRef) and by_equality and ref.scalar is not Scalar.JSON:
            name = f"{ref.scalar.value}EqualityFilter"
            return self._filters.by_equality(
                ref.scalar, lambda: self._names.take(name, made.model.name, pascal_case=True)
            )
        if isinstance(ref, ScalarRef):
            return None if ref.scalar is Scalar.JSON else self._filters.of_scalar(ref.scalar)
        if isinstance(ref, NamedRef) and ref.name in made.enums:
            enum = made.enums[ref.name]
            return self._filters.of_leaf(
                f"{made.model.name}.{ref.name}", lambda: self._filter_name(made, enum), enum, None
            )
        return None

    def _filter_name(self, made: SourceTypes, enum: GraphQLEnumType) -> str:
        return self._names.take(f"{enum.name}Filter", made.model.name, pascal_case=True)

    def order(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLInputObjectType:
        key = (made.model.name, row)
        if key not in self._orders:
            name = self._names.take(f"{made.outputs[row].name}OrderBy", made.model.name, pascal_case=True)
            assert operation.rows is not None
            relations = partial(self._ordered_through, made, row)
            self._orders[key] = order_type(
                name, columns_of(made, row), operation.rows.orderable, relations, operation.rows.searched
            )
        return self._orders[key]

    def column(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLEnumType:
        key = (made.model.name, row)
        if key not in self._columns:
            name = self._names.take(f"{made.outputs[row].name}Column", made.model.name, pascal_case=True)
            assert operation.rows is not None
            self._columns[key] = column_type(name, columns_of(made, row), operation.rows.groupable)
        return self._columns[key]

    def group_order(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLInputObjectType:
        key = (made.model.name, row)
        if key not in self._group_orders:
            name = self._names.take(f"{made.outputs[row].name}AggregateOrderBy", made.model.name, pascal_case=True)
            assert operation.rows is not None
            order = self.order(made, row, operation) if operation.rows.orderable else None
            self._group_orders[key] = group_order_type(name, order)
        return self._group_orders[key]

    def having(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLInputObjectType:
        """The conditions on the groups that an aggregate of rows gives: on what each of its members comes to."""
        assert isinstance(operation.result, ListRef)
        assert isinstance(operation.result.item, NamedRef)
        result = operation.result.item.name
        key = (made.model.name, result)
        if key not in self._having:
            name = self._names.take(f"{made.outputs[result].name}Having", made.model.name, pascal_case=True)
            members = list(cast("ObjectType", made.model.types[result]).fields.values())
            inner = {each.name: found for each in members if (found := self._measured(made, row, each)) is not None}
            said = "Which groups; all conditions that are given must hold."
            self._having[key] = having_type(name, partial(_told, made, result, inner), said)
        return self._having[key]

    def _measured(self, made: SourceTypes, row: str, member: Field) -> GraphQLInputObjectType | None:
        """The conditions on one member of an aggregate; ``None`` for the keys of groups, which ``where`` is for."""
        if isinstance(member.type, ScalarRef):
            return self._filters.of_scalar(member.type.scalar)
        assert isinstance(member.type, NamedRef)
        below = member.type.name
        key = (made.model.name, below)
        if member.type.nullable:
            return None
        if key not in self._having:
            name = self._names.take(f"{made.outputs[below].name}Having", made.model.name, pascal_case=True)
            fields = cast("ObjectType", made.model.types[below]).fields.items()
            filters = {key: found for key, item in fields if (found := self._filter(made, item.type)) is not None}
            said = "Conditions on what a group comes to; all that are given must hold."
            self._having[key] = having_type(name, partial(_told, made, below, filters, row), said)
        return self._having[key]


def _told(
    made: SourceTypes, owner: str, filters: Mapping[str, GraphQLInputObjectType], row: str = ""
) -> dict[str, tuple[str, GraphQLInputObjectType, tuple[str, ...]]]:
    """Conditions on the fields of the type ``owner`` that are served, each under the rules of that field. Those that
    tell of the fields of ``row`` are named as these are.
    """
    if owner not in made.outputs:
        return {}
    shown = made.outputs[owner].name
    spelled = made.field_names[owner]
    of_row = {key: (field, (mirror,)) for field, (key, mirror) in columns_of(made, row)().items()} if row else {}
    return {
        named: (key, typed, (f"{shown}.{spelled[key]}", *mirrors))
        for key, typed in filters.items()
        if key in spelled and (key in of_row or not row) and (row or _has_fields(typed))
        for named, mirrors in [of_row.get(key, (spelled[key], ()))]
    }


def _has_fields(typed: GraphQLInputObjectType) -> bool:
    return bool(typed.fields)


def _unique(rows: Rows, through: Through) -> bool:
    """Whether the source keeps two rows from matching alike."""
    return any(set(key) <= {theirs for _, theirs in through.leads.match} for key in rows.keys)


def columns_of(made: SourceTypes, row: str) -> Columns:
    """The columns of a row type as they are named in the end: renamed where they are, absent where they are hidden."""

    def columns() -> dict[str, tuple[str, str]]:
        owner = made.outputs[row].name
        return {field: (key, f"{owner}.{field}") for key, field in made.field_names[row].items()}

    return columns
