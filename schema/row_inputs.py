"""The ``where`` and ``orderBy`` types of rows: one of each for a row type, whatever fields take them.

What such a type says is in ``filters.py``; this is where it is named, and where the relations it goes through are
known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import cast

from graphql import GraphQLEnumType, GraphQLInputObjectType

from resolvers import NamedRef, ObjectType, Operation, Rows, Scalar, ScalarRef, TypeRef
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
        self._having: GraphQLInputObjectType | None = None

    def where(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLInputObjectType:
        key = (made.model.name, row)
        if key not in self._wheres:
            name = self._names.take(f"{made.outputs[row].name}Where", made.model.name, pascal_case=True)
            definition = cast("ObjectType", made.model.types[row])
            assert operation.rows is not None
            filters = {
                column: filter_type
                for column, item in definition.fields.items()
                if column in operation.rows.filterable and (filter_type := self._filter(made, item.type)) is not None
            }
            relations = partial(self._through, made, row)
            self._wheres[key] = where_type(name, columns_of(made, row), filters, relations)
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
                found[each.field] = (each.through, where, f"{owner}.{each.field}")
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

    def _filter(self, made: SourceTypes, ref: TypeRef) -> GraphQLInputObjectType | None:
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
            self._orders[key] = order_type(name, columns_of(made, row), operation.rows.orderable, relations)
        return self._orders[key]

    def column(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLEnumType:
        key = (made.model.name, row)
        if key not in self._columns:
            name = self._names.take(f"{made.outputs[row].name}Column", made.model.name, pascal_case=True)
            assert operation.rows is not None
            self._columns[key] = column_type(name, columns_of(made, row), operation.rows.filterable)
        return self._columns[key]

    def group_order(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLInputObjectType:
        key = (made.model.name, row)
        if key not in self._group_orders:
            name = self._names.take(f"{made.outputs[row].name}AggregateOrderBy", made.model.name, pascal_case=True)
            assert operation.rows is not None
            order = self.order(made, row, operation) if operation.rows.orderable else None
            self._group_orders[key] = group_order_type(name, order)
        return self._group_orders[key]

    def having(self, made: SourceTypes) -> GraphQLInputObjectType:
        """One type for the groups of all sources."""
        if self._having is None:
            name = self._names.take("AggregateHaving", made.model.name, pascal_case=True)
            self._having = having_type(name, self._filters.of_scalar(Scalar.INT))
        return self._having


def _unique(rows: Rows, through: Through) -> bool:
    """Whether the source keeps two rows from matching alike."""
    return any(set(key) <= {theirs for _, theirs in through.leads.match} for key in rows.keys)


def columns_of(made: SourceTypes, row: str) -> Columns:
    """The columns of a row type as they are named in the end: renamed where they are, absent where they are hidden."""

    def columns() -> dict[str, tuple[str, str]]:
        owner = made.outputs[row].name
        return {field: (key, f"{owner}.{field}") for key, field in made.field_names[owner].items()}

    return columns
