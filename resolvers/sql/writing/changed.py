"""``Changed``: what became of a change, and how rows are read again that triggers may have changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import SqlColumn
from resolvers.sql.reading import named_rows

_CHUNK = 500
"""Keys in one statement: some databases write a condition for each."""


@dataclass(frozen=True, slots=True)
class Changed:
    """``rows``: those that were changed, with the columns that were asked for; empty where none were."""

    affected: int
    rows: list[dict[str, object]]


def gives_back(catalogue: Catalogue, served: Served, columns: Sequence[SqlColumn]) -> tuple[SqlColumn, ...]:
    """What a statement gives back of rows that stay: what is asked for, behind the key where they are read again."""
    if columns and _is_read_again(catalogue, served):
        return (*(served.columns[name] for name in served.key), *columns)
    return tuple(columns)


def given_back(
    connection: Connection,
    catalogue: Catalogue,
    served: Served,
    columns: Sequence[SqlColumn],
    rows: Sequence[Sequence[Any]],
) -> list[dict[str, object]]:
    """The rows of a statement that gave what ``gives_back`` says, as they are now."""
    if not columns or not _is_read_again(catalogue, served):
        return named_rows(columns, rows) if columns else []
    keys = [tuple(row[: len(served.key)]) for row in rows]
    now = rows_by_key(connection, catalogue, served, columns, keys)
    return named_rows(columns, [now.get(key, row[len(key) :]) for key, row in zip(keys, rows, strict=True)])


def rows_by_key(
    connection: Connection,
    catalogue: Catalogue,
    served: Served,
    columns: Sequence[SqlColumn],
    keys: Sequence[tuple[Any, ...]],
) -> dict[tuple[Any, ...], Sequence[Any]]:
    """Key → the row's values, for rows that are there. ``keys``: values as the driver gave them."""
    parts = [served.columns[name] for name in served.key]
    asked = [*(part.selected() for part in parts), *(column.selected() for column in columns)]
    found: dict[tuple[Any, ...], Sequence[Any]] = {}
    whole = [key for key in keys if None not in key]
    for chunk in chunks(whole):
        among = catalogue.dialect.among(parts, chunk)
        for row in connection.execute(select(*asked).select_from(served.table).where(among)):
            found[tuple(row[: len(parts)])] = row[len(parts) :]
    return found


def chunks(keys: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The keys in parts, each small enough for one statement."""
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


def _is_read_again(catalogue: Catalogue, served: Served) -> bool:
    return catalogue.dialect.reads_again and bool(served.key)
