"""Reading one field of all rows of a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import cast


def read(rows: Sequence[object], key: str) -> Sequence[object]:
    """One value of every row; ``None`` where a row has none, or is no row."""
    try:
        return list(map(itemgetter(key), cast("Sequence[dict[str, object]]", rows)))
    except (KeyError, TypeError, IndexError):
        return [row.get(key) if isinstance(row, Mapping) else None for row in rows]
