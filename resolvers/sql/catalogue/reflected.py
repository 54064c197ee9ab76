"""What was read of a database's catalogue, before anything is made of it, and how that is packed to be kept.

Packed it is plain data: names, and of each type its class and the few facts that these have. Nothing of it is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
    types,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite

from resolvers.sql.column import SqlType

_ROOMS = {"postgresql": postgresql, "mysql": mysql, "sqlite": sqlite}
_FACTS = (
    "length", "collation", "precision", "scale", "timezone", "unsigned", "zerofill", "display_width", "fsp",
    "dimensions", "as_uuid", "varying", "retrieve_as_bitwise", "fields", "asdecimal", "not_null",
)  # fmt: skip
"""What types are made of, beside names, values and the types inside them."""


@dataclass(frozen=True, slots=True)
class Reflected:
    """``views``: keys of ``metadata.tables`` that are views. ``unread``: names of what could not be reflected, and
    why.
    """

    metadata: MetaData
    views: frozenset[str]
    unread: Mapping[str, str]


class PackedType(msgspec.Struct, frozen=True, omit_defaults=True):
    """A type: its class by name and room, and the few facts that it has."""

    name: str
    room: str = ""
    facts: dict[str, str | int | bool] = {}
    called: str = ""
    schema: str | None = None
    values: tuple[str, ...] = ()
    inside: PackedType | None = None


class _Column(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    type: PackedType
    nullable: bool = False
    comment: str | None = None
    default: str | None = None
    computed: bool = False
    identity: bool | None = None


class _Table(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    schema: str | None
    columns: tuple[_Column, ...]
    comment: str | None = None
    key: tuple[str, ...] = ()
    key_name: str | None = None
    unique: tuple[tuple[tuple[str, ...], str], ...] = ()
    foreign: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = ()
    checks: tuple[tuple[str, str], ...] = ()


class Packed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A catalogue as plain data, its tables and views sorted by schema and name."""

    tables: tuple[_Table, ...]
    views: tuple[str, ...] = ()
    unread: dict[str, str] = {}


def pack(reflected: Reflected) -> bytes:
    """The bytes of what was reflected.

    Raises:
        TypeError: a type that cannot be said in this way.
    """
    return msgspec.msgpack.encode(packed(reflected), enc_hook=plain)


def packed(reflected: Reflected) -> Packed:
    """What was reflected, as plain data but for names (``plain``)."""
    tables = sorted(reflected.metadata.tables.values(), key=lambda table: (table.schema or "", table.name))
    unread = dict(sorted(reflected.unread.items()))
    return Packed(tuple(map(_packed_table, tables)), tuple(sorted(reflected.views)), unread)


def plain(value: object) -> str:
    """SQLAlchemy's names know how they are quoted; the name alone is kept, since that follows from it."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is not packed")
    return "".join(value)


def unpack(content: bytes, more: Mapping[str, type[SqlType]]) -> Reflected:
    """What was packed. ``more``: types by their names that SQLAlchemy does not have.

    Raises:
        ValueError, TypeError: the bytes are of another version.
    """
    return unpacked(msgspec.msgpack.decode(content, type=Packed), more)


def unpacked(catalogue: Packed, more: Mapping[str, type[SqlType]]) -> Reflected:
    """What ``packed`` packed; ``more`` as of ``unpack``.

    Raises:
        ValueError, TypeError: it is of another version.
    """
    metadata = MetaData()
    for table in catalogue.tables:
        Table(
            table.name,
            metadata,
            *(_column(column, more) for column in table.columns),
            *([PrimaryKeyConstraint(*table.key, name=table.key_name)] if table.key else []),
            *(UniqueConstraint(*columns, name=name or None) for columns, name in table.unique),
            *(ForeignKeyConstraint(columns, targets, name=name or None) for columns, targets, name in table.foreign),
            *(CheckConstraint(condition, name=name) for name, condition in table.checks),
            schema=table.schema,
            comment=table.comment,
        )
    return Reflected(metadata, frozenset(catalogue.views), catalogue.unread)


def unique_keys(table: Table) -> set[tuple[str, ...]]:
    """The columns of every unique key beside the primary one."""
    return {columns for columns, _ in _named_unique(table)}


def _named_unique(table: Table) -> set[tuple[tuple[str, ...], str]]:
    """The columns and the name of every unique key beside the primary one."""
    found = {
        (tuple(column.name for column in constraint.columns), str(constraint.name or ""))
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    found |= {
        (tuple(column.name for column in index.columns), str(index.name or ""))
        for index in table.indexes
        # A partial index promises nothing about the other rows, an expression is no column.
        if index.unique
        and len(index.expressions) == len(index.columns)
        and all(isinstance(expression, Column) for expression in index.expressions)
        and not any(options.get("where") is not None for options in index.dialect_options.values())
    }
    return {(columns, name) for columns, name in found if columns}


def _packed_table(table: Table) -> _Table:
    return _Table(
        table.name,
        table.schema,
        tuple(_packed_column(column) for column in table.columns),
        table.comment,
        tuple(column.name for column in table.primary_key.columns),
        str(table.primary_key.name) if table.primary_key.name else None,
        tuple(sorted(_named_unique(table))),
        tuple(_packed_foreign(table)),
        tuple(_packed_checks(table)),
    )


def _packed_checks(table: Table) -> Iterator[tuple[str, str]]:
    checks = [item for item in table.constraints if isinstance(item, CheckConstraint) and item.name]
    yield from sorted((str(item.name), str(item.sqltext)) for item in checks)


def _packed_foreign(table: Table) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    for constraint in sorted(table.foreign_key_constraints, key=lambda found: list(found.column_keys)):
        targets = tuple(element.target_fullname for element in constraint.elements)
        yield tuple(constraint.column_keys), targets, str(constraint.name or "")


def _packed_column(column: Column[Any]) -> _Column:
    default = getattr(column.server_default, "arg", None)
    return _Column(
        column.name,
        pack_type(column.type),
        bool(column.nullable),
        column.comment,
        str(default) if default is not None else None,
        column.computed is not None,
        bool(column.identity.always) if column.identity is not None else None,
    )


def pack_type(reflected: Any) -> PackedType:
    """A type as plain data."""
    parts = type(reflected).__module__.split(".")
    room = next((name for name in _ROOMS if name in parts), "")
    facts = {
        fact: value
        for fact in _FACTS
        if isinstance(value := getattr(reflected, fact, None), str | int | bool) and value is not False
    }
    values = tuple(getattr(reflected, "enums", None) or getattr(reflected, "values", None) or ())
    inside = getattr(reflected, "data_type", None) or getattr(reflected, "item_type", None)
    return PackedType(
        type(reflected).__name__,
        room,
        facts,
        getattr(reflected, "name", None) or "",
        getattr(reflected, "schema", None),
        values,
        pack_type(inside) if inside is not None else None,
    )


def _column(packed: _Column, more: Mapping[str, type[SqlType]]) -> Column[Any]:
    extra: list[Computed | Identity] = [Computed("")] if packed.computed else []
    if packed.identity is not None:
        extra.append(Identity(always=packed.identity))
    default = text(packed.default) if packed.default is not None and not extra else None
    return Column(
        packed.name,
        unpack_type(packed.type, more),
        *extra,
        nullable=packed.nullable,
        comment=packed.comment,
        server_default=default,
    )


def unpack_type(packed: PackedType, more: Mapping[str, type[SqlType]]) -> SqlType:
    """What ``pack_type`` packed.

    Raises:
        TypeError, AttributeError: there is no such type.
    """
    found = more.get(packed.name) or getattr(_ROOMS.get(packed.room, types), packed.name)
    if not (isinstance(found, type) and issubclass(found, types.TypeEngine)):
        raise TypeError(f"{packed.name} is no type")
    made: Callable[..., SqlType] = found
    if packed.inside is not None:
        inside = unpack_type(packed.inside, more)
        if packed.called:
            return made(packed.called, inside, schema=packed.schema, **packed.facts)
        return made(inside, **packed.facts)
    names = {"name": packed.called, "schema": packed.schema} if packed.called else {}
    return made(*packed.values, **names, **packed.facts)
