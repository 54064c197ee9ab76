"""Filters that other sources have to answer: what each is asked, and the condition on keys that comes of it.

Where both sides keep keys in one form and the other side can filter, it is asked for the keys of the rows that fulfil
the filter. Otherwise this side is asked for the keys that there are, and the rows that they lead to are judged. Either
way the answer is ``In`` of keys, false where a part of the key is null, so it may stand under ``Not`` and ``Or``; and
either way so many keys and no more.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from resolvers import (
    LEAF,
    And,
    Compare,
    In,
    IsthmusError,
    LimitExceeded,
    Not,
    Operation,
    Predicate,
    Quantifier,
    Selection,
    distinct_keys,
    fields_of,
    has,
    key_columns,
    listed_rows,
    matcher,
    unfulfilled,
)
from schema.across import Listing, Lookup
from schema.conditions import Elsewhere, elsewhere, predicate
from schema.plan.run import Run

Keys = Iterable[tuple[object, ...]]
Way = Literal["filtered", "listed", "judged"]


async def answered(
    where: Mapping[str, object], source: str, operation: Operation, run: Run, base: Predicate | None = None
) -> Predicate | None:
    """The predicate of a coerced ``where`` on the rows of an operation of ``source``; other sources are asked for it.

    ``base``: what else is known of the rows that are wanted.

    Raises:
        BadRequest: what the filter says makes no predicate; then nothing was asked.
        LimitExceeded: it needs more keys than it may.
        IsthmusError: what became of a call.
    """
    rows = operation.connection_of or operation.aggregate_of or operation.name
    asked = elsewhere(where, rows, base)
    if not asked:
        return predicate(where)
    return predicate(where, await asyncio.gather(*(_once(each, source, run) for each in asked)))


async def _once(each: Elsewhere, source: str, run: Run) -> Predicate:
    """The answer, found once for all fields of an operation that ask the same."""
    lookup = each.lookup
    inner = await answered(each.where, lookup.column.source, lookup.column.operation, run) or And(())
    key = (lookup.coordinate, each.quantifier == "every", inner, source, each.rows, each.base)
    known = run.filters.get(key)
    if known is None:
        known = run.filters[key] = asyncio.ensure_future(_keys(each, inner, source, run))
    keys = await asyncio.shield(known)
    found = And((*has(lookup.keys), In(lookup.keys, tuple(keys))))
    return found if each.quantifier == "some" else Not(found)


def way(lookup: Lookup, quantifier: Quantifier, inner: Predicate) -> tuple[Way, Mapping[str, object]]:
    """Who answers: the other side by its own filter, a list there by the arguments that are given beside, or this side
    by the keys that it has.
    """
    if lookup.exact and not lookup.evaluated:
        return "filtered", {}
    # A row that does not fulfil something is nothing that an argument asks for.
    asks = lookup.exact and quantifier != "every"
    pushed = _pushed(lookup.listing, inner) if asks and lookup.listing is not None else {}
    return ("listed" if pushed else "judged"), pushed


async def _keys(each: Elsewhere, inner: Predicate, source: str, run: Run) -> Sequence[tuple[object, ...]]:
    """The keys of this side that lead to a row that fulfils ``inner``; for ``every``, to one that does not."""
    lookup = each.lookup
    chosen, pushed = way(lookup, each.quantifier, inner)
    if chosen == "filtered":
        return await _filtered(lookup, unfulfilled(inner) if each.quantifier == "every" else inner, run)
    if chosen == "listed" and lookup.listing is not None:
        return await _listed(lookup, lookup.listing, pushed, inner, run)
    return await _judged(each, inner, source, run)


async def _filtered(lookup: Lookup, wanted: Predicate, run: Run) -> Sequence[tuple[object, ...]]:
    """The other source filters its own rows."""
    column = lookup.column
    source, fields = run.sources[column.source], column.match.fields
    keys = await distinct_keys(source, column.operation, fields, wanted, lookup.most, run.context)
    return _sendable(lookup, _bounded(lookup, keys))


async def _listed(
    lookup: Lookup, listing: Listing, pushed: Mapping[str, object], inner: Predicate, run: Run
) -> Sequence[tuple[object, ...]]:
    """The other source lists rows by arguments that filter; each is judged all the same."""
    fields = lookup.column.match.fields
    source = run.sources[lookup.column.source]
    arguments = {**listing.arguments, **pushed}
    wanted = dict.fromkeys((*fields, *fields_of(inner)))
    rows = await listed_rows(source, listing.operation, arguments, tuple(wanted), run.context)
    judge = matcher(inner)
    rows = [row for row in rows if judge(row) is True]
    keys = dict.fromkeys(_sendable(lookup, zip(*key_columns(rows, fields), strict=True)))
    return _bounded(lookup, list(keys))


async def _judged(each: Elsewhere, inner: Predicate, source: str, run: Run) -> Sequence[tuple[object, ...]]:
    """The keys that there are on this side, and what the other side has for them."""
    lookup, every = each.lookup, each.quantifier == "every"
    near = run.sources[source]
    operation = near.model.operations[each.rows]
    keys = await distinct_keys(near, operation, lookup.keys, each.base, lookup.most, run.context)
    _bounded(lookup, keys, of_this_side=True)
    column = lookup.column
    selection = Selection(dict.fromkeys(fields_of(inner), LEAF))
    if not lookup.evaluated:
        pushed = unfulfilled(inner) if every else inner
        call = replace(column.call, predicate=pushed)
        column = dataclasses.replace(column, call=call, group=(*column.group, pushed))
    found = await run.loaders.load(column, keys, selection)
    judge = matcher(And(()) if not lookup.evaluated else inner)
    wanted = not (every and lookup.evaluated)
    kept = []
    for key, rows in zip(keys, found, strict=True):
        if isinstance(rows, IsthmusError):
            raise rows
        if isinstance(rows, list) and any((judge(row) is True) is wanted for row in rows):
            kept.append(key)
    return kept


def _pushed(listing: Listing, inner: Predicate) -> dict[str, object]:
    """The arguments that say what ``inner`` surely asks."""
    parts = inner.parts if isinstance(inner, And) else (inner,)
    pushed: dict[str, object] = {}
    for part in parts:
        if isinstance(part, Compare) and part.operator == "eq" and part.field in listing.filters:
            argument, takes_list = listing.filters[part.field]
            pushed.setdefault(argument, [part.value] if takes_list else part.value)
    return pushed


def _sendable(lookup: Lookup, keys: Keys) -> Sequence[tuple[object, ...]]:
    """Keys of the other side as this side's source takes them; what cannot be a key is left out."""
    return [
        tuple(part.outgoing(value) for part, value in zip(lookup.parts, key, strict=True))
        for key in keys
        if all(part.canonical(value) is not None for part, value in zip(lookup.parts, key, strict=True))
    ]


def _bounded(
    lookup: Lookup, keys: Sequence[tuple[object, ...]], *, of_this_side: bool = False
) -> Sequence[tuple[object, ...]]:
    """The keys, unless there are too many.

    Raises:
        LimitExceeded: says how to ask for less.
    """
    if len(keys) <= lookup.most:
        return keys
    owner, _, name = lookup.coordinate.partition(".")
    if of_this_side:
        said = f"{lookup.coordinate} would be looked up for more than {lookup.most} different keys: "
        raise LimitExceeded(f"{said}add conditions on {owner} itself beside those on {name}")
    said = f"more than {lookup.most} different keys fulfil the filter on {lookup.coordinate}: "
    raise LimitExceeded(f"{said}add conditions inside {name}")
