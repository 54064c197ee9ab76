"""How PostgreSQL differs: arrays as one parameter, enumerated types, domains, and SQLSTATEs of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    FromClause,
    Insert,
    MetaData,
    Table,
    TextClause,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
    types,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import type_coerce

from resolvers.errors import SourceBadResponse, SourceRejected, SourceTimeout, SourceUnavailable
from resolvers.model import Scalar
from resolvers.sql.column import Expression, Reader, SqlColumn
from resolvers.sql.dialects.declared import DeclaredRoutine
from resolvers.sql.dialects.described import Described, TypeName
from resolvers.sql.dialects.dialect import Address, Database, Dialect, Nulls, bad_address
from resolvers.sql.dialects.grammar import Grammar
from resolvers.sql.dialects.postgresql.catalogue import mark_structured, partitions
from resolvers.sql.dialects.postgresql.columns import is_structured, plain_type, reader, served_column
from resolvers.sql.dialects.postgresql.database import PostgreSqlDatabase
from resolvers.sql.dialects.postgresql.described import describe
from resolvers.sql.dialects.postgresql.domains import limit_domains
from resolvers.sql.dialects.postgresql.functions import functions
from resolvers.sql.dialects.postgresql.refusals import refusal, sqlstate
from resolvers.sql.dialects.postgresql.types import Structured
from resolvers.sql.dialects.search import Searched, Texts, Wanted
from resolvers.sql.dialects.violations import Refusal
from resolvers.sql.values import Unfit

_NAMES = {
    Scalar.STRING: "text",
    Scalar.ID: "text",
    Scalar.INT: "integer",
    Scalar.BIG_INT: "bigint",
    Scalar.FLOAT: "double precision",
    Scalar.DECIMAL: "numeric",
    Scalar.BOOLEAN: "boolean",
    Scalar.DATE_TIME: "timestamp with time zone",
    Scalar.DATE: "date",
    Scalar.TIME: "time",
    Scalar.UUID: "uuid",
    Scalar.BASE64: "bytea",
    Scalar.JSON: "jsonb",
}


class PostgreSql(Dialect):
    name = "postgresql"
    drivers = ("postgresql", "postgres", "postgresql+asyncpg")
    form = "postgresql://user:password@host/name"
    max_parameters = None
    grammar = Grammar(dollar=True, nested=True, marks=r"\$\d+")
    arrays = True
    search_settings = frozenset({"language", "vector"})
    # One that has replayed all that it received is up to date as long as it is connected, however long ago that was.
    lag = (
        "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0"
        " WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver)"
        " THEN 0"
        " ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END"
    )
    types = {"Structured": Structured}  # noqa: RUF012  # declared a class variable above
    codes = (
        ("57014", SourceTimeout),  # query_canceled: the statement's time ran out
        ("55P03", SourceTimeout),  # lock_not_available
        ("25P03", SourceTimeout),  # idle_in_transaction_session_timeout
        ("42501", SourceRejected),  # insufficient_privilege
        ("25006", SourceRejected),  # a read that would change something
        ("P0", SourceRejected),  # raised by a function or a trigger
        ("28", SourceUnavailable),  # the server does not let us in
        ("3D", SourceUnavailable),  # no such database any more
        ("57P", SourceUnavailable),  # the server is shutting down or starting
        ("08", SourceUnavailable),  # connection lost
        ("53", SourceUnavailable),  # too many connections, no memory, disk full
        ("22", SourceBadResponse),  # a value in the data that an expression of a view cannot take
        ("42", SourceBadResponse),  # a table or column that was there when the catalogue was read
    )

    def address(self, url: URL, base: Path) -> Address:  # noqa: ARG002  # a file's base is none of a server's
        connect: dict[str, object] = {}
        for key, value in url.query.items():
            if key in {"ssl", "sslmode"} and isinstance(value, str):
                connect["ssl"] = value
            elif key == "application_name" and isinstance(value, str):
                connect["server_settings"] = {"application_name": value}
            else:
                raise bad_address(f'the URL parameter "{key}" is not supported yet', "leave it out")
        return Address(url.set(drivername="postgresql+asyncpg", query={}), connect)

    def open(self, where: Address, *, concurrency: int, timeout_s: float, writes: bool = False) -> Database:  # noqa: ARG002  # a read-only transaction changes nothing
        return PostgreSqlDatabase(where, concurrency=concurrency, timeout_s=timeout_s)

    def column(self, column: Any) -> SqlColumn:
        return served_column(column, self)

    def reflect(self, connection: Connection, metadata: MetaData, schema: str | None, listed: Sequence[str]) -> None:
        metadata.reflect(connection, schema=schema, views=True, resolve_fks=False, only=list(listed))
        mark_structured(connection, metadata, schema)
        limit_domains(connection, metadata)

    def aside(self, connection: Connection, schema: str | None) -> Mapping[str, str]:
        return partitions(connection, schema)

    def materialized(self, inspector: Inspector, schema: str | None) -> list[str]:
        return list(inspector.get_materialized_view_names(schema))

    def selected(self, column: SqlColumn) -> Expression:
        if is_structured(column):
            return func.to_jsonb(column.column, type_=postgresql.JSONB())
        if column.degraded:
            return cast(column.column, types.Text())
        return type_coerce(column.column, plain_type(column.column.type))

    def nulls(self, *, descending: bool) -> Nulls:
        return "first" if descending else "last"

    def bound(self, column: SqlColumn, value: object) -> Expression:
        bound = super().bound(column, value)
        # The driver binds every float in double precision, and 0.1 of that is not the 0.1 of a real.
        return cast(bound, types.REAL()) if isinstance(column.bound_as, types.REAL) else bound

    def reader(self, column: SqlColumn) -> Reader | None:
        return reader(column)

    def gave_way(self, error: Exception) -> bool:
        return isinstance(error, DBAPIError) and sqlstate(error) == "40001"  # a conflict with recovery

    def refusal(self, error: DBAPIError) -> Refusal | None:
        return refusal(error)

    def writable(self, column: SqlColumn) -> bool:
        # What is read as text is written as text, which the database itself takes apart.
        unknown = column.degraded and isinstance(column.column.type, types.NullType)
        return not (column.generated or unknown or is_structured(column))

    def kept(self, column: SqlColumn, value: object) -> object:
        if column.degraded and not isinstance(value, str):
            raise Unfit("takes text")
        return super().kept(column, value)

    def keeping(self, column: SqlColumn, name: str) -> Expression:
        if column.array:
            return bindparam(name, type_=postgresql.ARRAY(column.bound_as))
        if column.degraded or column.scalar is Scalar.JSON:
            return cast(bindparam(name, type_=types.Text()), plain_type(column.column.type))
        bound = super().keeping(column, name)
        return cast(bound, types.REAL()) if isinstance(column.bound_as, types.REAL) else bound

    def plain_type(self, scalar: Scalar) -> TypeName:
        return TypeName(super().plain_type(scalar).type, _NAMES[scalar])

    def functions(self, connection: Connection, schemas: Sequence[str]) -> Sequence[DeclaredRoutine]:
        return functions(connection, schemas)

    def describe(
        self,
        connection: Connection,
        query: TextClause,
        values: Mapping[str, object],  # noqa: ARG002  # it needs none
        *,
        reads: bool,  # noqa: ARG002  # it describes what changes something, too
    ) -> Described:
        return describe(connection, query)

    def insert(self, table: Table) -> Insert:
        return postgresql.insert(table)

    def upsert(self, insert: Insert, key: Sequence[str], columns: Sequence[str]) -> Insert:
        assert isinstance(insert, postgresql.Insert)
        return insert.on_conflict_do_update(
            index_elements=[insert.table.c[name] for name in key],
            set_={name: insert.excluded[name] for name in columns},
        )

    def is_letters(self, column: SqlColumn, texts: Sequence[str]) -> Expression | None:
        # citext, and collations that are not deterministic, which none but a stated one is.
        if "casefold" not in column.compare and getattr(column.column.type, "collation", None) is None:
            return None
        return cast(column.column, types.Text()).collate("C").in_(list(texts))

    def searched(self, texts: Texts, wanted: Wanted) -> Expression:
        vector = _vector(texts)
        found: Expression = vector.bool_op("@@")(_query(texts.how, wanted))
        return and_(vector.is_not(None), found) if texts.how.vector else found  # never unknown

    def relevance(self, texts: Texts, wanted: Wanted) -> Expression:
        return func.ts_rank(_vector(texts), _query(texts.how, wanted), type_=types.REAL())

    def search_fault(self, how: Searched) -> str:
        return f'name columns of texts, and as language a configuration that there is (\\dF); it was "{how.language}"'

    def among(self, columns: Sequence[SqlColumn], rows: Sequence[tuple[object, ...]]) -> Expression:
        # An array is one parameter: the statement, and so its plan, is the same for any number of keys.
        arrays = _arrays(columns, rows)
        if len(columns) == 1:
            return columns[0].compared() == any_(arrays[0])
        keys = func.unnest(*arrays).table_valued(*_names(columns)).render_derived(name="keys")
        return tuple_(*(column.compared() for column in columns)).in_(
            select(*(keys.c[name] for name in _names(columns)))
        )

    def keys(
        self, columns: Sequence[SqlColumn], rows: Sequence[tuple[object, ...]]
    ) -> tuple[FromClause, Expression] | None:
        keys = func.unnest(*_arrays(columns, rows)).table_valued(*_names(columns)).render_derived(name="isthmus_keys")
        pairs = zip(columns, _names(columns), strict=True)
        return keys, and_(*(column.compared() == keys.c[name] for column, name in pairs))


def _vector(texts: Texts) -> Expression:
    """What is searched. An index of the same expression is used: nothing in it is a parameter."""
    how = texts.how
    if how.vector:
        return texts.columns[how.vector].column
    first, *others = [func.coalesce(texts.columns[name].column, literal_column("''")) for name in how.columns]
    together: Expression = first
    for text in others:
        together = together.op("||")(literal_column("' '")).op("||")(text)
    return func.to_tsvector(_language(how), together)


def _query(how: Searched, wanted: Wanted) -> Expression:
    # It takes any text, and never complains about one.
    bound = bindparam(None, wanted.text, type_=types.Text(), unique=True)
    return func.websearch_to_tsquery(_language(how), cast(bound, types.Text()))


def _language(how: Searched) -> Expression:
    return literal_column(f"'{how.language or 'simple'}'::regconfig")  # the settings let only letters through


def _names(columns: Sequence[SqlColumn]) -> list[str]:
    return [f"k{index}" for index in range(len(columns))]


def _arrays(columns: Sequence[SqlColumn], rows: Sequence[tuple[object, ...]]) -> list[Expression]:
    return [
        bindparam(None, [row[index] for row in rows], type_=postgresql.ARRAY(column.bound_as), unique=True)
        for index, column in enumerate(columns)
    ]
