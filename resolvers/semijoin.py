"""What a join between two systems needs of each, where neither can make it: distinct keys of rows, and rows of a list.

Bounded by who asks. Which rows are asked for and what becomes of their keys is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resolvers.batch import execute
from resolvers.errors import IsthmusError, SourceBadResponse
from resolvers.model import Operation
from resolvers.predicate import And, Grouping, IsNull, Not, Page, Predicate
from resolvers.rows import Row, read
from resolvers.source import LEAF, Call, Context, Selection, Source
from resolvers.views import KEY


def has(fields: Sequence[str]) -> tuple[Predicate, ...]:
    """The conditions that a row has a value in each of ``fields``: a key with a null part joins nothing."""
    return tuple(Not(IsNull(field)) for field in fields)


async def distinct_keys(
    source: Source,
    operation: Operation,
    fields: tuple[str, ...],
    predicate: Predicate | None,
    most: int,
    context: Context,
) -> list[tuple[object, ...]]:
    """The different values of ``fields`` among the rows of a list that fulfil a predicate, those with a null left out.

    At most ``most`` + 1 of them: one more than ``most`` says that there are too many.

    Raises:
        IsthmusError: what became of the call.
    """
    parts = has(fields) if predicate is None else (predicate, *has(fields))
    selection = Selection({KEY: Selection(dict.fromkeys(fields, LEAF))})
    call = Call(
        operation.name,
        selection=selection,
        predicate=And(parts),
        grouping=Grouping(by=fields),
        page=Page(limit=most + 1),
    )
    groups = await execute(source, operation, call, context)
    found: list[tuple[object, ...]] = []
    for group in groups if isinstance(groups, list) else ():
        key = group[KEY]
        found.append(tuple(key[field] for field in fields))
    return found


async def listed_rows(
    source: Source, operation: Operation, arguments: Mapping[str, object], fields: Sequence[str], context: Context
) -> list[object]:
    """All rows of a list by its arguments, over all its pages, with the ``fields`` of each.

    Raises:
        IsthmusError: what became of the call, or that something else than rows came.
    """
    paging = operation.paging
    whole = paging is not None and paging.items_at == operation.at
    call = Call(operation.name, arguments, Selection(dict.fromkeys(fields, LEAF)), whole=whole)
    value = await execute(source, operation, call, context)
    rows = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(row, Mapping | Row) for row in rows):
        raise SourceBadResponse("expected a list of objects")
    return rows


def key_columns(rows: Sequence[object], fields: Sequence[str]) -> list[Sequence[object]]:
    """The values of the fields of a key, a column for each.

    Raises:
        IsthmusError: it stands where a value should, so the row may be anybody's.
    """
    columns = [read(rows, field) for field in fields]
    for column in columns:
        for value in column:
            if isinstance(value, IsthmusError):
                raise value
    return columns
