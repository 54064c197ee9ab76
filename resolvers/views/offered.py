"""Lists whose source filters and orders them itself gain other views: a model comes in and a larger model goes out.

Pure. What a view costs and how it is asked is the business of each source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from resolvers.model import (
    Argument,
    Field,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Rows,
    Scalar,
    ScalarRef,
    SourceModel,
)
from resolvers.naming import Naming
from resolvers.settings import PagesSettings
from resolvers.views.aggregates import COUNT, KEY, parts
from resolvers.views.connection import (
    AFTER,
    BEFORE,
    EDGES,
    FIRST,
    LAST,
    NODES,
    PAGE_INFO,
    TOTAL,
    edge_fields,
    page_info,
)


def with_views(model: SourceModel, settings: PagesSettings, without: Sequence[str] = ()) -> SourceModel:
    """The model with a connection for each list of rows that have a key, and an aggregate for each list of rows.

    ``without``: patterns of names of views that are not wanted.
    """
    return _Views(model, settings, without).model()


class _Views:
    def __init__(self, model: SourceModel, settings: PagesSettings, without: Sequence[str]) -> None:
        self._model = model
        self._without = without
        self._settings = settings
        self._types: dict[str, OutputType] = dict(model.types)
        self._operations = dict(model.operations)
        self._made = set(model.made)
        self._info = ""

    def model(self) -> SourceModel:
        for operation in self._model.operations.values():
            if operation.rows is None or not operation.rows.joined or not isinstance(operation.result, ListRef):
                continue
            assert isinstance(operation.result.item, NamedRef)
            key = operation.result.item.name
            row = self._model.types[key]
            assert isinstance(row, ObjectType)
            if row.key and operation.rows.orderable.issuperset(row.key) and self._wanted(f"{operation.name}Connection"):
                self._connect(operation, key, row)
            if operation.rows.filterable and self._wanted(f"{operation.name}Aggregate"):
                self._aggregate(operation, operation.rows, key, row)
        return replace(self._model, operations=self._operations, types=self._types, made=frozenset(self._made))

    def _wanted(self, name: str) -> bool:
        return not any(fnmatchcase(name, pattern) for pattern in self._without)

    def _connect(self, operation: Operation, key: str, row: ObjectType) -> None:
        name = self._free_operation(f"{operation.name}Connection")
        most = self._settings.max_first
        whole, text = ScalarRef(Scalar.INT), ScalarRef(Scalar.STRING)
        said = {
            FIRST: (whole, f"How many rows, {most} at most; {self._settings.first} where last is not given either."),
            AFTER: (text, "Where to go on: the endCursor of the part before, for the same question."),
            LAST: (whole, f"How many rows, counted from the end; {most} at most. Not together with first."),
            BEFORE: (text, "Where to go back from: the startCursor of the part behind, for the same question."),
        }
        assert operation.rows is not None
        self._operations[name] = Operation(
            name,
            operation.effect,
            {
                name: Argument(name, ref, description=words, place=operation.place)
                for name, (ref, words) in said.items()
            },
            NamedRef(self._connection(key, row), nullable=True),
            rows=replace(operation.rows, of=key),
            connection_of=operation.name,
            description=operation.description,
            place=operation.place,
            naming=_followed(operation.naming, operation.name, "Connection"),
        )

    def _connection(self, key: str, row: ObjectType) -> str:
        if not self._info:
            self._info = self._free_type("PageInfo")
            self._types[self._info] = page_info(self._info)
            self._made.add(self._info)
        edge = self._free_type(f"{key}Edge")
        self._add_type(edge, key, row, edge_fields(NamedRef(key)), "A row and where it stands.", "Edge")
        name = self._free_type(f"{key}Connection")
        fields = (
            Field(NODES, ListRef(NamedRef(key)), description="The rows, in the order that was asked for."),
            Field(EDGES, ListRef(NamedRef(edge)), description="The same rows, each with its own cursor."),
            Field(PAGE_INFO, NamedRef(self._info), description="Whether there is more, and from where."),
            Field(TOTAL, ScalarRef(Scalar.INT), description="How many there are in all; counted when it is asked for."),
        )
        self._add_type(name, key, row, fields, "A part of a longer list.", "Connection")
        return name

    def _aggregate(self, operation: Operation, rows: Rows, key: str, row: ObjectType) -> None:
        name = self._free_operation(f"{operation.name}Aggregate")
        fields = [Field(COUNT, ScalarRef(Scalar.INT), description="How many rows there are.")]
        made: dict[str, str] = {}
        for each in parts(row, rows):
            if each.ending not in made:
                made[each.ending] = self._free_type(f"{key}{each.ending}")
                said = "Values of the fields of rows, taken together."
                self._add_type(made[each.ending], key, row, tuple(each.fields.values()), said, each.ending)
            nullable = each.name == KEY
            fields.append(Field(each.name, NamedRef(made[each.ending], nullable), description=each.description))
        result = self._free_type(f"{key}Aggregate")
        self._add_type(result, key, row, tuple(fields), "What rows come to.", "Aggregate")
        self._operations[name] = Operation(
            name,
            operation.effect,
            {},
            ListRef(NamedRef(result), nullable=True),
            rows=replace(rows, of=key),
            aggregate_of=operation.name,
            description="What the rows come to: one object for all of them, or for each group of groupBy.",
            place=operation.place,
            naming=_followed(operation.naming, operation.name, "Aggregate"),
        )

    def _add_type(
        self, name: str, key: str, row: ObjectType, fields: tuple[Field, ...], description: str, ending: str
    ) -> None:
        named = {field.name: field for field in fields}
        naming = _followed(row.naming, row.name, ending)
        self._types[name] = ObjectType(name, named, description=description, place=row.place, naming=naming, of=key)
        self._made.add(name)

    def _free_operation(self, wanted: str) -> str:
        while wanted in self._operations:
            wanted += "Part"
        return wanted

    def _free_type(self, wanted: str) -> str:
        while wanted in self._types or wanted in self._model.inputs or wanted in self._model.enums:
            wanted += "Part"
        return wanted


def _followed(naming: Naming | None, name: str, ending: str) -> Naming:
    """The names of what goes with a list or its rows: theirs with an ending. What is there already keeps its own."""
    known = naming or Naming(name, (name,))
    return Naming(f"{known.place} {ending.lower()}", tuple(f"{each}{ending}" for each in known.names), known.rank + 1)
