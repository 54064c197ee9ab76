"""INSERT: rows that give the same columns are one statement, as many rows in each as it may have parameters.

SQLAlchemy makes the statements of many rows; what stands in them is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Insert, Select, literal_column, select

from resolvers.sql.catalogue import Catalogue
from resolvers.sql.column import SqlColumn
from resolvers.sql.writing.altering import Alteration, update
from resolvers.sql.writing.changed import Changed, given_back, gives_back
from resolvers.sql.writing.target import Target
from resolvers.sql.writing.values import Values

Row = Mapping[str, object]


def insert(
    catalogue: Catalogue, target: Target, rows: Sequence[Row], columns: Sequence[SqlColumn]
) -> Callable[[Connection], Changed]:
    """Inserts ``rows``, whose values fit, and gives ``columns`` of them."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(name for name in target.inputs if name in row), []).append(row)

    def work(connection: Connection) -> Changed:
        given: list[Sequence[Any]] = []
        for names, members in groups.items():
            values = Values(target, names)
            statement = _returning(catalogue, target, _insert(catalogue, target, values), columns)
            parameters = [values.parameters(row) for row in members]
            # Rows of defaults alone (INSERT … DEFAULT VALUES) come one by one.
            batches: list[Any] = [parameters] if names else parameters
            for batch in batches:
                given += connection.execute(statement, batch).all()
        return Changed(len(given), given_back(connection, catalogue, target.served, columns, given))

    return work


def upsert(
    catalogue: Catalogue, target: Target, row: Row, key: Sequence[str], columns: Sequence[SqlColumn]
) -> Callable[[Connection], Changed]:
    """Inserts a row, or gives its values to the row that has its ``key``, and gives ``columns`` of it."""
    values = Values(target, tuple(row))
    # A statement that changes nothing would give no row back.
    changed = [name for name in row if name not in key] or list(key[:1])
    made = catalogue.dialect.upsert(_insert(catalogue, target, values), key, changed)
    if made is None:
        return partial(_upsert_by_look, catalogue, target, row, key, columns)
    statement = _returning(catalogue, target, made, columns)

    def work(connection: Connection) -> Changed:
        given = connection.execute(statement, [values.parameters(row)]).all()
        return Changed(len(given), given_back(connection, catalogue, target.served, columns, given))

    return work


def _upsert_by_look(
    catalogue: Catalogue,
    target: Target,
    row: Row,
    key: Sequence[str],
    columns: Sequence[SqlColumn],
    connection: Connection,
) -> Changed:
    """Where no statement does both: the row is looked for under a lock, then changed or inserted."""
    served = target.served
    by = tuple(part.compared() == part.bound(row[name]) for name in key for part in (served.column(name),))
    there: Select[Any] = select(literal_column("1")).select_from(target.table).where(*by).with_for_update()
    if connection.execute(there).first() is None:
        return insert(catalogue, target, [row], columns)(connection)
    return update(catalogue, target, Alteration(by, None, tuple(columns), 1), row)(connection)


def _insert(catalogue: Catalogue, target: Target, values: Values) -> Insert:
    return catalogue.dialect.insert(target.table).values(values.expressions).inline()


def _returning(catalogue: Catalogue, target: Target, statement: Insert, columns: Sequence[SqlColumn]) -> Insert:
    back = gives_back(catalogue, target.served, columns)
    made: Insert = statement.returning(*([column.selected() for column in back] or [literal_column("1")]))
    return made
