"""Operations that page gain a second one beside them that gives their rows as one list: a connection. Pure.

A model comes in and a larger model goes out, so whoever makes GraphQL of it knows nothing of paging.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from resolvers.collection.paging import paging_positions
from resolvers.model import (
    Argument,
    Field,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Paging,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
)
from resolvers.naming import Naming
from resolvers.settings import PagesSettings
from resolvers.views import AFTER, EDGES, FIRST, NODES, PAGE_INFO, TOTAL, edge_fields, page_info


def connected(model: SourceModel, settings: PagesSettings) -> SourceModel:
    """The model with a connection for each operation that pages."""
    return _Connections(model, settings).model()


class _Connections:
    def __init__(self, model: SourceModel, settings: PagesSettings) -> None:
        self._model = model
        self._settings = settings
        self._types: dict[str, OutputType] = dict(model.types)
        self._taken = {*model.types, *model.inputs, *model.enums}
        self._made = set(model.made)
        self._info = ""
        self._named: dict[TypeRef, str] = {}
        paged = [item for item in model.operations.values() if item.paging is not None]
        items = [(item.paging.item, item.paging.total_at) for item in paged if item.paging is not None]
        self._counted = {_bare(item) for item, total_at in items if total_at}
        self._with_nulls = {_bare(item) for item, _ in items if item.nullable}

    def model(self) -> SourceModel:
        operations: dict[str, Operation] = {}
        for name, operation in self._model.operations.items():
            operations[name] = operation
            wanted = f"{name}Connection"
            if operation.paging is not None and wanted not in self._model.operations:
                operations[wanted] = self._connection(wanted, operation, operation.paging)
        if len(operations) == len(self._model.operations):
            return self._model
        return replace(self._model, operations=operations, types=self._types, made=frozenset(self._made))

    def _connection(self, name: str, operation: Operation, paging: Paging) -> Operation:
        hidden = paging_positions(operation) | {paging.size_argument}
        arguments = {key: item for key, item in operation.arguments.items() if key not in hidden}
        size = self._settings
        first, after = own_arguments(operation, paging)
        arguments[first] = Argument(
            first,
            ScalarRef(Scalar.INT),
            default=size.first,
            description=f"How many rows, {size.max_first} at most.",
            place=operation.place,
        )
        arguments[after] = Argument(
            after,
            ScalarRef(Scalar.STRING),
            description="Where to go on: the endCursor of the part before.",
            place=operation.place,
        )
        return Operation(
            name,
            operation.effect,
            arguments,
            NamedRef(self._type(paging), nullable=True),
            connection_of=operation.name,
            description=operation.description,
            deprecated=operation.deprecated,
            place=operation.place,
            naming=_followed(operation.naming, "Connection"),
        )

    def _type(self, paging: Paging) -> str:
        key = _bare(paging.item)
        if key not in self._named:
            item, node = _name(paging.item), replace(key, nullable=key in self._with_nulls)
            name = self._named[key] = self._made_name(f"{item}Connection", f"{item}Pages")
            edge = self._made_name(f"{item}Edge", f"{item}EdgePart")
            fields = [
                Field(NODES, ListRef(node), description="The rows, in the order of the source."),
                Field(EDGES, ListRef(NamedRef(edge)), description="The same rows, each with its own cursor."),
                Field(PAGE_INFO, NamedRef(self._page_info()), description="Whether there is more, and from where."),
            ]
            if key in self._counted:
                said = "How many there are in all, where the source says it."
                fields.append(Field(TOTAL, ScalarRef(Scalar.INT, nullable=True), description=said))
            self._add_type(edge, key, edge_fields(node), "A row and where it stands.", "Edge")
            self._add_type(name, key, fields, "A part of a longer list.", "Connection")
        return self._named[key]

    def _add_type(self, name: str, key: TypeRef, fields: Sequence[Field], description: str, ending: str) -> None:
        row = self._types.get(key.name) if isinstance(key, NamedRef) else None
        self._types[name] = ObjectType(
            name,
            {field.name: field for field in fields},
            description=description,
            naming=_followed(row.naming, ending) if row is not None else None,
            of=key.name if isinstance(key, NamedRef) and row is not None else "",
        )

    def _page_info(self) -> str:
        if not self._info:
            self._info = self._made_name("PageInfo", "Pages")
            self._types[self._info] = page_info(self._info)
        return self._info

    def _made_name(self, wanted: str, otherwise: str) -> str:
        """The name of a type that is made here, which no other type has."""
        name = self._free(wanted, otherwise)
        self._taken.add(name)
        self._made.add(name)
        return name

    def _free(self, wanted: str, otherwise: str) -> str:
        for name in (wanted, otherwise, f"Isthmus{wanted}"):
            if name not in self._taken:
                return name
        return self._free(f"{wanted}Part", f"{otherwise}Part")


def own_arguments(operation: Operation, paging: Paging) -> tuple[str, str]:
    """The names of ``first`` and ``after``, which an argument of the operation itself may bear already."""
    taken = operation.arguments.keys() - paging_positions(operation) - {paging.size_argument}
    return ("firstRows" if FIRST in taken else FIRST, "afterCursor" if AFTER in taken else AFTER)


def _bare(ref: TypeRef) -> TypeRef:
    return replace(ref, nullable=False)


def _followed(naming: Naming | None, ending: str) -> Naming | None:
    """The names of what goes through a list: those of the list or its rows, and an ending behind them."""
    if naming is None:
        return None
    return Naming(
        f"{naming.place} {ending.lower()}", tuple(f"{name}{ending}" for name in naming.names), naming.rank + 1
    )


def _name(ref: TypeRef) -> str:
    if isinstance(ref, ListRef):
        return f"{_name(ref.item)}List"
    return ref.name if isinstance(ref, NamedRef) else ref.scalar.value
