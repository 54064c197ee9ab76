"""Rules on rows, for rows that came of a statement that is not ours: the database is asked by their keys which of them
there are for the caller.

What a statement gives in columns of its own is no row of a table, and no rule on rows holds for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resolvers.errors import Forbidden
from resolvers.predicate import In
from resolvers.source import LEAF, Call, Selection
from resolvers.sql.asking import read_rows
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.reading import Statement, statement

_CHUNK = 5_000
"""Keys in one statement."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Seen:
    """Which rows of ``table`` there are for the caller of ``call``. ``key``: the columns that tell them apart; nothing
    is known of rows that lack them, so they must be in every row that is looked at.
    """

    catalogue: Catalogue
    listing: str
    key: tuple[str, ...]
    call: Call

    def questions(self, rows: Sequence[Row]) -> Iterator[Statement]:
        """The statements that give the keys of those that there are."""
        keys = list(dict.fromkeys(key for row in rows if None not in (key := self._key(row))))
        for start in range(0, len(keys), _CHUNK):
            among = In(self.key, tuple(keys[start : start + _CHUNK]))
            selection = Selection(dict.fromkeys(self.key, LEAF))
            asked = Call(self.listing, selection=selection, predicate=among, rules=self.call.rules)
            yield statement(self.catalogue, asked)

    def kept(self, rows: Sequence[Row], answers: Sequence[tuple[Statement, Sequence[Any]]]) -> list[Row]:
        """The rows whose keys are in the answers."""
        there = {self._key(row) for made, answer in answers for row in read_rows(made, answer)}
        return [row for row in rows if self._key(row) in there]

    def _key(self, row: Mapping[str, object]) -> tuple[object, ...]:
        return tuple(row.get(name) for name in self.key)


def seen(catalogue: Catalogue, table: str, call: Call) -> Seen | None:
    """What is to be asked of rows of a table; ``None`` where no rule holds for them.

    Raises:
        Forbidden: some rows are hidden from the caller, and the table has no key by which it could be told which.
    """
    if not table or table not in call.rules:
        return None
    listings = ((name, access) for name, access in catalogue.access.items() if not access.by)
    listing, served = next((name, access.served) for name, access in listings if access.served.name == table)
    if not served.key or not catalogue.unique(table, served.key):
        raise Forbidden
    return Seen(catalogue, listing, served.key, call)
