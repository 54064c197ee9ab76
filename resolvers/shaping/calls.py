"""A call in the values that are served becomes the same call in the values of the source: arguments, keys, predicates.

What the source cannot say is refused before it is asked, or is equal to nothing that it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from resolvers.errors import BadRequest, Unsayable
from resolvers.model import Argument, ListRef, NamedRef, Operation, TypeRef
from resolvers.predicate import (
    And,
    Compare,
    GroupCondition,
    Grouping,
    In,
    IsNull,
    Not,
    Operator,
    Or,
    Predicate,
    Related,
)
from resolvers.shaping.coding import UNREADABLE, Beyond, Coding, NoOffset
from resolvers.shaping.shapes import Shaping, Slot, at, inner, named

_ZEROS = re.compile(r"[+-]?\d{1,100}", re.ASCII)
_ORDERS = frozenset({"gt", "gte", "lt", "lte"})
_OPPOSITES: Mapping[Operator, Operator] = {
    "eq": "ne", "ne": "eq", "gt": "lte", "lte": "gt", "lt": "gte", "gte": "lt",
}  # fmt: skip
"""What holds where an operator does not, of values that are there."""
_FLOORED: Mapping[Operator, Operator] = {"gt": "gt", "gte": "gt", "lt": "lte", "lte": "lte"}
"""What an order comes to, with the greatest value below in the place of one that cannot be said."""
_LIKE = frozenset({"like", "ilike", "contains", "startsWith", "endsWith"})
_OF_VALUES = frozenset({"key", "min", "max"})
"""Functions of a group whose values are those of the rows."""


class Calls:
    """What goes to one source."""

    def __init__(self, shaping: Shaping) -> None:
        self._shaping = shaping
        self._model = shaping.raw
        self._codings = shaping.codings
        self._inputs = self._leading()
        self._away = {
            owner: frozenset(lifted.chain[0] for lifted in lifts.values())
            for (kind, owner), lifts in shaping.lifts.items()
            if kind == "input"
        }
        self._given = {
            key: frozenset(name for name, each in operation.arguments.items() if self._takes(key, name, each.type))
            for key, operation in self._model.operations.items()
        }
        self._owners = frozenset(owner for kind, owner, _ in self._codings if kind == "field")

    def _leading(self) -> frozenset[str]:
        """The inputs that hold something coded, themselves or in what they lead to."""
        found = {owner for kind, owner, _ in self._codings if kind == "input"}
        found |= {owner for kind, owner in self._shaping.lifts if kind == "input"}
        while True:
            more = {
                key
                for key, each in self._model.inputs.items()
                if key not in found and any(named(item.type) in found for item in each.fields.values())
            }
            if not more:
                return frozenset(found)
            found |= more

    def _takes(self, operation: str, name: str, ref: TypeRef) -> bool:
        return ("argument", operation, name) in self._codings or named(ref) in self._inputs

    def arguments(self, operation: Operation, given: Mapping[str, object], *, keys: str = "") -> Mapping[str, object]:
        """The arguments as the source takes them; the very same where none is coded.

        ``keys``: the argument that holds keys of a join, which no caller wrote. Those of them that the source cannot
        say are left out, since they are equal to nothing that it has.

        Raises:
            BadRequest: the source cannot say a value.
        """
        names = self._given.get(operation.name, frozenset()) & given.keys()
        if not names:
            return given
        made = dict(given)
        for name in names:
            place: Slot = ("argument", operation.name, name)
            ref = self._model.operations[operation.name].arguments[name].type
            single = name in operation.by.values() and not isinstance(ref, ListRef)
            joined = _numbers(operation) if single or name == keys else None
            made[name] = self._value(place, ref, given[name], joined=joined)
        return made

    def _value(self, place: Slot, ref: TypeRef, value: object, *, joined: bool | None = None) -> object:
        """``joined``: ``None`` for what a caller wrote; of keys whether they are compared as numbers."""
        if value is None:
            return self._instead(place, ref)
        if isinstance(ref, ListRef) and isinstance(value, list | tuple):
            if joined is None:
                return [self._value(place, ref.item, each) for each in value]
            return list(self._sayable(place, ref.item, value, joined=joined))
        coding = self._codings.get(place)
        if coding is not None:
            written = _written(coding, value, place[2], number=bool(joined))
            given = at(self._model, place)
            if isinstance(given, Argument) and not given.bounds.has(written):
                raise Unsayable(place[2])
            return written
        found = inner(ref)
        if isinstance(found, NamedRef) and found.name in self._inputs and isinstance(value, Mapping):
            return self._object(found.name, value, joined=joined)
        return value

    def _object(self, owner: str, value: Mapping[str, object], *, joined: bool | None) -> dict[str, object]:
        """An input object, whose lifted fields go back to where the source takes them."""
        fields, lifts = self._model.inputs[owner].fields, self._shaping.lifts.get(("input", owner), {})
        made: dict[str, object] = {}
        for name, each in value.items():
            lifted = lifts.get(name)
            if lifted is not None:
                given = at(self._model, lifted.slot)
                assert given is not None
                _put(made, lifted.chain, self._value(lifted.slot, given.type, each, joined=joined))
            elif name in fields:
                made[name] = self._value(("input", owner, name), fields[name].type, each, joined=joined)
            else:
                made[name] = each
        for name, item in fields.items():
            if name not in made and name not in self._away.get(owner, ()) and item.required and item.default is None:
                instead = self._instead(("input", owner, name), item.type)
                if instead is not None:
                    made[name] = instead
        for name, lifted in lifts.items():
            steps = [at(self._model, slot) for slot in (*lifted.passed, lifted.slot)]
            if name not in value and all(step is not None and step.required for step in steps):
                last = steps[-1]
                instead = None if last is None else self._instead(lifted.slot, last.type)
                if instead is not None:
                    _put(made, lifted.chain, instead)
        return made

    def _instead(self, place: Slot, ref: TypeRef) -> object:
        """What is given for null: null where the source takes one, else the first that means nothing to it."""
        coding = self._codings.get(place)
        if place[0] != "input" or ref.nullable or isinstance(ref, ListRef) or coding is None or not coding.nulls:
            return None
        return coding.nulls[0]

    def _sayable(self, place: Slot, ref: TypeRef, keys: Sequence[object], *, joined: bool) -> Iterator[object]:
        for key in keys:
            try:
                yield self._value(place, ref, key, joined=joined)
            except Unsayable:
                continue

    def rows(self, operation: Operation) -> str:
        """The type of the rows that predicates of a call look at."""
        if operation.change is not None:
            return operation.change.rows
        if operation.rows is not None and operation.rows.of:
            return operation.rows.of
        return named(operation.result)

    def predicate(self, owner: str, asked: Predicate) -> Predicate:
        """A predicate on rows of a type; the very same where it looks at nothing coded.

        Raises:
            BadRequest: the source cannot say a value, or would compare what is written and not what it means.
        """
        return self._holds(owner, asked) if self._looks(owner, asked) else asked

    def _looks(self, owner: str, asked: Predicate) -> bool:
        """Whether a predicate looks at something coded."""
        match asked:
            case And(parts) | Or(parts):
                return any(self._looks(owner, part) for part in parts)
            case Not(part):
                return self._looks(owner, part)
            case Compare(field) | IsNull(field):
                return self._of(owner, field) is not None
            case In(fields):
                return any(self._of(owner, field) for field in fields)
            case Related(join, _, part):
                return self._looks(self.rows(self._model.operations[join.operation]), part)
            case _:
                return False

    def _holds(self, owner: str, asked: Predicate, *, negated: bool = False) -> Predicate:
        """Negations are moved to the single conditions: of a code that nobody knows neither a condition holds nor its
        opposite, and only there this can be said.
        """
        match asked:
            case And(parts) | Or(parts):
                made = tuple(self._holds(owner, part, negated=negated) for part in parts)
                return And(made) if isinstance(asked, And) is not negated else Or(made)
            case Not(part):
                return self._holds(owner, part, negated=not negated)
            case Compare(field) if (coding := self._of(owner, field)) is not None:
                return _compared(coding, asked, negated=negated)
            case IsNull(field) if nothing := self._nulls(owner, (field,)):
                return And((Not(asked), *map(Not, nothing))) if negated else Or((asked, *nothing))
            case In():
                found = self._among(owner, asked)
                return And((Not(found), *self._there(owner, asked.fields))) if negated else found
            case Related(join, _, part):
                asked = replace(asked, part=self.predicate(self.rows(self._model.operations[join.operation]), part))
        return Not(asked) if negated else asked

    def _there(self, owner: str, fields: Sequence[str]) -> list[Predicate]:
        """The conditions that rows have something in these fields, and what can be told."""
        coded = [(field, coding) for field in fields if (coding := self._of(owner, field)) is not None]
        known: list[Predicate] = [_is_known(field, coding) for field, coding in coded if coding.known]
        known += [Not(IsNull(field)) for field, coding in coded if not coding.known]
        return [*known, *map(Not, self._nulls(owner, fields))]

    def _nulls(self, owner: str, fields: Sequence[str]) -> list[In]:
        """The conditions that rows have what means nothing in one of these fields."""
        codings = [(field, self._of(owner, field)) for field in fields]
        return [_is_nothing(field, coding) for field, coding in codings if coding is not None and coding.nulls]

    def touches(self) -> bool:
        """Whether there are rows with coded fields at all."""
        return bool(self._owners)

    def _of(self, owner: str, field: str) -> Coding | None:
        return self._codings.get(("field", owner, field))

    def _among(self, owner: str, asked: In) -> In:
        """Keys with a value that the source cannot say belong to no row of it."""
        codings = [self._of(owner, field) for field in asked.fields]
        if not any(codings):
            return asked
        values = []
        for key in asked.values:
            try:
                values.append(
                    tuple(
                        part if coding is None else coding.back(part) for coding, part in zip(codings, key, strict=True)
                    )
                )
            except UNREADABLE:
                continue
        return replace(asked, values=tuple(values))

    def grouping(self, owner: str, asked: Grouping) -> Grouping:
        """How rows of a type are grouped; the very same where it asks for nothing coded. Raises: as ``predicate``."""
        made = tuple(self._having(owner, each) for each in asked.having)
        if all(new is each for new, each in zip(made, asked.having, strict=True)):
            return asked
        return replace(asked, having=made)

    def _having(self, owner: str, asked: GroupCondition) -> GroupCondition:
        if asked.function not in _OF_VALUES or self._of(owner, asked.field) is None:
            return asked
        return replace(asked, condition=self._on(self._codings["field", owner, asked.field], asked.condition))

    def _on(self, coding: Coding, asked: Predicate) -> Predicate:
        """A condition on one value, whatever it calls it."""
        match asked:
            case And(parts) | Or(parts):
                return replace(asked, parts=tuple(self._on(coding, part) for part in parts))
            case Not(part):
                return Not(self._on(coding, part))
            case Compare():
                return _compared(replace(coding, known=(), nulls=()), asked)
            case In(_, values):
                return replace(asked, values=tuple((_written(coding, key[0], "having"),) for key in values))
            case _:
                return asked


def _compared(coding: Coding, asked: Compare, *, negated: bool = False) -> Predicate:
    if asked.operator in _ORDERS and not coding.ordered:
        raise BadRequest(f"{asked.field} is written in a way that its source cannot order by")
    if asked.operator in _LIKE and not coding.plain:
        raise BadRequest(f"{asked.field} is no text that its source could look into")
    made: Predicate = asked
    if asked.operator not in _LIKE:
        operator = _OPPOSITES[asked.operator] if negated else asked.operator
        made = _bounded(coding, replace(asked, operator=operator))
    elif negated:
        made = Not(asked)
    # A row with something that means nothing, or that nobody knows, fulfils neither a condition nor its opposite.
    parts = [made]
    if isinstance(made, Compare) and made.operator == "eq":
        return made
    if isinstance(made, Compare) and made.operator == "ne" and coding.known:
        parts.append(_is_known(asked.field, coding))
    if coding.nulls:
        parts.append(Not(_is_nothing(asked.field, coding)))
    return And(tuple(parts)) if len(parts) > 1 else made


def _is_nothing(field: str, coding: Coding) -> In:
    return In((field,), tuple((value,) for value in coding.nulls))


def _is_known(field: str, coding: Coding) -> In:
    return In((field,), tuple((code,) for code in coding.known))


def _put(into: dict[str, object], chain: tuple[str, ...], value: object) -> None:
    head, *rest = chain
    if not rest:
        into[head] = value
        return
    below = into.setdefault(head, {})
    assert isinstance(below, dict), "no two fields lead through one place and end there"
    _put(below, tuple(rest), value)


def _numbers(operation: Operation) -> bool:
    return "number" in operation.compare or any("number" in each for each in operation.compare_by.values())


def _bounded(coding: Coding, asked: Compare) -> Predicate:
    """A condition on what is written. Where the source cannot say the value itself, others are above or not above the
    greatest that it can say; beyond all that it has, all of them fulfil the condition or none.
    """
    if asked.operator not in _ORDERS:
        return replace(asked, value=_written(coding, asked.value, asked.field))
    try:
        return replace(asked, value=coding.bound(asked.value))
    except UNREADABLE as error:
        try:
            return replace(asked, operator=_FLOORED[asked.operator], value=coding.under(asked.value))
        except Beyond as beyond:
            every = beyond.above is (asked.operator in {"lt", "lte"})
            return Not(IsNull(asked.field)) if every else In((asked.field,), ())
        except UNREADABLE:
            raise _unsayable(asked.field, error) from error


def _written(coding: Coding, value: object, name: str, *, number: bool = False) -> object:
    """``number``: a text may say a number in another way than the source does, as ``000042`` says 42."""
    try:
        return coding.back(value)
    except UNREADABLE as error:
        if number and isinstance(value, str) and _ZEROS.fullmatch(value.strip()):
            return _written(coding, str(int(value)), name)
        raise _unsayable(name, error) from error


def _unsayable(name: str, error: Exception) -> Unsayable:
    needed = "a moment needs its offset, as in 2026-01-31T12:00:00+01:00" if isinstance(error, NoOffset) else ""
    return Unsayable(name, needed)
