"""UPDATE and DELETE: of the row that a key names, or of those that fulfil a condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Select, Update, literal_column, select
from sqlalchemy import delete as delete_from
from sqlalchemy import update as update_table

from resolvers.errors import BadRequest
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.reading import named_rows
from resolvers.sql.writing.changed import Changed, chunks, given_back, gives_back, rows_by_key
from resolvers.sql.writing.conflicts import stale
from resolvers.sql.writing.target import Target
from resolvers.sql.writing.values import Values


@dataclass(frozen=True, slots=True)
class Alteration:
    """``by``: what names one row, empty for many. ``fulfils``: the condition on it, or on those. ``columns``: what is
    asked of the rows. ``most``: how many there may be.
    """

    by: tuple[Expression, ...]
    fulfils: Expression | None
    columns: tuple[SqlColumn, ...]
    most: int

    @property
    def conditions(self) -> list[Expression]:
        return [*self.by, *([self.fulfils] if self.fulfils is not None else [])]


def update(
    catalogue: Catalogue, target: Target, alteration: Alteration, row: Mapping[str, object]
) -> Callable[[Connection], Changed]:
    """Gives the values of ``row``, which fit, to the rows."""
    values = Values(target, tuple(row))
    parameters = values.parameters(row)
    statement: Update = update_table(target.table).where(*alteration.conditions).values(values.expressions)
    back = gives_back(catalogue, target.served, alteration.columns)

    def work(connection: Connection) -> Changed:
        if alteration.columns and not connection.dialect.update_returning:
            return _updated_by_key(connection, catalogue, target, alteration, row)
        affected, rows = _altered(connection, statement, parameters, back, alteration.most)
        if not affected:
            _check_stale(connection, target, alteration)
        if affected > alteration.most:
            return Changed(affected, [])
        return Changed(affected, given_back(connection, catalogue, target.served, alteration.columns, rows))

    return work


def _updated_by_key(
    connection: Connection, catalogue: Catalogue, target: Target, alteration: Alteration, row: Mapping[str, object]
) -> Changed:
    """Where an UPDATE gives nothing back: the rows are found and locked, changed by their keys, and read again."""
    served = target.served
    if not served.key:
        raise BadRequest(f"rows of {served.name} have no key by which they could be given back: ask for affected alone")
    parts = [served.columns[name] for name in served.key]
    found: Select[Any] = select(*(part.selected() for part in parts)).select_from(target.table)
    locked = found.where(*alteration.conditions).limit(alteration.most + 1).with_for_update()
    keys = [tuple(key) for key in connection.execute(locked)]
    if not keys:
        _check_stale(connection, target, alteration)
    if not keys or len(keys) > alteration.most:
        return Changed(len(keys), [])
    values = Values(target, tuple(row))
    for chunk in chunks(keys):
        among = catalogue.dialect.among(parts, chunk)
        statement: Update = update_table(target.table).where(among).values(values.expressions)
        connection.execute(statement, values.parameters(row))
    moved = [tuple(row.get(name, value) for name, value in zip(served.key, key, strict=True)) for key in keys]
    now = rows_by_key(connection, catalogue, served, alteration.columns, moved)
    return Changed(len(keys), named_rows(alteration.columns, list(now.values())))


def delete(_: Catalogue, target: Target, alteration: Alteration) -> Callable[[Connection], Changed]:
    """Deletes the rows, and gives them as they were."""
    statement: Delete = delete_from(target.table).where(*alteration.conditions)

    def work(connection: Connection) -> Changed:
        affected, rows = _altered(connection, statement, {}, alteration.columns, alteration.most)
        if not affected:
            _check_stale(connection, target, alteration)
        return Changed(affected, named_rows(alteration.columns, rows) if alteration.columns else [])

    return work


def _altered(
    connection: Connection,
    statement: Update | Delete,
    parameters: dict[str, object],
    back: Sequence[SqlColumn],
    most: int,
) -> tuple[int, Sequence[Sequence[Any]]]:
    """How many rows, and what is asked of them. One more than ``most`` tells that there are too many."""
    if not back:
        return connection.execute(statement, parameters).rowcount, ()
    result = connection.execute(statement.returning(*(column.selected() for column in back)), parameters)
    rows = result.fetchmany(most + 1)
    result.close()
    return len(rows), rows


def _check_stale(connection: Connection, target: Target, alteration: Alteration) -> None:
    """Tells a row that is not there from one that does not fulfil what it should.

    Raises:
        Conflict: the row is there.
    """
    if alteration.by and alteration.fulfils is not None:
        there: Select[Any] = select(literal_column("1")).select_from(target.table).where(*alteration.by).limit(1)
        if connection.execute(there).first() is not None:
            raise stale()
