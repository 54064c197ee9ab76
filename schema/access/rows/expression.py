"""Rules on rows as data: the ``where`` of a rule with places for claims, and what it comes to for one caller.

A claim that is missing, null or no value of its field makes a condition unknown. A row must fulfil its rules, and what
is unknown is not fulfilled, so an unknown condition becomes one that never holds, or under ``not`` one that always
does: then the whole is exactly what three-valued logic says. Which names mean what is said in ``reading.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from resolvers import And, Column, Compare, In, IsNull, Join, KeyPart, Not, Operator, Or, Predicate, Quantifier, Related
from schema.access.callers import claim
from schema.access.principal import Principal
from schema.access.rows.values import Leaf, Unfit

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim at a path, as a value of a field."""

    path: str
    leaf: Leaf


Operand: TypeAlias = "Claim | Constant"


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that the file says, as the source takes it."""

    value: object


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    operator: Operator
    operand: Operand


@dataclass(frozen=True, slots=True)
class Among:
    """The field is one of several values, or of the items of a claim that is a list."""

    field: str
    operands: tuple[Operand, ...] | Claim


@dataclass(frozen=True, slots=True)
class Null:
    field: str


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class No:
    part: Expression


@dataclass(frozen=True, slots=True)
class Through:
    """A condition on related rows of the same database, which it answers itself."""

    join: Join
    quantifier: Quantifier
    part: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Led:
    """A condition on the one row that a link leads to, whatever source has it. ``keys``: fields of the parent.

    It is decided for keys, before it is asked of rows. ``told``: the fields of that row where the keys themselves are
    all that is looked at, and how it writes them; then nothing is fetched.
    """

    column: Column
    keys: tuple[str, ...]
    part: Expression
    told: tuple[tuple[str, KeyPart], ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A condition of which nothing is known, since the source of its fields is missing."""


Expression: TypeAlias = "Comparison | Among | Null | All | Any | No | Through | Led | Unknown"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of every condition behind a link, the keys for which it is true, and those for which it is false.

    A key whose row is not there, failed or is ambiguous, or for which the condition is unknown, is in neither.
    """

    true: Mapping[Led, Sequence[tuple[object, ...]]] = field(default_factory=dict)
    false: Mapping[Led, Sequence[tuple[object, ...]]] = field(default_factory=dict)


UNDECIDED = Verdicts()


def predicate(expression: Expression, principal: Principal, verdicts: Verdicts, *, asserted: bool = True) -> Predicate:
    """What rows must fulfil for a caller. ``asserted``: the condition stands under an even number of ``not``."""
    never: Predicate = Or(()) if asserted else And(())
    made = never  # as is what is unknown
    match expression:
        case All(parts):
            made = And(tuple(predicate(part, principal, verdicts, asserted=asserted) for part in parts))
        case Any(parts):
            made = Or(tuple(predicate(part, principal, verdicts, asserted=asserted) for part in parts))
        case No(part):
            made = Not(predicate(part, principal, verdicts, asserted=not asserted))
        case Null(name):
            made = IsNull(name)
        case Comparison(name, operator, operand):
            try:
                made = Compare(name, operator, _value(operand, principal))
            except Unfit:
                made = never
        case Among(name, operands):
            made = _among(name, operands, principal, never, asserted=asserted)
        case Through(join, quantifier, part):
            # Whether all of them, or none, fulfils it is asked of each: ``none`` turns the condition around.
            inner = predicate(part, principal, verdicts, asserted=asserted is (quantifier != "none"))
            made = Related(join, quantifier, inner)
        case Led():
            decided = (verdicts.true if asserted else verdicts.false).get(expression, ())
            known = In(expression.keys, tuple(decided)) if decided else Or(())
            made = known if asserted else Not(known)
    return made


def _value(operand: Operand, principal: Principal) -> object:
    if isinstance(operand, Constant):
        return operand.value
    return operand.leaf.of_claim(claim(principal, operand.path))


def _among(
    name: str, operands: tuple[Operand, ...] | Claim, principal: Principal, never: Predicate, *, asserted: bool
) -> Predicate:
    """Items that are no values of the field are equal to none of its values, and unknown under ``not``."""
    values: list[tuple[object, ...]] = []
    items: Sequence[object]
    if isinstance(operands, Claim):
        found = claim(principal, operands.path)
        if not isinstance(found, list):
            return never
        items, leaf = found, operands.leaf
        for item in items:
            try:
                values.append((leaf.of_claim(item),))
            except Unfit:
                if not asserted:
                    return never
        return In((name,), tuple(values))
    for operand in operands:
        try:
            values.append((_value(operand, principal),))
        except Unfit:
            if not asserted:
                return never
    return In((name,), tuple(values))


def equals(expression: Expression, principal: Principal) -> tuple[str, list[object]] | None:
    """The field that must be equal to one of some values, and those; ``None`` where that is not what it says."""
    match expression:
        case Comparison(name, "eq", operand):
            return name, _known((operand,), principal)
        case Among(name, Claim(path, leaf)):
            found = claim(principal, path)
            return name, _fit(leaf.of_claim, found if isinstance(found, list) else ())
        case Among(name, operands) if isinstance(operands, tuple):
            return name, _known(operands, principal)
        case _:
            return None


def _known(operands: Iterable[Operand], principal: Principal) -> list[object]:
    return _fit(lambda operand: _value(operand, principal), operands)


def _fit(value: Callable[[_T], object], given: Iterable[_T]) -> list[object]:
    """The different values, those left out that the field cannot have."""
    found: list[object] = []
    for item in given:
        try:
            made = value(item)
        except Unfit:
            continue
        if made not in found:
            found.append(made)
    return found


def led(expression: Expression) -> tuple[Led, ...]:
    """The conditions behind links that are part of it."""
    match expression:
        case All(parts) | Any(parts):
            return tuple(each for part in parts for each in led(part))
        case No(part):
            return led(part)
        case Led():
            return (expression,)
        case _:
            return ()


def fields(expression: Expression) -> frozenset[str]:
    """The source's fields of a row that it looks at."""
    match expression:
        case All(parts) | Any(parts):
            return frozenset().union(*(fields(part) for part in parts))
        case No(part):
            return fields(part)
        case Led(_, keys):
            return frozenset(keys)
        case Through(join, _, _):
            return frozenset(mine for mine, _ in join.match)
        case Comparison(name) | Among(name) | Null(name):
            return frozenset({name})
        case Unknown():
            return frozenset()
