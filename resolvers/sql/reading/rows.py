"""Rows as a driver gives them become rows by the names of columns, with values of the neutral form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from resolvers.sql.column import SqlColumn


def named_rows(
    columns: Sequence[SqlColumn], rows: Sequence[Sequence[Any]], *, further: bool = False
) -> list[dict[str, object]]:
    """``columns``: what each place of a row holds. ``further``: there are more places, which are left out."""
    names = [column.name for column in columns]
    found = [dict(zip(names, row, strict=not further)) for row in rows]
    for column in columns:
        read = column.reader()
        if read is not None:
            name = column.name
            for row in found:
                if row[name] is not None:
                    row[name] = read(row[name])
    return found
