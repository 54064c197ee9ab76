"""A reflected column and what it is served as: its neutral type, and how its database selects, compares and binds it.

Values themselves are brought to a column's type in ``values.py``; databases differ in ``dialects/``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Column, types
from sqlalchemy.sql import ColumnElement

from resolvers.model import Comparison, ListRef, NamedRef, Scalar, ScalarRef, TypeRef

SqlType: TypeAlias = "types.TypeEngine[Any]"
Expression: TypeAlias = "ColumnElement[Any]"
Reader: TypeAlias = "Callable[[object], object]"
_NEVER_FILTERED = frozenset({Scalar.JSON})


class Spelling(Protocol):
    """How one kind of database writes a column and its values in SQL."""

    def selected(self, column: SqlColumn) -> Expression:
        """The column in a select list."""

    def compared(self, column: SqlColumn) -> Expression:
        """The column as one side of a comparison; ``bound`` gives the other."""

    def bound(self, column: SqlColumn, value: object) -> Expression:
        """A value that ``fit`` gave, as a bound parameter that is compared with ``compared``."""

    def fit(self, column: SqlColumn, value: object) -> object:
        """The value as the driver takes it for this column.

        Raises:
            Unfit: the column cannot hold it.
        """

    def writable(self, column: SqlColumn) -> bool:
        """Whether a caller can give it values."""

    def kept(self, column: SqlColumn, value: object) -> object:
        """The value, which is not null, as the driver takes it to be written to this column.

        Raises:
            Unfit: the column cannot keep it as it is.
        """

    def argument(self, column: SqlColumn, value: object) -> object:
        """The value, which is not null, as the driver takes it for an argument of a statement.

        Raises:
            Unfit: no value of this type.
        """

    def keeping(self, column: SqlColumn, name: str) -> Expression:
        """The parameter ``name``, a value that ``kept`` gave or ``None``, as VALUES and SET take it."""

    def reader(self, column: SqlColumn) -> Reader | None:
        """What turns a driver's value of this column into that of the neutral form; ``None`` where it already is.

        A value that does not fit (text in an INTEGER column of SQLite) is handed on as it is: only the scalar that
        shows it can report it at its place.
        """


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """One served column.

    ``scalar``: its type, or that of the items of an array. ``bound_as``: the type of a bound value. ``enum``: the
    values it may have, where it is of an enumerated type. ``bits``: the width of an integer, ``unsigned``: without
    negative ones. ``padded``: trailing spaces are no part of its values. ``generated``: the database alone gives its
    values. ``compare``: what the database does not heed when it compares them. ``degraded``: why it is served as less
    than it is, or empty.
    """

    column: Column[Any]
    spelling: Spelling
    scalar: Scalar
    bound_as: SqlType
    enum: types.Enum | None = None
    array: bool = False
    bits: int = 64
    unsigned: bool = False
    padded: bool = False
    generated: bool = False
    compare: frozenset[Comparison] = frozenset()
    degraded: str = ""

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def filterable(self) -> bool:
        return not self.array and not self.degraded and self.scalar not in _NEVER_FILTERED

    @property
    def orderable(self) -> bool:
        return self.filterable and self.scalar is not Scalar.BASE64

    @property
    def has_zone(self) -> bool:
        return bool(getattr(self.bound_as, "timezone", False))

    def type_ref(self, enum_name: str, *, nullable: bool) -> TypeRef:
        if self.array:
            item: TypeRef = NamedRef(enum_name, True) if self.enum is not None else ScalarRef(self.scalar, True)
            return ListRef(item, nullable)
        return NamedRef(enum_name, nullable) if self.enum is not None else ScalarRef(self.scalar, nullable)

    def selected(self) -> Expression:
        return self.spelling.selected(self)

    def compared(self) -> Expression:
        return self.spelling.compared(self)

    def bound(self, value: object) -> Expression:
        return self.spelling.bound(self, value)

    def fit(self, value: object) -> object:
        return self.spelling.fit(self, value)

    def writable(self) -> bool:
        return self.spelling.writable(self)

    def kept(self, value: object) -> object:
        return self.spelling.kept(self, value)

    def argument(self, value: object) -> object:
        return self.spelling.argument(self, value)

    def keeping(self, name: str) -> Expression:
        return self.spelling.keeping(self, name)

    def reader(self) -> Reader | None:
        return self.spelling.reader(self)
