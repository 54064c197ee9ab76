"""Rules on rows of a database, as the predicates that it is handed with each call.

A condition behind a link to another system is decided first: the database is asked which keys there are, and the rows
that they lead to are fetched in one batch. So whatever it is asked then, counts and pages too, it answers exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from resolvers import (
    LEAF,
    And,
    Call,
    Context,
    Grouping,
    In,
    Join,
    LimitExceeded,
    Not,
    Operation,
    Or,
    Page,
    Predicate,
    Related,
    Selection,
    Source,
)
from schema.access.principal import Principal
from schema.access.rows.beyond import Beyond, keys_of
from schema.access.rows.expression import UNDECIDED, Expression, Led, led, predicate
from schema.access.rows.rules import named_in

_KEY = "key"
_MOST_KEYS = 10_000
"""Different keys that a condition behind a link is decided for."""


class DatabaseRules:
    """The predicates of one source for one caller. ``rows``: type → what its rows must fulfil."""

    def __init__(self, source: Source, rows: Mapping[str, Expression], principal: Principal, beyond: Beyond) -> None:
        self._source = source
        self._rows = rows
        self._principal = principal
        self._beyond = beyond
        self._plain = {key: predicate(each, principal, UNDECIDED) for key, each in rows.items()}
        self._leading = {key: found for key, each in rows.items() if (found := led(each))}
        self._keys: dict[Led, list[tuple[object, ...]]] = {}

    async def predicates(self, operation: Operation, call: Call, context: Context) -> Mapping[str, Predicate]:
        """Type → what those of its rows fulfil that there are for the caller.

        Raises:
            LimitExceeded: a condition behind a link would have to be decided for too many keys.
        """
        if not self._leading:
            return self._plain
        made = dict(self._plain)
        tables = Counter(self._tables(operation, call))
        alone = {key for key in self._of(operation) if tables[key] == 1}
        for key in tables.keys() & self._leading.keys():
            keys = {}
            for each in self._leading[key]:
                given = keys_of(each, _given(call.arguments)) if operation.change is not None else []
                loose = any(map(self._listing(key).compare_by.get, each.keys))
                there = _wanted(operation, call, each) if key in alone and not loose else None
                if there is None:
                    there = await self._there(key, each, context)
                keys[each] = list(dict.fromkeys([*there, *given]))
            made[key] = predicate(self._rows[key], self._principal, await self._beyond.verdicts(keys))
        return made

    def forget(self) -> None:
        """Which keys there are is asked anew: something was changed."""
        self._keys = {}

    def _tables(self, operation: Operation, call: Call) -> Iterator[str]:
        """The types of the rows that a call is about."""
        yield from self._of(operation)
        joins = [join for order in call.order for join in order.through]
        if call.predicate is not None:
            joins += _joins(call.predicate)
        for join in joins:
            yield from self._of(self._source.model.operations[join.operation])

    def _of(self, operation: Operation) -> Iterator[str]:
        if operation.change is not None:
            yield operation.change.rows
        elif operation.rows is not None and operation.rows.of:
            yield operation.rows.of
        elif (name := named_in(operation.result)) is not None:
            yield name

    def _listing(self, key: str) -> Operation:
        """The list of the rows of a type."""
        return next(
            item
            for item in self._source.model.operations.values()
            if item.rows is not None and item.rows.joined and not item.rows.of and named_in(item.result) == key
        )

    async def _there(self, key: str, each: Led, context: Context) -> list[tuple[object, ...]]:
        """The different keys that the rows of a type have."""
        if each in self._keys:
            return self._keys[each]
        listing = self._listing(key)
        selection = Selection({_KEY: Selection(dict.fromkeys(each.keys, LEAF))})
        page = Page(limit=_MOST_KEYS + 1)
        call = Call(listing.name, selection=selection, page=page, grouping=Grouping(each.keys))
        context.spend(1)
        value = await self._source.execute(call, context)
        groups = [group[_KEY] for group in value] if isinstance(value, list) else []
        if len(groups) > _MOST_KEYS:
            raise LimitExceeded("a rule would have to be decided for too many rows")
        self._keys[each] = keys_of(each, groups)
        return self._keys[each]


def _wanted(operation: Operation, call: Call, each: Led) -> list[tuple[object, ...]] | None:
    """The keys of the only rows that can come, where they are asked for by them; ``None`` where they are not."""
    if operation.by.keys() >= set(each.keys):
        return [tuple(call.arguments.get(operation.by[name]) for name in each.keys)]
    parts = call.predicate.parts if isinstance(call.predicate, And) else (call.predicate,)
    return next((list(part.values) for part in parts if isinstance(part, In) and part.fields == each.keys), None)


def _joins(asked: Predicate) -> list[Join]:
    match asked:
        case And(parts) | Or(parts):
            return [join for part in parts for join in _joins(part)]
        case Not(part):
            return _joins(part)
        case Related(join, _, part):
            return [join, *_joins(part)]
        case _:
            return []


def _given(value: object) -> Iterator[Mapping[str, object]]:
    """Every object among the arguments: rows that are given."""
    if isinstance(value, list):
        for item in value:
            yield from _given(item)
    elif isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from _given(item)
