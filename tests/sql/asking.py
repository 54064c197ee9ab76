"""Calls in the short form in which the tests of databases write them."""

from __future__ import annotations

from collections.abc import Callable

from resolvers.predicate import Order, Predicate
from resolvers.source import LEAF, Call, Context, Selection
from resolvers.sql import SqlSource

NewContext = Callable[[], Context]


def fields(*names: str) -> Selection:
    return Selection(dict.fromkeys(names, LEAF))


async def ids(
    source: SqlSource, operation: str, predicate: Predicate, context: Context, key: str = "id"
) -> list[object]:
    call = Call(operation, selection=fields(key), predicate=predicate, order=(Order(key),))
    rows = await source.execute(call, context)
    assert isinstance(rows, list)
    return [row[key] for row in rows]
