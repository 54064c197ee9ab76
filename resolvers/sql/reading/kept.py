"""Statements that fetch rows by a list of keys, kept as the text that the driver takes: links ask little else.

Making and compiling such a statement cost more than running it. Everything else, and whatever has no such text, is made
anew for each call by ``statements.py``, which also says what is wrong with a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from resolvers.model import Scalar
from resolvers.predicate import In, Page
from resolvers.source import Call
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.column import SqlColumn
from resolvers.sql.dialects import Database, Plain
from resolvers.sql.reading.conditions import fitting
from resolvers.sql.reading.statements import Statement, statement

_ALL = Page()
_MOST = 500
_MOST_KEYS = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    """``before`` and ``after``: the values beside those of the keys."""

    text: str
    before: tuple[object, ...]
    after: tuple[object, ...]
    columns: tuple[SqlColumn, ...]
    wire: str


class KeptStatements:
    """The texts of one database, by operation, selection and number of keys."""

    def __init__(self, catalogue: Catalogue, database: Database) -> None:
        self._catalogue = catalogue
        self._database = database
        self._known: dict[tuple[object, ...], _Kept | None] = {}

    def by_keys(self, call: Call, limit: int) -> Statement | None:
        """The statement of a call that fetches at most ``limit`` rows by the values of one column, and nothing else;
        ``None`` for any other call, and where something is wrong with it.
        """
        predicate, access = call.predicate, self._catalogue.access.get(call.operation)
        if not self._database.by_text or not isinstance(predicate, In) or len(predicate.fields) != 1:
            return None
        if access is None or access.by or call.arguments or _is_more(call):
            return None
        column = access.served.columns.get(predicate.fields[0])
        if column is None or not column.filterable:
            return None
        try:
            keys: Sequence[object] = [key for (key,) in predicate.values]
        except ValueError:
            return None  # a key of several parts is refused by the way that all other calls go
        if not _as_they_are(column, keys):
            keys = [key for (key,) in fitting((column,), predicate.values)]
        known = (call.operation, call.selection.everything, *call.selection.fields, column.name, limit, len(keys))
        if known not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[known] = self._made(call, limit) if 0 < len(keys) <= _MOST_KEYS else None
        kept = self._known[known]
        if kept is None:
            return None
        return Statement(Plain(kept.text, (*kept.before, *keys, *kept.after)), kept.columns, kept.wire)

    def _made(self, call: Call, limit: int) -> _Kept | None:
        made = statement(self._catalogue, call)
        assert not isinstance(made.query, Plain)
        text = self._database.text(made.query.limit(limit))
        if text is None:
            return None
        return _Kept(text.text, text.before, text.after, made.columns, made.wire)


def _is_more(call: Call) -> bool:
    """Whether rows are asked for by more than their keys; the values of rules are those of one caller."""
    return bool(call.order or call.distinct or call.rules) or call.page != _ALL


def _as_they_are(column: SqlColumn, keys: Sequence[object]) -> bool:
    """True where all keys are different plain texts of a column of texts: nothing would be done to any of them."""
    if column.scalar is not Scalar.STRING or column.padded or column.enum is not None or set(map(type, keys)) != {str}:
        return False
    together = "".join(cast("Sequence[str]", keys))
    return together.isascii() and "\0" not in together and len(set(keys)) == len(keys)
