"""Orders become ORDER BY: what the caller said, and a last word where only a page is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from resolvers.errors import BadRequest
from resolvers.predicate import Order, Page
from resolvers.sql.catalogue import Served
from resolvers.sql.column import Expression
from resolvers.sql.dialects import Dialect


def order_by(dialect: Dialect, served: Served, order: Sequence[Order], page: Page) -> list[Expression]:
    """The parts of an ORDER BY.

    Raises:
        BadRequest: a column that is not there or has no order.
    """
    made: list[Expression] = []
    for part in order:
        column = served.column(part.field)
        if not column.orderable:
            raise BadRequest(f"{served.name}.{column.name} cannot be ordered by")
        made += dialect.ordered(column.column, descending=part.descending, nulls=part.nulls)
    if page.limit is not None or page.offset:
        # Without a last word on the order, two pages could show a row twice or never.
        ordered_by = {part.field for part in order}
        key = [served.columns[name] for name in served.key if name not in ordered_by]
        made += [column.column.asc() for column in key if column.orderable]
    return made
