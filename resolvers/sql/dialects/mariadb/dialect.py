"""How MariaDB and MySQL differ: collations that ignore case, no NULLS FIRST, numbers of failures instead of states."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, MetaData, TextClause, and_, bindparam, func, literal_column, types
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import type_coerce

from resolvers.errors import SourceBadResponse, SourceRejected, SourceTimeout, SourceUnavailable
from resolvers.model import Scalar
from resolvers.sql.column import Expression, Reader, SqlColumn, SqlType
from resolvers.sql.dialects.declared import DeclaredRoutine
from resolvers.sql.dialects.described import Described, TypeName
from resolvers.sql.dialects.dialect import ESCAPE, Address, Database, Dialect, Nulls, bad_address
from resolvers.sql.dialects.grammar import Grammar
from resolvers.sql.dialects.mariadb.catalogue import reflect_schema
from resolvers.sql.dialects.mariadb.columns import served_column
from resolvers.sql.dialects.mariadb.database import MariaDbDatabase
from resolvers.sql.dialects.mariadb.described import describe
from resolvers.sql.dialects.mariadb.functions import functions
from resolvers.sql.dialects.mariadb.refusals import refusal
from resolvers.sql.dialects.mariadb.types import Geometry
from resolvers.sql.dialects.mariadb.values import reader, sent, stored
from resolvers.sql.dialects.search import Searched, Texts, Wanted
from resolvers.sql.dialects.violations import Refusal

_NO_TLS, _UNVERIFIED, _VERIFIED = {"disable", "false"}, {"require"}, {"true", "verify-full"}

_TYPES: Mapping[Scalar, SqlType] = {
    Scalar.INT: mysql.INTEGER(),
    Scalar.BIG_INT: mysql.BIGINT(),
    Scalar.BOOLEAN: mysql.TINYINT(display_width=1),
    Scalar.DATE_TIME: mysql.DATETIME(fsp=6),
    Scalar.TIME: mysql.TIME(fsp=6),
    Scalar.JSON: mysql.JSON(),
}


class MariaDb(Dialect):
    name = "mariadb"
    drivers = ("mariadb", "mysql", "mariadb+asyncmy", "mysql+asyncmy")
    form = "mariadb://user:password@host/name"
    codes = (
        ("1969", SourceTimeout),  # max_statement_time of MariaDB
        ("3024", SourceTimeout),  # max_execution_time of MySQL
        ("1205", SourceTimeout),  # a lock was waited for too long
        ("1213", SourceTimeout),  # a deadlock
        ("1317", SourceTimeout),  # the statement was interrupted
        ("1142", SourceRejected),  # no privilege on a table
        ("1143", SourceRejected),  # no privilege on a column
        ("1370", SourceRejected),  # no privilege on a routine
        ("1644", SourceRejected),  # signalled by a routine or a trigger
        ("1792", SourceRejected),  # a read that would change something
        ("1040", SourceUnavailable),  # too many connections
        ("1044", SourceUnavailable),  # the server does not let us into the database
        ("1045", SourceUnavailable),  # the server does not let us in
        ("1049", SourceUnavailable),  # no such database any more
        ("1053", SourceUnavailable),  # the server is shutting down
        ("1129", SourceUnavailable),  # this host is blocked
        ("1203", SourceUnavailable),  # the user has too many connections
        ("1226", SourceUnavailable),  # the user has used up what it may
        ("1927", SourceUnavailable),  # the connection was killed
        ("20", SourceUnavailable),  # what the driver itself says: the connection is gone
        ("1054", SourceBadResponse),  # a column that was there when the catalogue was read
        ("1146", SourceBadResponse),  # likewise a table
        ("1356", SourceBadResponse),  # a view whose tables are gone
    )

    grammar = Grammar(strings="'\"", names="`", backslash=True, hash=True)
    types = {"Geometry": Geometry}  # noqa: RUF012  # declared a class variable above

    def address(self, url: URL, base: Path) -> Address:
        connect: dict[str, object] = {}
        tls, authority = "", None
        for key, value in url.query.items():
            if key in {"ssl", "sslmode"} and value in _NO_TLS | _UNVERIFIED | _VERIFIED:
                tls = str(value)
            elif key == "ssl_ca" and isinstance(value, str):
                authority = base / value
            else:
                raise bad_address(f'the URL parameter "{key}" is not supported yet', "leave it out")
        if authority is not None or tls in _UNVERIFIED | _VERIFIED:
            connect["ssl"] = _context(authority, verified=tls not in _UNVERIFIED)
        if not url.database:
            raise bad_address("the URL names no database", f"write {self.form}")
        return Address(url.set(drivername="mysql+asyncmy", query={}), connect)

    def open(self, where: Address, *, concurrency: int, timeout_s: float, writes: bool = False) -> Database:  # noqa: ARG002  # a read-only transaction changes nothing
        return MariaDbDatabase(where, concurrency=concurrency, timeout_s=timeout_s)

    def column(self, column: Any) -> SqlColumn:
        return served_column(column, self)

    def reflect(self, connection: Connection, metadata: MetaData, schema: str | None, listed: Sequence[str]) -> None:
        reflect_schema(connection, metadata, schema, listed)

    def selected(self, column: SqlColumn) -> Expression:
        if isinstance(column.column.type, Geometry):
            return func.ST_AsText(column.column)
        if column.degraded:
            return func.convert(column.column, literal_column("CHAR"))
        plain: Expression = type_coerce(column.column, types.NullType())
        # The text of a number of single precision has six digits of the seven or eight that it may need.
        return plain + literal_column("0e0") if isinstance(column.column.type, mysql.FLOAT) else plain

    def compared(self, column: SqlColumn) -> Expression:
        plain: Expression = type_coerce(column.column, types.NullType())
        # Every number but 0 is true, also 7.
        return plain != literal_column("0") if column.scalar is Scalar.BOOLEAN else plain

    def fit(self, column: SqlColumn, value: object) -> object:
        return sent(column, super().fit(column, value))

    def kept(self, column: SqlColumn, value: object) -> object:
        return stored(column, super().kept(column, value))

    def refusal(self, error: DBAPIError) -> Refusal | None:
        return refusal(error)

    def reader(self, column: SqlColumn) -> Reader | None:
        return reader(column)

    def placed(self, column: SqlColumn) -> Expression:
        if column.enum is not None:
            # ORDER BY counts the values of an enumeration, a comparison reads their texts.
            return type_coerce(column.column, types.Integer()) + literal_column("0")
        return self.selected(column)

    def place(self, column: SqlColumn, value: object) -> Expression:
        bound: Expression = bindparam(None, value, type_=types.NullType(), unique=True)
        return bound if column.enum is not None else super().place(column, value)

    def plain_type(self, scalar: Scalar) -> TypeName:
        return TypeName(_TYPES.get(scalar) or super().plain_type(scalar).type, "")

    def functions(self, connection: Connection, schemas: Sequence[str]) -> Sequence[DeclaredRoutine]:
        return functions(connection, schemas)

    def describe(
        self, connection: Connection, query: TextClause, values: Mapping[str, object], *, reads: bool
    ) -> Described:
        return describe(connection, query, values, reads=reads)

    def is_letters(self, column: SqlColumn, texts: Sequence[str]) -> Expression | None:
        # By no collation: whether one heeds spaces at the end hangs on the server.
        text: Expression = type_coerce(column.column, types.Text())
        written: Expression = func.hex(func.convert(text.op("USING")(literal_column("utf8mb4"))))
        return written.in_([each.encode().hex().upper() for each in texts])

    def like(self, column: SqlColumn, pattern: str, *, ignore_case: bool) -> Expression:
        # Collations mostly ignore case, and accents with it: the pattern is held against the letters themselves.
        text: Expression = type_coerce(column.column, types.Text())
        bound: Expression = bindparam(None, pattern, type_=types.Text(), unique=True)
        exact: Expression = func.convert(text.op("USING")(literal_column("utf8mb4"))).collate("utf8mb4_bin")
        if ignore_case:
            return func.lower(exact).like(func.lower(bound), escape=ESCAPE)
        # What the collation finds is all of it and more, and by an index where the pattern begins with letters.
        return and_(text.like(bound, escape=ESCAPE), exact.like(bound, escape=ESCAPE))

    def searched(self, texts: Texts, wanted: Wanted) -> Expression:
        return _match(texts, wanted) > literal_column("0")

    def relevance(self, texts: Texts, wanted: Wanted) -> Expression:
        return _match(texts, wanted)

    def search_fault(self, how: Searched) -> str:
        return f"name the columns of one FULLTEXT index, or make it: FULLTEXT ({', '.join(how.columns)})"

    def ordered(self, expression: Expression, *, descending: bool, nulls: Nulls | None) -> list[Expression]:
        ordered: Expression = expression.desc() if descending else expression.asc()
        if nulls is None:
            return [ordered]
        empty = expression.is_(None)
        return [empty.desc() if nulls == "first" else empty.asc(), ordered]


def _match(texts: Texts, wanted: Wanted) -> Expression:
    # Every term stands in quotation marks, where no character has a meaning.
    ways = [" ".join(f'{"-" if term.without else "+"}"{" ".join(term.words)}"' for term in way) for way in wanted.ways]
    asked = ways[0] if len(ways) == 1 else " ".join(f"({way})" for way in ways)
    bound = bindparam(None, asked, type_=types.Text(), unique=True)
    made: Expression = mysql.match(
        *(texts.columns[name].column for name in texts.how.columns), against=bound
    ).in_boolean_mode()
    return made


def _context(authority: Path | None, *, verified: bool) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=authority)
    except OSError:
        raise bad_address("the file of ssl_ca cannot be read", "name a file of certificates (PEM)") from None
    if not verified:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
