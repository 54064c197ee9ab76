"""``Dialect``: all that differs between databases, said once for each of them in a room of its own.

What is here is the standard's way (ISO/IEC 9075), which a room overrides where its database has another. Nothing above
``dialects/`` asks which database it is.
"""

# ruff: noqa: ARG002  # arguments that only some rooms need

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Executable,
    Float,
    FromClause,
    Insert,
    MetaData,
    Numeric,
    Select,
    Table,
    Text,
    TextClause,
    bindparam,
    func,
    insert,
    tuple_,
    types,
)
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import type_coerce

from resolvers.documents import DescriptionError
from resolvers.errors import BadRequest, SourceError
from resolvers.model import Scalar
from resolvers.problem import Problem
from resolvers.sql.column import Expression, Reader, SqlColumn, SqlType
from resolvers.sql.dialects.declared import DeclaredRoutine
from resolvers.sql.dialects.described import Described, TypeName
from resolvers.sql.dialects.failures import Codes, source_error
from resolvers.sql.dialects.grammar import Grammar
from resolvers.sql.dialects.search import Searched, Texts, Wanted
from resolvers.sql.dialects.violations import Refusal
from resolvers.sql.kept import kept
from resolvers.sql.values import coerce, unpadded

T = TypeVar("T")
Nulls: TypeAlias = Literal["first", "last"]

PLAIN_TYPES: Mapping[Scalar, SqlType] = {
    Scalar.STRING: types.TEXT(),
    Scalar.ID: types.TEXT(),
    Scalar.INT: types.INTEGER(),
    Scalar.BIG_INT: types.BIGINT(),
    Scalar.FLOAT: types.DOUBLE(),
    Scalar.DECIMAL: types.NUMERIC(),
    Scalar.BOOLEAN: types.BOOLEAN(),
    Scalar.DATE_TIME: types.TIMESTAMP(timezone=True),
    Scalar.DATE: types.DATE(),
    Scalar.TIME: types.TIME(),
    Scalar.UUID: types.UUID(),
    Scalar.BASE64: types.BLOB(),
    Scalar.JSON: types.JSON(),
}

MOST = "isthmus_most"
"""The execution option of a statement whose text is not ours: so many rows of it are fetched at most."""

VIEW = "isthmus.view"
"""``Table.info[VIEW]`` is true of a view."""

ESCAPE = "\\"
"""The character that takes its meaning from ``%``, ``_`` and itself in patterns."""


@dataclass(frozen=True, slots=True)
class Address:
    """A database to connect to. ``connect``: the driver's own arguments beside the URL, which may hold a password."""

    url: URL = field(repr=False)
    connect: dict[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Plain:
    """A statement as a driver takes it: its text, and the values for the marks in it."""

    text: str
    values: tuple[object, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyedText:
    """The text of a statement with one list of values; ``before`` and ``after`` are those beside it, in their order.

    ``together``: the list is one value, so that the text is the same for any number of keys.
    """

    text: str
    before: tuple[object, ...]
    after: tuple[object, ...]
    together: bool = False


class Database(Protocol):
    """How statements reach one database. ``by_text``: whether statements may have a ``text``; ``keys_together``: the
    keys of such a one are one value.
    """

    by_text: bool
    keys_together: bool

    @property
    def spoken(self) -> SqlDialect:
        """How SQLAlchemy writes statements for it."""

    def text(self, query: Select[Any], *, keys: bool) -> KeyedText | None:
        """The text that stands for a statement with one list of values (``keys``), or without, and for all others that
        differ in the values alone; ``None`` where the driver is not asked by text.
        """

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        """The rows of a statement that changes nothing, within ``budget`` seconds, no more than its option
        ``MOST`` says.

        Raises:
            SourceTimeout: not within its time. SourceUnavailable: no connection came about. SQLAlchemyError, OSError:
            whatever the database or the network said (``Dialect.failure`` makes an error of ours of it).
        """

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:
        """Does ``work``, as in a thread, in one transaction that may write: all of it within ``budget`` seconds, or
        nothing. Nothing is ever done twice.

        Raises:
            SourceTimeout: not within its time; nothing was changed. SourceUnavailable: no connection came about.
            OutcomeUnknown: the connection was lost, or time ran out, once the database had been told to commit.
            SQLAlchemyError, OSError: whatever the database or the network said before; nothing was changed.
            Whatever ``work`` raises; nothing was changed.
        """

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Does something with a connection, as in a thread: reading the catalogue."""

    async def close(self) -> None:
        """Waits for what is still under way, and gives back the connections."""


class Dialect(ABC):
    """One kind of database.

    ``drivers``: the schemes of its URLs. ``form``: how such a URL is written. ``codes``: beginnings of SQLSTATEs (or of
    the database's own names of failures) and what they mean here; the first that fits counts.
    """

    name: ClassVar[str]
    drivers: ClassVar[tuple[str, ...]]
    form: ClassVar[str]
    codes: ClassVar[Codes] = ()
    max_parameters: ClassVar[int | None] = 30_000
    """Most bound values of one condition; ``None``: many keys are one value."""
    types: ClassVar[Mapping[str, type[SqlType]]] = {}
    """Classes of reflected types that SQLAlchemy does not have, by their names."""
    replicated: ClassVar[bool] = True
    """Whether there are copies of it that can be read instead."""
    lag: ClassVar[str | None] = None
    """The statement that tells how many seconds a replica is behind, null where it does not know; ``None`` where there
    is none.
    """
    search_settings: ClassVar[frozenset[str]] = frozenset()
    """What the database is told of a search beside its columns."""
    grammar: ClassVar[Grammar] = Grammar()
    arrays: ClassVar[bool] = False
    """Whether a list may be one value of a statement."""
    reads_again: ClassVar[bool] = False
    """Whether rows that a change gives back may still be changed by triggers, so that they are read once more."""

    # Where it is, and how statements run there.

    @abstractmethod
    def address(self, url: URL, base: Path) -> Address:
        """What to connect to; relative files start at ``base``.

        Raises:
            DescriptionError: a part of the URL is not supported, or a file is not there.
        """

    @abstractmethod
    def open(self, where: Address, *, concurrency: int, timeout_s: float, writes: bool = False) -> Database:
        """The database, with ``concurrency`` connections at most; none is made yet. Without ``writes`` it can change
        nothing.
        """

    def failure(self, error: Exception) -> SourceError:
        """The error to raise for what a driver complains about; it holds neither SQL nor a value."""
        return source_error(error, self.codes)

    def gave_way(self, error: Exception) -> bool:
        """Whether a replica ended a read because it had to keep up with its primary."""
        return False

    def refusal(self, error: DBAPIError) -> Refusal | None:
        """What the database refused to do in a change; ``None`` where it did not refuse but fail."""
        return None

    # What its catalogue says.

    @abstractmethod
    def column(self, column: Any) -> SqlColumn:
        """What a reflected column is served as. Every column is: the least is text or JSON, and why."""

    def reflect(self, connection: Connection, metadata: MetaData, schema: str | None, listed: Sequence[str]) -> None:
        """Adds the tables and views of a schema to ``metadata``; what cannot be read of ``listed`` stays away."""
        metadata.reflect(connection, schema=schema, views=True, resolve_fks=False)

    def materialized(self, inspector: Inspector, schema: str | None) -> list[str]:
        """The names of materialized views."""
        return []

    def aside(self, connection: Connection, schema: str | None) -> Mapping[str, str]:
        """Tables that are listed and are not served, since they are a part of others: name → reason."""
        return {}

    def nullable(self, column: SqlColumn, key: Sequence[str]) -> bool:
        """Whether a row may have no value there; ``key``: the columns of the table's primary key."""
        return bool(column.column.nullable)

    def fills(self, column: SqlColumn, key: Sequence[str]) -> bool:
        """Whether a new row that comes without a value of the column gets one from the database."""
        return column.column.server_default is not None or column.column.identity is not None

    # How columns and values are written (``resolvers.sql.column.Spelling``).

    def selected(self, column: SqlColumn) -> Expression:
        return type_coerce(column.column, column.column.type)

    def compared(self, column: SqlColumn) -> Expression:
        return type_coerce(column.column, column.bound_as)

    def bound(self, column: SqlColumn, value: object) -> Expression:
        return bindparam(None, value, type_=column.bound_as, unique=True)

    def fit(self, column: SqlColumn, value: object) -> object:
        return coerce(column, value)

    def writable(self, column: SqlColumn) -> bool:
        return not column.generated and not column.degraded

    def kept(self, column: SqlColumn, value: object) -> object:
        return kept(column, value)

    def keeping(self, column: SqlColumn, name: str) -> Expression:
        # A parameter without a type would take that of the column, which fits values in its own way once more.
        return type_coerce(bindparam(name, type_=column.bound_as), column.bound_as)

    def reader(self, column: SqlColumn) -> Reader | None:
        return unpadded if column.padded and not column.array else None

    # Where rows go on: as they are ordered by a column, so are they compared by it.

    def nulls(self, *, descending: bool) -> Nulls:
        """Where rows without a value stand when nobody says: here a null is less than every value."""
        return "last" if descending else "first"

    def placed(self, column: SqlColumn) -> Expression:
        """The column as ORDER BY sees it."""
        return type_coerce(column.column, column.bound_as)

    def place(self, column: SqlColumn, value: object) -> Expression:
        """A value that the driver gave for ``placed``, bound to be compared with it."""
        if column.padded and isinstance(value, str):
            value = value.rstrip(" ")
        return self.bound(column, value)

    # What statements of the configuration take and give.

    def plain_type(self, scalar: Scalar) -> TypeName:
        """The type of an argument or a column of which nothing but its scalar is known."""
        return TypeName(PLAIN_TYPES[scalar], "")

    def argument(self, column: SqlColumn, value: object) -> object:
        """The value, which is not null, as the driver takes it for an argument.

        Raises:
            Unfit: no value of this type.
        """
        return self.kept(column, value)

    @abstractmethod
    def describe(
        self, connection: Connection, query: TextClause, values: Mapping[str, object], *, reads: bool
    ) -> Described:
        """What the database says of a statement, without running it. ``values``: some that fit its parameters.

        Raises:
            NotTaken: it cannot be run.
        """

    def functions(self, connection: Connection, schemas: Sequence[str]) -> Sequence[DeclaredRoutine]:
        """The functions and procedures of the schemas, also those that cannot be served, with the reason."""
        return ()

    # What numbers come to.

    def summed(self, column: SqlColumn) -> Expression:
        """The sum of a column of numbers, exact where they are."""
        return func.sum(self.selected(column))

    def averaged(self, column: SqlColumn) -> Expression:
        """The arithmetic mean of a column of numbers."""
        return func.avg(self.selected(column))

    def compared_total(
        self, total: Expression, compare: Callable[[Any, Any], Any], value: Decimal | float
    ) -> Expression:
        """What ``summed`` or ``averaged`` gave, compared with a number: exactly, where that is a ``Decimal``."""
        kind: SqlType = Float() if isinstance(value, float) else Numeric()
        made: Expression = compare(total, bindparam(None, value, type_=kind, unique=True))
        return made

    def whole(self, value: object) -> object:
        """A sum of whole numbers as the driver gives it, as an ``int``."""
        return int(value) if isinstance(value, Decimal) else value

    def decimal(self, value: object) -> object:
        """A sum or a mean of decimals or whole numbers as the driver gives it, as a ``Decimal``."""
        return Decimal(value) if isinstance(value, int | str) else value

    # How changes are written.

    def insert(self, table: Table) -> Insert:
        """An INSERT into the table, which ``upsert`` takes."""
        return insert(table)

    def upsert(self, insert: Insert, key: Sequence[str], columns: Sequence[str]) -> Insert | None:
        """An INSERT that gives its ``columns`` to the row that has its ``key``, where there is one; ``None`` where the
        database has no statement that looks at this key alone.
        """
        return None

    # How conditions and orders are written.

    def among(self, columns: Sequence[SqlColumn], rows: Sequence[tuple[object, ...]]) -> Expression:
        """``(a, b) IN (…)``; ``rows`` are not empty, their values what ``fit`` gave."""
        if len(columns) == 1:
            return columns[0].compared().in_([row[0] for row in rows])
        return tuple_(*(column.compared() for column in columns)).in_(list(rows))

    def keys(
        self, columns: Sequence[SqlColumn], rows: Sequence[tuple[object, ...]]
    ) -> tuple[FromClause, Expression] | None:
        """The rows as a table that others are joined to laterally, and what joins it to ``columns``; ``None`` where the
        database has no lateral joins.
        """
        return None

    def is_letters(self, _column: SqlColumn, _texts: Sequence[str]) -> Expression | None:
        """The condition that a text is one of these letter by letter; ``None`` where ``=`` says that already."""
        return None

    def like(self, column: SqlColumn, pattern: str, *, ignore_case: bool) -> Expression:
        """A pattern in which ``ESCAPE`` escapes. Without ``ignore_case``, case counts."""
        text = type_coerce(column.column, Text())
        bound = bindparam(None, pattern, type_=Text(), unique=True)
        return text.ilike(bound, escape=ESCAPE) if ignore_case else text.like(bound, escape=ESCAPE)

    def searched(self, texts: Texts, wanted: Wanted) -> Expression:
        """The condition that a row's texts have what is wanted.

        Raises:
            BadRequest: this kind of database has no search.
        """
        raise BadRequest("texts are not searched here")

    def relevance(self, texts: Texts, wanted: Wanted) -> Expression:
        """How well they fit; more is better.

        Raises:
            BadRequest: this kind of database has no search.
        """
        raise BadRequest("texts are not searched here")

    def search_fault(self, how: Searched) -> str:
        """How to mend a search that the database cannot make."""
        return "name columns that are searched"

    def ordered(self, expression: Expression, *, descending: bool, nulls: Nulls | None) -> list[Expression]:
        """One part of an ORDER BY, ``nulls`` where the caller said."""
        ordered: Expression = expression.desc() if descending else expression.asc()
        if nulls is not None:
            ordered = ordered.nulls_first() if nulls == "first" else ordered.nulls_last()
        return [ordered]


def bad_address(what: str, mend: str) -> DescriptionError:
    """A problem with the URL; it never repeats the URL, which may hold a password."""
    return DescriptionError(Problem(what, where=("database",), mend=mend))
