"""Of rows that are equal in some fields only the first: numbered within their groups, and the first ones kept.

It is the same in every database (DISTINCT ON is PostgreSQL's alone), and what comes out is a table like any
other: it is ordered, paged, counted and gone on in as others are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Column, func, literal_column, select

from resolvers.errors import BadRequest
from resolvers.predicate import RELEVANCE
from resolvers.source import Call, Selection
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Expression
from resolvers.sql.reading.orders import Ordering

_NUMBER = "isthmus_number"
_ROWS = "isthmus_distinct"


def firsts(
    catalogue: Catalogue,
    served: Served,
    call: Call,
    shown: Selection,
    conditions: Sequence[Expression],
) -> tuple[Served, Expression]:
    """The rows of a table that fulfil ``conditions``, as a table again, and the condition that keeps the first ones.

    ``shown``: the fields of rows that are read.

    Raises:
        BadRequest: a field that is not there or cannot be compared, an order that cannot be, or rows of which the first
            would be any one.
    """
    within = [*call.per, *(name for name in call.distinct if name not in call.per)]
    for name in within:
        if not served.column(name).filterable:
            raise BadRequest(f"{served.name}.{name} cannot be compared, so rows are not told apart by it")
    if not served.key and (shown.everything or not set(shown.fields) <= set(within)):
        raise BadRequest(
            f"{served.name} has no key, so the first of several rows would be any one: select the distinct fields alone"
        )
    if any(part.field == RELEVANCE for part in call.order):
        raise BadRequest("distinct rows have no order by relevance: leave one of the two out")
    ordering = Ordering(catalogue, served, call.rules)
    parts = ordering.by(call.order, total=True) or [literal_column("1")]
    number = func.row_number().over(partition_by=[served.column(name).column for name in within], order_by=parts)
    names = list(served.columns) if shown.everything else _needed(served, call, shown, within)
    columns = {name: served.column(name) for name in names}
    rows = (
        select(*(column.column for column in columns.values()), number.label(_NUMBER))
        .select_from(ordering.source)
        .where(*conditions)
        .subquery(_ROWS)
    )
    again = {
        name: replace(column, column=cast("Column[Any]", rows.c[column.column.key])) for name, column in columns.items()
    }
    return replace(served, table=rows, columns=again), rows.c[_NUMBER] == literal_column("1")


def _needed(served: Served, call: Call, shown: Selection, within: Sequence[str]) -> list[str]:
    """The columns that are asked of the rows once the first ones are known."""
    found = [*shown.fields, *served.key, *within]
    for part in call.order:
        found += [part.field] if not part.through else [mine for mine, _ in part.through[0].match]
    return list(dict.fromkeys(found))
