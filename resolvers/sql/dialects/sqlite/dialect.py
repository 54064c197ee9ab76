"""How SQLite differs: any column may hold any type, so values are taken as they are and compared by one spelling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Connection,
    Insert,
    MetaData,
    Table,
    TableClause,
    TextClause,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    types,
)
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import type_coerce

from resolvers.errors import SourceBadResponse, SourceRejected, SourceTimeout, SourceUnavailable
from resolvers.model import Scalar
from resolvers.sql.column import Expression, Reader, SqlColumn
from resolvers.sql.dialects.described import Described
from resolvers.sql.dialects.dialect import ESCAPE, Address, Database, Dialect, bad_address
from resolvers.sql.dialects.grammar import Grammar
from resolvers.sql.dialects.scalars import scalar_of
from resolvers.sql.dialects.search import Searched, Texts, Wanted
from resolvers.sql.dialects.sqlite.database import SqliteDatabase
from resolvers.sql.dialects.sqlite.described import describe
from resolvers.sql.dialects.sqlite.refusals import refusal
from resolvers.sql.dialects.sqlite.values import exact, loose, reader, stored
from resolvers.sql.dialects.sqlite.writing import WritableSqlite
from resolvers.sql.dialects.violations import Refusal
from resolvers.sql.kept import kept
from resolvers.sql.values import coerce

_FORMATS = {
    Scalar.DATE_TIME: "%Y-%m-%d %H:%M:%f",
    Scalar.DATE: "%Y-%m-%d",
    Scalar.TIME: "%H:%M:%f",
}


class Sqlite(Dialect):
    name = "sqlite"
    drivers = ("sqlite", "sqlite+aiosqlite")
    form = "sqlite:///path"
    replicated = False
    search_settings = frozenset({"index"})
    codes = (
        ("SQLITE_INTERRUPT", SourceTimeout),
        ("SQLITE_BUSY", SourceTimeout),
        ("SQLITE_LOCKED", SourceTimeout),
        ("SQLITE_CANTOPEN", SourceUnavailable),
        ("SQLITE_IOERR", SourceUnavailable),
        ("SQLITE_READONLY", SourceRejected),  # a read that would change something
        ("SQLITE_ERROR", SourceBadResponse),  # no such table or column
    )
    grammar = Grammar(names='"`', marks=r"\?\d*|[@$][^\W\d]\w*")
    reads_again = True  # RETURNING tells the row as it was before its triggers changed it
    max_parameters = 30_000  # SQLite takes 32,766 in one statement; some are left for the other conditions.

    def address(self, url: URL, base: Path) -> Address:
        if url.query or url.host:
            raise bad_address("a SQLite URL has a path and nothing else", "write sqlite:///path")
        if not url.database or url.database == ":memory:":
            raise bad_address("a SQLite database in memory has no tables to serve", "name a file: sqlite:///path")
        path = base / url.database
        if not path.is_file():
            raise bad_address(f'there is no database file "{url.database}"', "correct the path, or make the file")
        # mode=ro: SQLite itself refuses every write, whatever statement should reach it.
        uri = f"file:{quote(str(path.resolve()))}"
        return Address(URL.create("sqlite", database=uri, query={"mode": "ro", "uri": "true"}))

    def open(self, where: Address, *, concurrency: int, timeout_s: float, writes: bool = False) -> Database:
        if writes:
            return WritableSqlite(where, concurrency=concurrency, timeout_s=timeout_s)
        return SqliteDatabase(where, concurrency=concurrency, timeout_s=timeout_s)

    def refusal(self, error: DBAPIError) -> Refusal | None:
        return refusal(error)

    def column(self, column: Any) -> SqlColumn:
        known = scalar_of(column.type)
        if known is None:
            reason = "the column has no declared type that is known; its values are served as JSON"
            return SqlColumn(column, self, Scalar.JSON, types.NullType(), degraded=reason)
        return SqlColumn(column, self, known, types.NullType())

    def reflect(self, connection: Connection, metadata: MetaData, schema: str | None, listed: Sequence[str]) -> None:
        # SQLite keeps views whose tables are gone, and fails the whole reflection when one is looked at.
        for table in listed:
            try:
                metadata.reflect(connection, schema=schema, views=True, only=[table], resolve_fks=False)
            except DBAPIError as error:
                if getattr(error.orig, "sqlite_errorname", "") != "SQLITE_ERROR":
                    raise

    def nullable(self, column: SqlColumn, key: Sequence[str]) -> bool:
        # SQLite calls the column of a row's number nullable and never stores a null there.
        return super().nullable(column, key) and not _is_row_number(column, key)

    def fills(self, column: SqlColumn, key: Sequence[str]) -> bool:
        return super().fills(column, key) or _is_row_number(column, key)

    def selected(self, column: SqlColumn) -> Expression:
        return type_coerce(column.column, types.NullType())

    def compared(self, column: SqlColumn) -> Expression:
        return _spelled(column, type_coerce(column.column, types.NullType()))

    def bound(self, column: SqlColumn, value: object) -> Expression:
        bound: Expression = bindparam(None, value, type_=column.bound_as, unique=True)
        if column.scalar is Scalar.DECIMAL:
            return cast(bound, types.NUMERIC())
        return _spelled(column, bound)

    def fit(self, column: SqlColumn, value: object) -> object:
        return stored(super().fit(column, value))

    def writable(self, column: SqlColumn) -> bool:
        return not column.generated

    def kept(self, column: SqlColumn, value: object) -> object:
        return loose(value) if column.degraded else exact(kept(column, value))

    def argument(self, column: SqlColumn, value: object) -> object:
        if column.scalar is Scalar.DATE_TIME:
            # As its own functions write them, without a fraction where there is none: texts are compared.
            moment = coerce(column, value)
            assert isinstance(moment, datetime)
            return moment.isoformat(" ")
        return self.kept(column, value)

    def describe(
        self, connection: Connection, query: TextClause, values: Mapping[str, object], *, reads: bool
    ) -> Described:
        return describe(connection, query, values, reads=reads)

    def insert(self, table: Table) -> Insert:
        return sqlite.insert(table)

    def upsert(self, insert: Insert, key: Sequence[str], columns: Sequence[str]) -> Insert:
        assert isinstance(insert, sqlite.Insert)
        return insert.on_conflict_do_update(
            index_elements=[insert.table.c[name] for name in key],
            set_={name: insert.excluded[name] for name in columns},
        )

    def reader(self, column: SqlColumn) -> Reader | None:
        return reader(column)

    def place(self, column: SqlColumn, value: object) -> Expression:
        # As it is stored: SQLite orders values of any type, and a spelling would be another order.
        bound: Expression = bindparam(None, value, type_=column.bound_as, unique=True)
        return bound

    def summed(self, column: SqlColumn) -> Expression:
        # SQLite adds decimals as binary fractions: these functions are our own, made at every connection.
        return self._exactly(func.isthmus_sum if column.scalar is Scalar.DECIMAL else func.sum, column)

    def averaged(self, column: SqlColumn) -> Expression:
        return self._exactly(func.avg if column.scalar is Scalar.FLOAT else func.isthmus_avg, column)

    def compared_total(
        self, total: Expression, compare: Callable[[Any, Any], Any], value: Decimal | float
    ) -> Expression:
        # What is exact is text, which has another order than its number has.
        exact_one = isinstance(value, Decimal)
        left = func.isthmus_order(total, str(value), type_=types.Integer()) if exact_one else total
        made: Expression = compare(left, bindparam(None, 0 if exact_one else value, types.NullType(), unique=True))
        return made

    def _exactly(self, function: Any, column: SqlColumn) -> Expression:
        made: Expression = type_coerce(function(self.selected(column)), types.NullType())
        return made

    def among(self, columns: Sequence[SqlColumn], rows: Sequence[tuple[object, ...]]) -> Expression:
        if not any(_wrapped(column) for column in columns):
            return super().among(columns, rows)
        if len(columns) == 1:
            return columns[0].compared().in_([columns[0].bound(row[0]) for row in rows])
        return or_(
            *(and_(*(column.compared() == column.bound(value) for column, value in zip(columns, row, strict=True)))
              for row in rows)
        )  # fmt: skip

    def is_letters(self, column: SqlColumn, texts: Sequence[str]) -> Expression | None:
        return type_coerce(column.column, types.Text()).collate("BINARY").in_(list(texts))

    def like(self, column: SqlColumn, pattern: str, *, ignore_case: bool) -> Expression:
        # LIKE heeds case because the database says so at every connection.
        text: Expression = type_coerce(column.column, types.Text())
        bound: Expression = bindparam(None, pattern, type_=types.Text(), unique=True)
        if ignore_case:
            return func.lower(text).like(func.lower(bound), escape=ESCAPE)
        return text.like(bound, escape=ESCAPE)

    def searched(self, texts: Texts, wanted: Wanted) -> Expression:
        index, matches = _matched(texts.how, wanted)
        found = select(index.c.rowid).where(matches)
        return sql_column("rowid", types.Integer(), _selectable=texts.table).in_(found)

    def relevance(self, texts: Texts, wanted: Wanted) -> Expression:
        index, matches = _matched(texts.how, wanted)
        same = index.c.rowid == sql_column("rowid", types.Integer(), _selectable=texts.table)
        return select(-index.c.rank).where(matches, same).correlate(texts.table).scalar_subquery()

    def search_fault(self, how: Searched) -> str:
        shown = ", ".join(how.columns)
        if not how.index:
            return f"name the FTS5 table with index: one that has {shown} and the row numbers of the table"
        return f'"{how.index}" must be a table made with USING fts5 that has {shown} and the row numbers of the table'


def _matched(how: Searched, wanted: Wanted) -> tuple[TableClause, Expression]:
    """The index, and the condition on it. Every term stands in quotation marks, where no character has a meaning."""
    index = sql_table(
        how.index, sql_column("rowid", types.Integer()), sql_column("rank", types.Float()), sql_column(how.index)
    )
    ways = []
    for way in wanted.ways:
        there, without = (
            [f'"{" ".join(term.words)}"' for term in way if term.without is wanted_not] for wanted_not in (False, True)
        )
        ways.append("(" + " AND ".join(there) + ")" + "".join(f" NOT {each}" for each in without))
    named = " ".join('"' + name.replace('"', '""') + '"' for name in how.columns)
    asked = f"{{{named}}} : ({' OR '.join(f'({way})' for way in ways)})"
    bound = bindparam(None, asked, type_=types.Text(), unique=True)
    return index, index.c[how.index].op("MATCH")(bound)


def _is_row_number(column: SqlColumn, key: Sequence[str]) -> bool:
    return tuple(key) == (column.name,) and isinstance(column.column.type, types.INTEGER)


def _wrapped(column: SqlColumn) -> bool:
    """SQLite has no such type: its values are brought to one spelling before they are compared."""
    return column.scalar in _FORMATS or column.scalar in {Scalar.UUID, Scalar.DECIMAL}


def _spelled(column: SqlColumn, expression: Expression) -> Expression:
    spelling = _FORMATS.get(column.scalar)
    if spelling is not None:
        return func.strftime(spelling, expression)
    if column.scalar is Scalar.UUID:
        return func.lower(func.replace(expression, "-", ""))
    return expression
