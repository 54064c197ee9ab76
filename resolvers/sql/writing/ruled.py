"""Changes by callers for whom a rule hides rows: what they write must be rows that they see, before and afterwards.

The rule is asked of the rows as they were written, in the same transaction; what it does not allow is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, literal_column, select

from resolvers.errors import Forbidden
from resolvers.predicate import And, In, Predicate
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.reading import of_rule
from resolvers.sql.writing.altering import Alteration, update
from resolvers.sql.writing.changed import Changed, chunks
from resolvers.sql.writing.inserting import insert
from resolvers.sql.writing.target import Target


@dataclass(frozen=True, slots=True)
class Ruled:
    """``selected``: the columns that are asked of the rows.

    Raises:
        Forbidden: the rows have no key, so nobody could say which ones were written.
    """

    catalogue: Catalogue
    served: Served
    rule: Predicate
    selected: tuple[SqlColumn, ...]

    def __post_init__(self) -> None:
        if not self.served.key:
            raise Forbidden

    @property
    def columns(self) -> tuple[SqlColumn, ...]:
        """What is asked of the rows, and their key."""
        names = {column.name for column in self.selected}
        return (*self.selected, *(self.served.columns[name] for name in self.served.key if name not in names))

    def condition(self) -> Expression:
        """The rule as a condition."""
        return of_rule(self.catalogue, self.served, self.rule, {})

    def checked(self, run: Callable[[Connection], Changed]) -> Callable[[Connection], Changed]:
        """The work, which fails where a row that it wrote is none that there is for the caller."""

        def work(connection: Connection) -> Changed:
            changed = run(connection)
            key = self.served.key
            written = list(dict.fromkeys(tuple(row[name] for name in key) for row in changed.rows))
            seen = sum(self._seen(connection, chunk) for chunk in chunks(written))
            if seen != len(written):
                raise Forbidden
            names = [column.name for column in self.selected]
            rows = [{name: row[name] for name in names} for row in changed.rows] if names else []
            return Changed(changed.affected, rows)

        return work

    def _seen(self, connection: Connection, keys: Sequence[tuple[Any, ...]]) -> int:
        among = And((In(self.served.key, tuple(keys)), self.rule))
        there = of_rule(self.catalogue, self.served, among, {})
        found = connection.execute(select(func.count()).select_from(self.served.table).where(there)).scalar_one()
        return int(found)


def upsert_visible(
    catalogue: Catalogue,
    target: Target,
    row: Mapping[str, object],
    key: Sequence[str],
    columns: Sequence[SqlColumn],
    visible: Expression,
) -> Callable[[Connection], Changed]:
    """As an upsert, for a caller who may change none but visible rows: a row that is there is looked for first."""
    served = target.served
    by = tuple(part.compared() == part.bound(row[name]) for name in key for part in (served.column(name),))
    there: Select[Any] = select(literal_column("1")).select_from(target.table).where(*by).with_for_update()
    inserting = insert(catalogue, target, [row], columns)
    changing = update(catalogue, target, Alteration((*by, visible), None, tuple(columns), 1), row)

    def work(connection: Connection) -> Changed:
        if connection.execute(there).first() is None:
            return inserting(connection)
        changed = changing(connection)
        if not changed.affected:
            raise Forbidden
        return changed

    return work
