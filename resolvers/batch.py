"""A column of distinct keys becomes calls, and their results are given back to the keys they verifiably belong to.

An operation that takes many keys is called in chunks of ``max_keys``; any other once per key, side by side, within
the bound that the source itself keeps. Results are matched by the value of their own fields, never by position:
what is missing is missing, what nobody asked for is dropped and counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import TypeAlias

from msgspec.structs import replace

from resolvers.errors import BadRequest, IsthmusError, LinkAmbiguous, SourceBadResponse, Unsayable
from resolvers.keys import Canonical, KeyPart, canonical_keys
from resolvers.model import Operation
from resolvers.predicate import And, In
from resolvers.rows import Row, read
from resolvers.source import Call, Context, Keyed, Selection, Source

Outcome: TypeAlias = "object | IsthmusError"
"""For ``many`` a list of rows, for ``one`` a row or ``None``; or the error of the call that should have said."""


@dataclass(frozen=True, slots=True)
class Match:
    """How results are matched: ``fields`` of the result, their key parts, and the arguments that take one key.

    ``verify``: by which of the fields results are checked; a field that only names an argument of an operation that
    takes one key per call cannot be checked, the call itself proves whose result it is.
    """

    fields: tuple[str, ...]
    parts: tuple[KeyPart, ...]
    verify: tuple[bool, ...]
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of keys has in common. Columns with equal ``group`` may share one batch."""

    source: str
    operation: Operation
    match: Match
    many: bool
    call: Call
    group: tuple[object, ...] = field(default=())


async def execute(source: Source, operation: Operation, call: Call, context: Context) -> object:
    """Makes one call and gives what lies at the operation's ``at``, with the selection wrapped the same way."""
    wrapped = replace(call, selection=call.selection.under(operation.at)) if operation.at else call
    context.spend(1)
    value = await source.execute(wrapped, context)
    if operation.at:
        value = descend(value, operation.at)
    if isinstance(value, IsthmusError):
        raise value
    return value


def descend(value: object, path: tuple[str, ...]) -> object:
    """What lies at a path inside of a reply; lists on the way are joined into one.

    Raises:
        SourceBadResponse: there is no object where one has to be.
    """
    for depth, name in enumerate(path):
        if value is None or isinstance(value, IsthmusError):
            return value
        if isinstance(value, list):
            found: list[object] = []
            for item in value:
                below = descend(item, path[depth:])
                found.extend(below) if isinstance(below, list) else found.append(below)
            return found
        if not isinstance(value, Mapping):
            raise SourceBadResponse(f"expected an object above {name!r}")
        value = value.get(name)
    return value


async def fetch(
    source: Source, column: Column, keys: Mapping[Canonical, tuple[object, ...]], context: Context, selection: Selection
) -> dict[Canonical, Outcome]:
    """Gives one outcome for every key.

    ``keys``: canonical key → its values as the target wants to receive them, in order. A call that fails gives its
    error to the keys it was made for and to no other.
    """
    paging = column.operation.paging
    whole = paging is not None and paging.items_at == column.operation.at
    call = replace(column.call, selection=selection.merge(_needed(column)), whole=whole)
    many_keys = column.operation.keys
    if many_keys is None:
        return await _singles(source, column, call, keys, context)
    refused = _unsendable(many_keys.separator, keys) if many_keys.separator else {}
    if len(keys) <= many_keys.max_keys and not refused:
        return await _chunk(source, column, call, keys, context)
    items = [item for item in keys.items() if item[0] not in refused]
    chunks = [dict(items[start : start + many_keys.max_keys]) for start in range(0, len(items), many_keys.max_keys)]
    outcomes = dict(refused)
    waiting = iter(chunks)

    async def work() -> None:
        for chunk in waiting:
            outcomes.update(await _chunk(source, column, call, chunk, context))

    # No more at once than the source takes: those of one column need not stand in its queue, and time out there.
    await asyncio.gather(*(work() for _ in range(min(len(chunks), source.concurrency))))
    return outcomes


def _unsendable(separator: str, keys: Mapping[Canonical, tuple[object, ...]]) -> dict[Canonical, Outcome]:
    """Keys that would read as several where they are joined into one text: they are not sent."""
    refused = [key for key, values in keys.items() if separator in str(values[0]) or not str(values[0])]
    return {key: BadRequest("a key that cannot be told from several keys") for key in refused}


def _needed(column: Column) -> Selection:
    names = zip(column.match.fields, column.match.verify, strict=True)
    return Selection({name: Selection() for name, verify in names if verify})


async def _chunk(
    source: Source, column: Column, call: Call, chunk: Mapping[Canonical, tuple[object, ...]], context: Context
) -> dict[Canonical, Outcome]:
    checked = zip(column.match.fields, column.match.verify, strict=True)
    fields = tuple(name for name, verify in checked if verify)
    keyed = Keyed(call, chunk, partial(_bound, column, call), partial(_told_apart, column), fields)
    failed = keyed.failed
    try:
        made = replace(_with_keys(column, call, list(chunk.values())), keyed=keyed)
        value = await execute(source, column.operation, made, context)
        if failed:
            chunk = {key: values for key, values in chunk.items() if key not in failed}
        one = None if keyed.foreign else _one_each(value, column, chunk)
        if one is not None:
            return failed | one if failed else one
        found, foreign = _group(_rows(value), column, chunk)
        foreign += keyed.foreign
        _count(foreign, column, context)
    except IsthmusError as error:
        return dict.fromkeys(chunk, error)
    outcomes = _outcomes(column, chunk, found, foreign)
    return failed | outcomes if failed else outcomes


def _outcomes(
    column: Column, chunk: Mapping[Canonical, object], found: Mapping[Canonical, list[object]], foreign: int
) -> dict[Canonical, Outcome]:
    assert column.operation.keys is not None
    if foreign and column.operation.keys.guessed:
        return {key: _doubted(found.get(key, []), many=column.many) for key in chunk}
    if column.many:
        return {key: found.get(key, []) for key in chunk}
    none: list[object] = []
    return {
        key: rows[0] if len(rows := found.get(key, none)) == 1 else _outcome(rows, many=False) for key in chunk
    }  # fmt: skip


def _one_each(
    value: object, column: Column, chunk: Mapping[Canonical, tuple[object, ...]]
) -> dict[Canonical, Outcome] | None:
    """The row of each key, where every row is the only one of a key that was asked; ``None`` in any other case.

    It gives what ``_group`` gives, and looks at no row by itself.
    """
    if column.many or column.match.verify != (True,) or type(value) is not list:
        return None
    kinds = set(map(type, value))
    if kinds != _MAPPINGS and not (len(kinds) == 1 and issubclass(next(iter(kinds)), Row)):
        return None
    values = read(value, column.match.fields[0])
    if not column.match.parts[0].is_canonical(set(map(type, values))):
        return None
    found: dict[Canonical, Outcome] = dict(zip(zip(values, strict=True), value, strict=True))
    if len(found) < len(value) or not found.keys() <= chunk.keys():
        return None
    return found if len(found) == len(chunk) else dict.fromkeys(chunk) | found


def _bound(column: Column, call: Call, keys: Mapping[Canonical, tuple[object, ...]]) -> Call:
    return _with_keys(column, call, list(keys.values()))


def _told_apart(
    column: Column, value: object, wanted: Mapping[Canonical, object]
) -> tuple[dict[Canonical, list[object]], int]:
    """As ``_group``, out of the whole reply of an operation.

    Raises:
        SourceError: the reply says so, or a row may be anybody's.
    """
    inside = descend(value, column.operation.at)
    if isinstance(inside, IsthmusError):
        raise inside
    return _group(_rows(inside), column, wanted)


def _count(foreign: int, column: Column, context: Context) -> None:
    if foreign:
        name = f"{column.source}.{column.operation.name}"
        context.dropped[name] = context.dropped.get(name, 0) + foreign


_MAPPINGS = {dict}


def _doubted(rows: list[object], *, many: bool) -> Outcome:
    """What a key has where the operation gave rows that nobody asked for, and so may not heed keys at all: a row that
    is there is right, what is missing may stand behind the end of the reply.
    """
    if many or not rows:
        return SourceBadResponse("the operation seems not to heed its keys; state keys: and by:, or recognise: false")
    return _outcome(rows, many=many)


def _with_keys(column: Column, call: Call, keys: list[tuple[object, ...]]) -> Call:
    operation = column.operation
    assert operation.keys is not None
    if not operation.keys.argument:
        among = In(column.match.fields, tuple(keys))
        predicate = among if call.predicate is None else And((among, call.predicate))
        paged = call.page.limit is not None or bool(call.page.offset) or bool(call.distinct)
        return replace(call, predicate=predicate, per=column.match.fields if paged else ())
    members = [operation.keys.by[name] for name in column.match.fields]
    items: object = (
        list(map(itemgetter(0), keys)) if members == [""] else [dict(zip(members, key, strict=True)) for key in keys]
    )
    if operation.keys.separator:
        items = operation.keys.separator.join(str(key[0]) for key in keys)
    return replace(call, arguments=_put(call.arguments, operation.keys.argument, items))


def _put(arguments: Mapping[str, object], path: tuple[str, ...], value: object) -> dict[str, object]:
    head, *rest = path
    below = arguments.get(head)
    inner = below if isinstance(below, Mapping) else {}
    return {**arguments, head: _put(inner, tuple(rest), value) if rest else value}


async def _singles(
    source: Source, column: Column, call: Call, keys: Mapping[Canonical, tuple[object, ...]], context: Context
) -> dict[Canonical, Outcome]:
    """One call for each key. As many workers as the source takes calls take one key after the other."""
    outcomes: dict[Canonical, Outcome] = {}
    waiting = iter(keys.items())

    async def work() -> None:
        for key, values in waiting:
            bound = dict(zip(column.match.arguments, values, strict=True))
            try:
                made = replace(call, arguments={**call.arguments, **bound})
                rows = _rows(await execute(source, column.operation, made, context))
                found, foreign = _group(rows, column, {key: values})
                _count(foreign, column, context)
                outcomes[key] = _outcome(found.get(key, []), many=column.many)
            except Unsayable as error:
                outcomes[key] = _outcome([], many=column.many) if error.argument in bound else error
            except IsthmusError as error:
                outcomes[key] = error

    workers = min(len(keys), source.concurrency)
    await (work() if workers == 1 else asyncio.gather(*(work() for _ in range(workers))))
    return outcomes


def _rows(value: object) -> Iterable[object]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _group(
    rows: Iterable[object], column: Column, wanted: Mapping[Canonical, object]
) -> tuple[dict[Canonical, list[object]], int]:
    """The rows of each key, and how many belong to none of them."""
    match = column.match
    rows = [row for row in rows if row is not None]
    checked = [index for index, verify in enumerate(match.verify) if verify]
    if not checked:
        (only,) = wanted
        return {only: rows}, 0
    if not set(map(type, rows)) <= {dict} and not all(isinstance(row, Mapping | Row) for row in rows):
        raise SourceBadResponse("expected a list of objects")
    columns = [read(rows, match.fields[index]) for index in checked]
    _check(columns)
    keys = canonical_keys([match.parts[index] for index in checked], columns)
    all_checked = len(checked) == len(match.verify)
    by_checked = None if all_checked else {tuple(key[index] for index in checked): key for key in wanted}
    found: dict[Canonical, list[object]] = {}
    foreign = 0
    for key, row in zip(keys, rows, strict=True):
        target = key if by_checked is None or key is None else by_checked.get(key)
        if target is None or target not in wanted:
            foreign += 1
        elif target in found:
            found[target].append(row)
        else:
            found[target] = [row]
    return found, foreign


def _check(columns: Sequence[Sequence[object]]) -> None:
    """Raises the error that stands where a key should: a row that may be anybody's must not pass for a missing one."""
    for column in columns:
        if any(issubclass(kind, IsthmusError) for kind in set(map(type, column))):
            raise next(value for value in column if isinstance(value, IsthmusError))


def _outcome(rows: list[object], *, many: bool) -> Outcome:
    if many:
        return rows
    if len(rows) < 2:
        return rows[0] if rows else None
    distinct = rows[:1] + [row for row in rows[1:] if row != rows[0]]
    if len(distinct) > 1:
        return LinkAmbiguous(f"{len(distinct)} different results for one key")
    return distinct[0]
