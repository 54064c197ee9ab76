"""Statements that are asked again and again, kept as the text that the driver takes: rows by a list of keys, as links
ask for them, one row by its key, and lists and aggregates without a condition.

Making and compiling such a statement cost more than running it. Everything else, and whatever has no such text, is made
anew for each call by ``statements.py``, which also says what is wrong with a call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from resolvers.model import Scalar
from resolvers.predicate import In, Page
from resolvers.source import Call, Selection
from resolvers.sql.catalogue import Access, Catalogue
from resolvers.sql.column import SqlColumn
from resolvers.sql.dialects import Database, KeyedText, Plain
from resolvers.sql.reading.aggregates import Aggregate
from resolvers.sql.reading.conditions import fit, fitting
from resolvers.sql.reading.statements import Statement, Stretch
from resolvers.views import AFTER, BEFORE

_ALL = Page()
_WHOLE = frozenset({Scalar.INT, Scalar.BIG_INT})
_MOST = 500
_MOST_KEYS = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    text: KeyedText
    made: Statement


@dataclass(frozen=True, slots=True)
class _Mark:
    """Stands in a statement where a part of a place belongs that only a request says."""

    side: str
    index: int


def _present(place: Sequence[object] | None) -> tuple[bool, ...] | None:
    """Which parts of a place have a value: those that have none are written into the statement."""
    return None if place is None else tuple(value is not None for value in place)


def _marks(place: Sequence[object] | None, side: str) -> Sequence[object] | None:
    if place is None:
        return None
    return [None if value is None else _Mark(side, index) for index, value in enumerate(place)]


class CompiledStatements:
    """The texts of one database, by the shape of the call. ``make``: makes the statement of a call anew."""

    def __init__(self, catalogue: Catalogue, database: Database, make: Callable[[Call], Statement]) -> None:
        self._catalogue = catalogue
        self._database = database
        self._make = make
        self._known: dict[tuple[object, ...], _Kept | None] = {}
        self._aggregates: dict[tuple[object, ...], Aggregate] = {}

    def of(self, call: Call) -> Statement | None:
        """The statement of a call that is of one of these kinds and nothing else; ``None`` for any other call, and
        where something is wrong with it.
        """
        access = self._catalogue.access.get(call.operation)
        if not self._database.by_text or access is None or call.rules:
            return None  # the values of rules are those of one caller
        if access.by:
            return self._by_key(access, call)
        if call.arguments or call.per or call.distinct:
            return None
        if call.predicate is None:
            return self._all(call)
        return self._by_keys(access, call)

    def aggregate(self, call: Call, make: Callable[[], Aggregate]) -> Aggregate:
        """The statement of an aggregate, made anew where it has conditions."""
        if not self._database.by_text or call.predicate is not None or call.grouping.having or call.rules:
            return make()
        asked = tuple((name, *below.fields) for name, below in call.selection.fields.items())
        known = (call.operation, asked, call.selection.everything, *_rest(call))
        if known in self._aggregates:
            return self._aggregates[known]
        made = make()
        text = None if isinstance(made.query, Plain) else self._database.text(made.query, keys=False)
        if text is not None:
            made = replace(made, query=Plain(text.text, text.before))
            _bound(self._aggregates)
            self._aggregates[known] = made
        return made

    def part(self, call: Call, nodes: Selection, stretch: Stretch, make: Callable[[Stretch], Statement]) -> Statement:
        """The statement of a part of a list, made anew where it has conditions of its own."""
        if not self._database.by_text or call.predicate is not None or call.rules or call.distinct:
            return make(stretch)
        after, before = stretch.after, stretch.before
        if any(isinstance(value, str) and value.endswith(" ") for value in (*(after or ()), *(before or ()))):
            return make(stretch)  # a place of padded text is not written as it stands
        places = (_present(after), _present(before))
        asked = (nodes.everything, *nodes.fields)
        known = (call.operation, asked, stretch.limit, stretch.backwards, places, *_rest(call))
        if known not in self._known:
            _bound(self._known)
            marked = replace(stretch, after=_marks(after, AFTER), before=_marks(before, BEFORE))
            made = make(marked)
            text = None if isinstance(made.query, Plain) else self._database.text(made.query, keys=False)
            self._known[known] = None if text is None else _Kept(text, made)
        kept = self._known[known]
        if kept is None:
            return make(stretch)
        ends = {AFTER: after or (), BEFORE: before or ()}
        values = [ends[value.side][value.index] if isinstance(value, _Mark) else value for value in kept.text.before]
        return _stated(kept, tuple(values))

    def _all(self, call: Call) -> Statement | None:
        kept = self._found((*_shape(call), None), call)
        return None if kept is None else _stated(kept, kept.text.before)

    def _by_key(self, access: Access, call: Call) -> Statement | None:
        if call.predicate is not None or call.order or call.page != _ALL or set(call.arguments) != set(access.by):
            return None
        values = [fit(access.served.column(name), call.arguments[name]) for name in access.by]
        kept = self._found((*_shape(call), None), call)
        # The values of the key and LIMIT, and no other: what else has a place could stand before them.
        if kept is None or len(kept.text.before) != len(values) + 1:
            return None
        return _stated(kept, (*values, kept.text.before[-1]))

    def _by_keys(self, access: Access, call: Call) -> Statement | None:
        predicate = call.predicate
        if not isinstance(predicate, In) or len(predicate.fields) != 1 or call.page != _ALL:
            return None
        column = access.served.columns.get(predicate.fields[0])
        if column is None or not column.filterable:
            return None
        try:
            (found,) = zip(*predicate.values, strict=True)
        except ValueError:
            return None  # a key of several parts is refused by the way that all other calls go
        keys: Sequence[object] = list(found)
        if not _as_they_are(column, keys):
            keys = [key for (key,) in fitting((column,), predicate.values)]
        count = 0 if self._database.keys_together else len(keys)
        if not 0 < len(keys) <= _MOST_KEYS:
            return None
        kept = self._found((*_shape(call), column.name, count), call)
        if kept is None:
            return None
        between: tuple[object, ...] = (keys,) if kept.text.together else tuple(keys)
        return _stated(kept, (*kept.text.before, *between, *kept.text.after))

    def _found(self, known: tuple[object, ...], call: Call) -> _Kept | None:
        if known not in self._known:
            _bound(self._known)
            made = self._make(call)
            text = (
                None
                if isinstance(made.query, Plain)
                else self._database.text(made.query, keys=call.predicate is not None)
            )
            self._known[known] = None if text is None else _Kept(text, made)
        return self._known[known]


_WITHOUT = (
    "operation", "arguments", "selection", "predicate", "exchange", "rules", "keyed", "lifetime", "idempotency",
    "tried",
)  # fmt: skip
"""What is looked at by itself, and what is no part of a statement: how long its answer is kept, and how it is sent."""
_REST = tuple(name for name in Call.__struct_fields__ if name not in _WITHOUT)
"""Whatever else a call may say is part of its statement."""


def _rest(call: Call) -> tuple[object, ...]:
    return tuple([getattr(call, name) for name in _REST])


def _shape(call: Call) -> tuple[object, ...]:
    return (call.operation, call.selection.everything, *call.selection.fields, *_rest(call))


def _bound(known: dict[tuple[object, ...], Any]) -> None:
    if len(known) >= _MOST:
        known.clear()


def _stated(kept: _Kept, values: tuple[object, ...]) -> Statement:
    return replace(kept.made, query=Plain(kept.text.text, values))


def _as_they_are(column: SqlColumn, keys: Sequence[object]) -> bool:
    """True where all keys are different plain texts of a column of texts, or numbers that a column of whole numbers
    holds: nothing would be done to any of them.
    """
    kinds = set(map(type, keys))
    if kinds == {int} and column.scalar in _WHOLE and not column.unsigned:
        numbers = cast("Sequence[int]", keys)
        most = 1 << column.bits - 1
        return -most <= min(numbers) and max(numbers) < most and len(set(keys)) == len(keys)
    if column.scalar is not Scalar.STRING or column.padded or column.enum is not None or kinds != {str}:
        return False
    together = "".join(cast("Sequence[str]", keys))
    return together.isascii() and "\0" not in together and len(set(keys)) == len(keys)
