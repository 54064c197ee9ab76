"""Who sees which rows, decided anew by tests: plain Python over the rows themselves, sharing nothing with the gateway.

Logic is three-valued: ``None`` is unknown, and only what is surely true is seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.access.rows_house import World

Row = Mapping[str, Any]
Truth = frozenset[bool | None]
"""All that a condition may be: a claim that a caller lacks may make a comparison true or false, and nobody knows."""

TRUE: Truth = frozenset({True})
UNKNOWN: Truth = frozenset({None})
ANYTHING: Truth = frozenset({True, False})

OWNERS, REGIONS, TEAMS, STATUSES = (
    ("ann", "ben", "zoe", None),
    ("north", "south", None),
    ("red", "blue", None),
    ("open", "paid", None),
)
FIELDS: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "Customer": {
        "id": range(1, 7),
        "region": REGIONS,
        "ownerId": OWNERS,
        "name": ("Ada", "Bob"),
        "email": ("a@x", "b@x", None),
    },
    "Order": {
        "id": range(10, 18),
        "total": (5, 50, 500, None),
        "status": STATUSES,
        "agentId": ("a1", "a2", "gone", None),
    },
    "Agent": {"id": ("a1", "a2", "a3"), "team": TEAMS, "boss": OWNERS[:3]},
    "Ticket": {"id": range(1, 8), "agentId": ("a1", "a2", "a9"), "text": ("one", "two"), "customerId": range(1, 7)},
    "Invoice": {"number": ("i1", "i2", "i3"), "amount": (5, 50), "desk": ("red", "blue")},
    "Person": {"id": range(1, 6), "team": TEAMS[:2], "age": (30, 40)},
    "Firm": {"id": range(1, 6), "team": TEAMS[:2], "vat": ("v1", "v2")},
}
TABLES = {"Customer": "customers", "Order": "orders", "Agent": "agents", "Ticket": "tickets", "Invoice": "invoices"}
ONE = {
    ("Order", "customer"): ("Customer", "customerId", "id"),
    ("Order", "agent"): ("Agent", "agentId", "id"),
    ("Ticket", "customer"): ("Customer", "customerId", "id"),
    ("Ticket", "expert"): ("Agent", "agentId", "id"),
}
MANY = {("Customer", "orders"): ("Order", "id", "customerId")}
KEYS = {
    "Customer": "id",
    "Order": "id",
    "Agent": "id",
    "Ticket": "id",
    "Invoice": "number",
    "Person": "id",
    "Firm": "id",
}


def camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found.group(1).upper(), name)


def rows_of(world: World, kind: str) -> list[dict[str, Any]]:
    """The rows of a type, by the names of its fields."""
    if kind in TABLES:
        return [{camel(key): value for key, value in row.items()} for row in getattr(world, TABLES[kind])]
    return [dict(row) for row in world.parties if row["kind"] == kind]


@dataclass(frozen=True)
class Policy:
    """``rows``: type → condition; ``fields``: (type, field) → condition."""

    rows: Mapping[str, Any]
    fields: Mapping[tuple[str, str], Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Oracle:
    world: World
    policy: Policy
    claims: Mapping[str, Any]

    def sees(self, kind: str, row: Row) -> bool:
        condition = self.policy.rows.get(kind)
        return condition is None or self.holds(kind, row, condition) == TRUE

    def shows(self, kind: str, name: str, row: Row) -> bool:
        condition = self.policy.fields.get((kind, name))
        return condition is None or self.holds(kind, row, condition) == TRUE

    def visible(self) -> dict[str, list[dict[str, Any]]]:
        """All that the caller can see, type by type."""
        found: dict[str, list[dict[str, Any]]] = {}
        for kind in KEYS:
            seen = [row for row in rows_of(self.world, kind) if self.sees(kind, row)]
            found[kind] = [
                {name: value if self.shows(kind, name, row) else None for name, value in row.items()} for row in seen
            ]
        return found

    def holds(self, kind: str, row: Row, condition: Mapping[str, Any]) -> Truth:
        return _every([self._part(kind, row, name, value) for name, value in condition.items()])

    def _part(self, kind: str, row: Row, name: str, value: Any) -> Truth:
        if name in {"and", "or", "not"}:
            parts = [self.holds(kind, row, each) for each in (value if isinstance(value, list) else [value])]
            return _every(parts) if name == "and" else _not(_every(parts if name == "not" else list(map(_not, parts))))
        if (kind, name) in ONE:
            return self._one(kind, row, name, value)
        if (kind, name) in MANY:
            there, mine, theirs = MANY[kind, name]
            related = [each for each in rows_of(self.world, there) if each[theirs] == row[mine]]
            parts = []
            for quantifier, inner in value.items():
                held = [_settled(self.holds(there, each, inner)) for each in related]
                parts.append(_every(held) if quantifier == "every" else _some(held))
                if quantifier == "none":
                    parts[-1] = _not(parts[-1])
            return _every(parts)
        sample = next(each for each in FIELDS[kind][name] if each is not None)
        return _every(
            [self._test(row.get(name), type(sample), operator, operand) for operator, operand in value.items()]
        )

    def _one(self, kind: str, row: Row, name: str, value: Any) -> Truth:
        there, mine, theirs = ONE[kind, name]
        found = [each for each in rows_of(self.world, there) if row[mine] is not None and each[theirs] == row[mine]]
        if kind == "Order" and name == "customer":  # some row there fulfils it
            return _some([_settled(self.holds(there, each, value)) for each in found])
        return self.holds(there, found[0], value) if len(found) == 1 else UNKNOWN

    def _test(self, value: Any, typed: type, operator: str, operand: Any) -> Truth:
        if operator == "isNull":
            return frozenset({(value is None) is operand})
        other = self._claimed(operand)
        if operator in {"in", "nin"}:
            if not isinstance(other, list):
                return ANYTHING
            found = _some([self._test(value, typed, "eq", each) for each in other])
            return found if operator == "in" else _not(found)
        if type(other) is not typed:
            return ANYTHING
        if value is None:
            return UNKNOWN
        return frozenset({bool(TESTS[operator](value, other))})

    def _claimed(self, operand: Any) -> Any:
        if isinstance(operand, str) and operand.startswith("$claims."):
            return self.claims.get(operand.removeprefix("$claims."))
        return operand


TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "lte": lambda a, b: a <= b,
}


def _every(parts: list[Truth]) -> Truth:
    """True where all parts are, for all that they may be."""
    found: Truth = TRUE
    for part in parts:
        found = frozenset(_both(one, other) for one in found for other in part)
    return found


def _both(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001  # values
    return False if False in (one, other) else None if None in (one, other) else True


def _some(parts: list[Truth]) -> Truth:
    return _not(_every(list(map(_not, parts))))


def _not(truth: Truth) -> Truth:
    return frozenset(None if each is None else not each for each in truth)


def _settled(truth: Truth) -> Truth:
    """Of a related row: what is unknown is not fulfilled."""
    return frozenset(each is True for each in truth)
