"""Random filters through links to other systems: they find what plain Python joins find, in every way of asking.

More questions: ``ISTHMUS_TEST_QUESTIONS=2000 ISTHMUS_TEST_SEED=7 python -m pytest`` with this file.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from resolvers import And, Compare, In, IsNull, Join, Not, Or, Predicate, Related, matcher, unfulfilled
from tests.across.systems import Records, Row, Systems, records, systems

QUESTIONS = int(os.environ.get("ISTHMUS_TEST_QUESTIONS", "60"))
SEED = int(os.environ.get("ISTHMUS_TEST_SEED", "20"))
Where = dict[str, Any]

ORDER = {"total": ["number"], "region": ["EU", "US"], "customerId": ["C1", "C2", "C11"]}
CUSTOMER = {"segment": ["A", "B"], "name": ["Ann", "Bob", "100%"], "credit": ["number"]}
FAR: Mapping[str, tuple[str, Mapping[str, list[str]]]] = {
    "customer": ("customers", CUSTOMER),
    "person": ("customers", CUSTOMER),
    "account": ("accounts", {"owner": ["Ann", "Bob"], "balance": ["number"]}),
    "keeper": ("accounts", {"owner": ["Ann", "Bob"], "balance": ["number"]}),
    "notes": ("notes", {"body": ["late", "gift", ""]}),
    "depot": ("depots", {"open": ["flag"]}),
    "bill": ("bills", {"open": ["flag"], "number": ["INV-00001", "INV-00002"]}),
    "invoice": ("invoices", {"paid": ["flag"], "number": ["INV-00001", "INV-00002"]}),
}
KEYS = {
    "customer": [("customer_id", "id")], "person": [("customer_id", "id")], "account": [("account_no", "no")],
    "keeper": [("account_no", "no")],
    "notes": [("id", "order_no")], "depot": [("region", "region"), ("depot_no", "no")],
    "bill": [("invoice_no", "number")],
    "invoice": [("invoice_no", "number")],
}  # fmt: skip
NAMES = {"customerId": "customer_id", "depotNo": "depot_no", "accountNo": "account_no"}


class Chance:
    """Filters of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # tests

    def where(self, columns: Mapping[str, list[str]], links: Sequence[str], depth: int = 0) -> Where:
        made: Where = {}
        for _ in range(self.random.choice([0, 1, 1, 1, 2])):
            chance = self.random.random()
            if depth < 3 and chance < 0.3:
                name = self.random.choice(["and", "or", "not"])
                below = [self.where(columns, links, depth + 1) for _ in range(self.random.randint(0, 3))]
                made[name] = below if name != "not" else self.where(columns, links, depth + 1)
            elif links and chance < 0.75:
                link = self.random.choice(links)
                inner = self.where(FAR[link][1], (), depth + 1)
                made[link] = {self.random.choice(["some", "every", "none"]): inner} if link == "notes" else inner
            else:
                name, values = self.random.choice(list(columns.items()))
                made[name] = self.conditions(values)
        return made

    def conditions(self, values: list[str]) -> Where:
        if values == ["flag"]:
            return {self.random.choice(["eq", "ne"]): self.random.random() < 0.5}
        if values == ["number"]:
            return {self.random.choice(["eq", "ne", "gt", "lte"]): self.random.randint(-1, 9)}
        operator = self.random.choice(["eq", "eq", "ne", "in", "nin", "isNull", "startsWith"])
        if operator == "isNull":
            return {operator: self.random.random() < 0.5}
        picked = self.random.sample(values, self.random.randint(0, len(values)))
        return {operator: picked if operator in {"in", "nin"} else self.random.choice(values)}


def holds(held: Records, row: Row, where: Where, keys: Mapping[str, list[tuple[str, str]]]) -> bool | None:
    """Whether a row fulfils a filter, by joining in Python; three-valued as SQL is."""
    found: list[bool | None] = []
    for name, value in where.items():
        if name == "and":
            found += [holds(held, row, each, keys) for each in value]
        elif name == "or":
            found.append(_any([holds(held, row, each, keys) for each in value]))
        elif name == "not":
            inner = holds(held, row, value, keys)
            found.append(None if inner is None else not inner)
        elif name in keys:
            found.append(_joined(held, row, name, value, keys))
        else:
            found += [_compared(row.get(NAMES.get(name, name)), *item) for item in value.items()]
    return False if False in found else None if None in found else True


def _any(values: Sequence[bool | None]) -> bool | None:
    return True if True in values else None if None in values else False


def _joined(held: Records, row: Row, link: str, value: Where, keys: Mapping[str, list[tuple[str, str]]]) -> bool:
    trims = link in {"invoice", "bill"}

    def trim(key: Any) -> Any:
        return key.strip() if trims and isinstance(key, str) else key

    there = [
        each
        for each in getattr(held, FAR[link][0])
        if all(row[mine] is not None and trim(row[mine]) == trim(each[theirs]) for mine, theirs in keys[link])
    ]
    quantifier, inner = next(iter(value.items())) if link == "notes" else ("some", value)
    fulfil = [holds(held, each, inner, {}) is True for each in there]
    return any(fulfil) if quantifier == "some" else all(fulfil) if quantifier == "every" else not any(fulfil)


def _compared(value: Any, operator: str, other: Any) -> bool | None:
    if operator == "isNull":
        return (value is None) is other
    if operator in {"in", "nin"}:
        among = False if not other else None if value is None else value in other
        return among if operator == "in" or among is None else not among
    if value is None:
        return None
    tests: dict[str, Callable[[], bool]] = {
        "eq": lambda: value == other, "ne": lambda: value != other, "gt": lambda: value > other,
        "lte": lambda: value <= other, "startsWith": lambda: value.startswith(other),
    }  # fmt: skip
    return tests[operator]()


CONNECTION = "query($w: OrderWhere) { ordersConnection(where: $w) { totalCount } ordersAggregate(where: $w) { count } }"
BELOW = """query($w: OrderWhere) {
  accounts { no orders(where: $w, orderBy: { id: ASC }) { id } first: orders(where: $w, limit: 1) { id } }
}"""


@pytest.mark.parametrize(
    ("kind", "executor", "stated"),
    [
        ("sqlite", "columns", {"filters": {"segment": "segment"}}),
        ("postgresql", "columns", {}),
        ("mariadb", "columns", {}),
        ("sqlite", "reference", {}),
    ],
    ids=str,
)
async def test_filters_find_what_joins_in_python_find(
    kind: str, executor: str, stated: dict[str, Any], tmp_path: Path
) -> None:
    chance, held = Chance(SEED), records(SEED)
    async with systems(tmp_path, kind, held, executor=executor, **stated) as house:
        for number in range(QUESTIONS):
            where = chance.where(ORDER, list(KEYS))
            said = f"question {number} of seed {SEED}: {where}"
            wanted = [row["id"] for row in held.orders if holds(held, row, where, KEYS) is True]
            assert await house.ids(where) == wanted, said
            if number % 4 == 0:
                found = await house.data(CONNECTION, w=where)
                assert found["ordersConnection"]["totalCount"] == len(wanted), said
                assert found["ordersAggregate"] == [{"count": len(wanted)}], said
                await _below(house, where, wanted, said)


async def _below(house: Systems, where: Where, wanted: Sequence[int], said: str) -> None:
    """The same filter on a link that leads to the orders from yet another system."""
    accounts = (await house.data(BELOW, w=where))["accounts"]
    assert len(accounts) == len(house.held.accounts)
    for account in accounts:
        mine = [row["id"] for row in house.held.orders if row["account_no"] == account["no"] and row["id"] in wanted]
        assert [row["id"] for row in account["orders"]] == mine, said
        assert [row["id"] for row in account["first"]] == mine[:1], said


def _predicate(chance: random.Random, depth: int = 0) -> Predicate:
    pick = chance.random()
    if depth < 4 and pick < 0.5:
        below = tuple(_predicate(chance, depth + 1) for _ in range(chance.randint(0, 3)))
        made: list[Predicate] = [And(below), Or(below), Not(_predicate(chance, depth + 1))]
        return chance.choice(made)
    if pick < 0.65:
        return IsNull(chance.choice("ab"))
    if pick < 0.8:
        fields = chance.choice([("a",), ("a", "b")])
        return In(fields, tuple(tuple(chance.randint(0, 2) for _ in fields) for _ in range(chance.randint(0, 3))))
    return Compare(chance.choice("ab"), chance.choice(["eq", "ne", "gt"]), chance.randint(0, 2))


def test_the_opposite_is_true_of_all_rows_that_do_not_fulfil_a_predicate_and_never_unknown() -> None:
    chance = random.Random(SEED)  # tests
    rows = [{"a": a, "b": b} for a in (None, 0, 1, 2) for b in (None, 0, 1, 2)]
    for _ in range(2000):
        predicate = _predicate(chance)
        judge, opposite, twice = (
            matcher(predicate), matcher(unfulfilled(predicate)), matcher(unfulfilled(unfulfilled(predicate)))
        )  # fmt: skip
        for row in rows:
            assert opposite(row) is (judge(row) is not True), (predicate, row)
            assert twice(row) is (judge(row) is True), (predicate, row)
    related = Related(Join("b", ()), "some", And(()))
    assert unfulfilled(related) == Not(related)
    assert unfulfilled(Not(related)) == related
