"""Rows that stand for those of a database, put into a SQLite file of their own, which then is asked.

The file has the tables of the catalogue, each column of a type that SQLite serves as the same. What the database itself
keeps (checks, triggers, defaults) it does not have.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from resolvers.model import Scalar
from resolvers.problem import ConfigurationError, Problem, nearest
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Reader, SqlColumn
from resolvers.sql.dialects import Sqlite
from resolvers.sql.values import Unfit, coerce
from resolvers.stage import Fixture

_TYPES: Mapping[Scalar, str] = {
    Scalar.STRING: "TEXT",
    Scalar.ID: "TEXT",
    Scalar.INT: "INTEGER",
    Scalar.BIG_INT: "BIGINT",
    Scalar.FLOAT: "DOUBLE",
    Scalar.BOOLEAN: "BOOLEAN",
    Scalar.DATE_TIME: "TIMESTAMP",
    Scalar.DATE: "DATE",
    Scalar.TIME: "TIME",
    Scalar.UUID: "UUID",
    Scalar.BASE64: "BLOB",
    Scalar.JSON: "JSON",
}


class PlayedDialect(Sqlite):
    """SQLite in the place of a database that keeps the digits after the point of its decimals."""

    def reader(self, column: SqlColumn) -> Reader | None:
        """As ``Dialect.reader``."""
        scale = getattr(column.column.type, "scale", None)
        read = super().reader(column)
        if column.scalar is not Scalar.DECIMAL or scale is None or read is None:
            return read
        unit, inner = Decimal(1).scaleb(-scale), read

        def exact(value: object) -> object:
            found = inner(value)
            try:
                return found.quantize(unit) if isinstance(found, Decimal) else found
            except InvalidOperation:
                return found

        return exact


def write(path: Path, known: Catalogue, fixture: Fixture, source: str) -> None:
    """Makes the file.

    Raises:
        ConfigurationError: a table or column that the catalogue does not have, or a value that its column cannot hold.
    """
    served = tables(known)
    problems = list(_unknown(served, fixture, source))
    with closing(sqlite3.connect(path)) as connection:
        for each in served.values():
            connection.execute(_created(each, served))
        for name, rows in fixture.items():
            if name in served:
                problems += _filled(connection, served[name], rows, ("tables", name))
        if problems:
            raise ConfigurationError(problems)
        connection.commit()


def tables(known: Catalogue) -> dict[str, Served]:
    """The tables and views of a catalogue by the names that they are served by."""
    return {access.served.name: access.served for access in known.access.values()}


def _unknown(served: Mapping[str, Served], fixture: Fixture, source: str) -> Iterator[Problem]:
    for name in fixture:
        if name not in served:
            where = ("tables", name)
            yield Problem(f'"{source}" has no table "{name}"', where, nearest(name, served))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _type(column: SqlColumn) -> str:
    if column.array or (column.degraded and column.scalar is Scalar.JSON):
        return "JSON"
    if column.enum is not None:
        return "TEXT"
    if column.scalar is Scalar.DECIMAL:
        precision, scale = (getattr(column.column.type, fact, None) for fact in ("precision", "scale"))
        return f"NUMERIC({precision}, {scale})" if precision and scale is not None else "NUMERIC"
    return _TYPES[column.scalar]


def _created(each: Served, served: Mapping[str, Served]) -> str:
    parts = [f"{_quoted(name)} {_type(column)}" for name, column in each.columns.items()]
    if each.key:
        parts.append(f"PRIMARY KEY ({', '.join(map(_quoted, each.key))})")
    table = each.table
    if isinstance(table, Table):
        for constraint in table.foreign_key_constraints:
            targets = [element.target_fullname.rpartition(".") for element in constraint.elements]
            there = next((name for name, other in served.items() if _is_called(other, targets[0][0])), None)
            columns = list(constraint.column_keys)
            if there is not None and set(columns) <= each.columns.keys():
                ours, theirs = (", ".join(map(_quoted, names)) for names in (columns, [name for _, _, name in targets]))
                parts.append(f"FOREIGN KEY ({ours}) REFERENCES {_quoted(there)} ({theirs})")
    return f"CREATE TABLE {_quoted(each.name)} ({', '.join(parts)})"


def _is_called(served: Served, name: str) -> bool:
    return getattr(served.table, "fullname", served.name) == name


def _filled(
    connection: sqlite3.Connection, served: Served, rows: Sequence[Mapping[str, object]], where: tuple[Any, ...]
) -> list[Problem]:
    problems = []
    for number, row in enumerate(rows):
        unknown = [name for name in row if name not in served.columns]
        problems += [
            Problem(f'"{served.name}" has no column "{name}"', (*where, number, name), nearest(name, served.columns))
            for name in unknown
        ]
        values = {}
        for name in row.keys() - set(unknown):
            try:
                values[name] = _stored(served.columns[name], row[name])
            except Unfit as error:
                problems.append(Problem(f"{name} {error}", (*where, number, name)))
        if problems:
            continue
        columns = ", ".join(map(_quoted, values))
        places = ", ".join("?" * len(values))
        try:
            connection.execute(f"INSERT INTO {_quoted(served.name)} ({columns}) VALUES ({places})", [*values.values()])  # noqa: S608  # names are quoted
        except sqlite3.IntegrityError:
            problems.append(Problem(f'two rows of "{served.name}" have one key', (*where, number)))
    return problems


def _stored(column: SqlColumn, value: object) -> object:
    """A value as the file keeps it.

    Raises:
        Unfit: the column cannot hold it.
    """
    if value is None:
        return None
    if column.array or column.scalar is Scalar.JSON:
        return json.dumps(value)
    if column.scalar is Scalar.BASE64:
        return base64.b64decode(str(value))
    if column.enum is None and column.scalar in {Scalar.STRING, Scalar.ID} and not isinstance(value, str):
        raise Unfit("takes a text: put it into quotes")
    made = coerce(column, value)
    if isinstance(made, bool):
        return int(made)
    if isinstance(made, int | float | str):
        return made
    return format(made, "f") if isinstance(made, Decimal) else str(made)
