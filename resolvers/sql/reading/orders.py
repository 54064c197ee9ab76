"""Orders become ORDER BY: what the caller said, and a last word where only a page is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import FromClause

from resolvers.errors import BadRequest
from resolvers.predicate import Join, Order
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.reading.joins import joined


@dataclass(slots=True)
class Ordering:
    """What rows are ordered by. ``source``: the table, joined with the rows that its relations to one row lead to."""

    catalogue: Catalogue
    served: Served
    source: FromClause = field(init=False)
    _joined: dict[tuple[Join, ...], Served] = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.served.table
        self._joined = {(): self.served}

    def by(self, order: Sequence[Order], *, total: bool) -> list[Expression]:
        """The parts of an ORDER BY. ``total``: no two rows may be equal in it, where the table has a key.

        Raises:
            BadRequest: a column that is not there or has no order, a join that may lead to several rows.
        """
        made: list[Expression] = []
        for part in order:
            column = self._column(part)
            made += self.catalogue.dialect.ordered(column.column, descending=part.descending, nulls=part.nulls)
        if total:
            ordered_by = {part.field for part in order if not part.through}
            key = [self.served.columns[name] for name in self.served.key if name not in ordered_by]
            made += [column.column.asc() for column in key if column.orderable]
        return made

    def _column(self, part: Order) -> SqlColumn:
        served = self._through(part.through)
        column = served.column(part.field)
        if not column.orderable:
            raise BadRequest(f"{served.name}.{column.name} cannot be ordered by")
        return column

    def _through(self, path: tuple[Join, ...]) -> Served:
        found = self._joined.get(path)
        if found is None:
            above = self._through(path[:-1])
            found, belongs = joined(self.catalogue, above, path[-1], f"isthmus_by_{len(self._joined)}")
            if not self.catalogue.unique(found.name, (theirs for _, theirs in path[-1].match)):
                raise BadRequest(f"one of {above.name} may have several of {found.name}, and none of them orders it")
            self.source = self.source.outerjoin(found.table, belongs)
            self._joined[path] = found
        return found
