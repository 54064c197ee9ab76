"""Rules on rows of an entity: they hold for every part and by every way, wherever the fields lie that they look at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from schema import Executor
from tests.entities.test_entities_one_source import FIELDS, NUMBERS, a_world, questions
from tests.entities.twins import PARTS, Twins, World, twins

ANN = {"sub": "ann", "no": "3"}
ACCESS = """\
access:
  default: authenticated
  rules:
    Customer: {{ rows: {rule}, unless: {{ roles: [staff] }} }}
"""


@dataclass(frozen=True)
class Rule:
    """``sees``: whether a customer is there for ``ANN``, told by what all parts know, and by which of them do."""

    text: str
    sees: Callable[[Mapping[str, Any]], bool | None]


def _equal(row: Mapping[str, Any], name: str, value: object) -> bool | None:
    return None if row[name] is None else row[name] == value


def _any(*parts: bool | None) -> bool | None:
    return True if True in parts else None if None in parts else False


_NOT = {True: False, False: True, None: None}

RULES = [
    Rule(
        "{ accountByAccount: { depot: { eq: East } } }",
        lambda row: row["credit"] is not None and row["depot"] == "East",
    ),
    Rule("{ owner: { eq: $claims.sub } }", lambda row: _equal(row, "owner", "ann")),
    Rule("{ id: { gte: $claims.no } }", lambda row: row["id"] >= 3),
    Rule("{ not: { region: { eq: north } } }", lambda row: _NOT[_equal(row, "region", "north")]),
    Rule(
        "{ or: [{ tier: { eq: gold } }, { owner: { eq: $claims.sub } }] }",
        lambda row: _any(_equal(row, "tier", "gold"), _equal(row, "owner", "ann")),
    ),
    Rule(
        "{ credit: { lt: 60 }, not: { id: { eq: 4 }, depot: { eq: East } } }",
        lambda row: (
            None not in (row["credit"], row["depot"])
            and row["credit"] < 60
            and not (row["id"] == 4 and row["depot"] == "East")
        ),
    ),
]


def _sees(rule: Rule, world: World, number: int) -> bool:
    return rule.sees(world.whole(number)) is True


def _expected(rule: Rule, world: World, numbers: Sequence[int | None], asked: Sequence[str], root: str) -> list[Any]:
    """The rows that there are; null where one of a single row is not, and a key alone where a router told it."""
    kept = [number if number is not None and _sees(rule, world, number) else None for number in numbers]
    if root == "_entities":
        hidden = dict.fromkeys(asked)
        return [
            {name: world.whole(number)[name] for name in asked} if number in kept else hidden | {"id": number}
            for number in NUMBERS
        ]
    rows = [None if each is None else {name: world.whole(each)[name] for name in asked} for each in kept]
    return rows if root in {"visits", "parcels", "client", "account"} else [row for row in rows if row is not None]


@pytest.mark.parametrize(("number", "executor"), [*((n, "columns") for n in range(len(RULES))), (3, "reference")])
async def test_what_a_rule_hides_is_hidden_by_every_way(tmp_path: Path, number: int, executor: Executor) -> None:
    rule, chance = RULES[number], Random(f"rows {number}")
    seen = 0
    async with twins(tmp_path, ACCESS.format(rule=rule.text), executor) as here:
        for _ in range(4):
            here.put(a_world(chance))
            asked = ["id", *chance.sample(FIELDS[1:], chance.randint(1, len(FIELDS) - 1))]
            for root, (query, numbers) in questions(here.world, " ".join(asked)).items():
                found = (await here.data(query, ANN))[root]
                rows = [row.get("row", row) if row else row for row in (found if isinstance(found, list) else [found])]
                assert rows == _expected(rule, here.world, numbers, asked, root), (query, here.world)
                seen += len(rows)
            told = await here.data("{ accountsAggregate { count } accountsConnection { totalCount } }", ANN)
            count = sum(_sees(rule, here.world, int(row["no"])) for row in here.world.accounts)
            assert told == {"accountsAggregate": [{"count": count}], "accountsConnection": {"totalCount": count}}
            given = ", ".join(f'{{ __typename: "Customer", id: {number} }}' for number in NUMBERS)
            query = f"{{ _entities(representations: [{given}]) {{ ... on Customer {{ parcels {{ number }} }} }} }}"
            parcels = [each["parcels"] for each in (await here.data(query, ANN))["_entities"]]
            assert [each is not None for each in parcels] == [
                _sees(rule, here.world, number) and here.world.whole(number)["depot"] is not None for number in NUMBERS
            ]
            everything = await here.data("{ accounts { id } }", {"sub": "bob", "roles": ["staff"]})
            assert len(everything["accounts"]) == len(here.world.accounts)
    assert seen, "some rows are there"


def _other(rule: Rule, world: World, chance: Random) -> World:
    """A world that differs in customers who are hidden in both."""
    hidden = [number for number in NUMBERS if not _sees(rule, world, number)]
    for _ in range(40):
        drawn = a_world(chance)
        made = {}
        for part, key in PARTS:
            kept = [row for row in getattr(world, part) if int(row[key]) not in hidden]
            kept += [row for row in getattr(drawn, part) if int(row[key]) in hidden]
            made[part] = sorted(kept, key=lambda row: int(row[key]))
        numbers = {row["no"] for row in made["accounts"]}
        made["credits"] = [row for row in made["credits"] if row["account"] in numbers]
        other = replace(world, **made, parcels=[row for row in world.parcels if row["account"] in numbers])
        if not any(_sees(rule, other, number) for number in hidden):
            return other
    raise AssertionError("no such world")


def _asked() -> Iterator[str]:
    inner = " ".join(FIELDS)
    for query, _ in questions(World(clients=(), profiles=(), accounts=(), credits=()), inner).values():
        if "parcels" not in query:
            yield query
    yield "{ pagesConnection(first: 2) { totalCount nodes { id tier } pageInfo { hasNextPage } } }"
    yield "{ accountsAggregate(groupBy: [region]) { key { region } count max { depot } } }"
    yield "{ creditsAggregate { count sum { credit } } accountsConnection(first: 1) { totalCount nodes { id } } }"
    yield "{ accounts(where: { credits: { none: { credit: { gt: 50 } } } }, orderBy: { id: ASC }) { id } }"
    yield "{ credits(orderBy: [{ accountByAccount: { depot: ASC } }, { id: ASC }], limit: 3) { id } }"
    for number in NUMBERS:
        yield f'{{ a: account(no: "{number}") {{ id }} b: client(id: {number}) {{ id tier }} }}'


@pytest.mark.parametrize("number", range(len(RULES)))
async def test_two_worlds_that_differ_in_hidden_rows_give_the_same_bytes(tmp_path: Path, number: int) -> None:
    rule, chance = RULES[number], Random(f"two worlds {number}")
    async with twins(tmp_path, ACCESS.format(rule=rule.text)) as here:
        world = a_world(chance)
        made = {part: sorted(getattr(world, part), key=lambda row: int(row[key])) for part, key in PARTS}
        world = replace(world, **made, parcels=())
        other = _other(rule, world, chance)
        assert other != world
        for query in _asked():
            answers = []
            for each in (world, other):
                here.put(each)
                answers.append(await here.post(query, ANN))
            assert answers[0] == answers[1], (query, world, other)


@pytest.mark.parametrize(
    "rule", ["{ owner: { eq: $claims.sub } }", "{ not: { owner: { eq: ben }, tier: { eq: gold } } }"]
)
async def test_a_row_whose_part_is_not_answered_is_not_shown(tmp_path: Path, rule: str) -> None:
    async with twins(tmp_path, ACCESS.format(rule=rule)) as here:
        query = "{ accounts { id depot } profiles { id tier } visits { profile { id } } accountsAggregate { count } }"
        assert (await here.data(query, ANN))["accounts"]
        here.down = {"clients"}
        nothing = await here.post(query, ANN)
        here.down = set()
        here.put(replace(here.world, clients=()))
        assert nothing == await here.post(query, ANN)
        assert json.loads(nothing)["data"]["accounts"] == []


async def test_only_the_keys_that_are_asked_for_are_judged(tmp_path: Path) -> None:
    async with twins(tmp_path, ACCESS.format(rule="{ owner: { eq: $claims.sub } }")) as here:
        assert (await here.data("{ clients(ids: [1]) { depot credit } }", ANN))["clients"] == [
            {"depot": "East", "credit": 10}
        ]
        assert here.calls == [("clients", (1,)), ("clients", (1,))]
        assert await here.data('{ account(no: "3") { depot } }', ANN) == {"account": {"depot": "East"}}
        assert here.calls == [("clients", (3,))]
        # Only parcels are asked for by the key of this name: which credits there are beside them is asked in full.
        asked = "{ parcels(where: { accountByAccount: { credits: { some: { credit: { gt: 0 } } } } }) { number } }"
        assert [row["number"] for row in (await here.data(asked, ANN))["parcels"]] == ["P1", "P3"]
        below = "accountByAccount: { credits: { none: { credit: { gt: 90 } } } }"
        asked = f'{{ parcels(where: {{ account: {{ in: ["1"] }}, {below} }}) {{ number }} }}'
        assert [row["number"] for row in (await here.data(asked, ANN))["parcels"]] == ["P1"]


async def test_rows_are_changed_as_they_are_seen(tmp_path: Path) -> None:
    async with twins(tmp_path, ACCESS.format(rule="{ owner: { eq: $claims.sub } }")) as here:
        change = 'mutation { updateAccount(no: "%s", set: { depot: "New" }) { id depot name } }'
        assert await here.data(change % 1, ANN) == {"updateAccount": {"id": 1, "depot": "New", "name": "Ada"}}
        assert await here.data(change % 2, ANN) == {"updateAccount": None}
        renumbered = 'mutation { updateAccount(no: "6", set: { id: "4" }) { id } }'
        assert await here.data(renumbered, ANN) == {"updateAccount": None}
        added = 'mutation { insertAccount(row: { id: "%s", depot: "X" }) { id } }'
        reply = await here.ask(added % 9, ANN)
        assert [error["extensions"]["code"] for error in reply["errors"]] == ["FORBIDDEN"]
        depots = await here.data("{ accounts(orderBy: { id: ASC }) { depot } }", {"sub": "bob", "roles": ["staff"]})
        assert [row["depot"] for row in depots["accounts"]] == ["New", "West", "East", "Gulf"]


FIELD = """\
access:
  default: authenticated
  rules:
    Customer.credit: { rows: { owner: { eq: $claims.sub } }, unless: { roles: [staff] } }
"""


async def test_a_field_of_one_part_is_shown_by_what_another_knows(tmp_path: Path) -> None:
    async with twins(tmp_path, FIELD) as here:
        for query in ("{ rows: credits(orderBy: { id: ASC }) { id credit } }", "{ rows: clients { id credit } }"):
            rows = (await here.data(query, ANN))["rows"]
            assert {row["id"]: row["credit"] for row in rows if row["id"] < 4} == {1: 10, 2: None, 3: 30}
        reply = await here.ask("{ credits(where: { credit: { gt: 15 } }) { id } }", ANN)
        assert [error["extensions"]["code"] for error in reply["errors"]] == ["FORBIDDEN"]


async def _told(here: Twins, rule: str) -> str:
    file = here.folder / "isthmus.yaml"
    file.write_text(file.read_text().replace("access: { default: anonymous }", ACCESS.format(rule=rule)))
    chosen = read(file, {})
    with pytest.raises(ConfigurationError) as raised:
        await load(chosen)
    told: str = chosen.describe(raised.value.problems)
    return told


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{ ownr: { eq: ann } }", '"Customer" has no field "ownr"\n  mend: did you mean "owner"?'),
        ("{ owner: { eq: ann }, or: [{ tier: { eq: gold } }, { tyer: { eq: tin } }] }", 'no field "tyer"'),
        ("{ owner: { eq: ann }, tier: { like: 7 } }", "rows.tier.like"),
        ("{ parcels: { some: { number: { eq: P1 } } } }", "Customer.parcels does not lead to one row"),
    ],
)
async def test_what_cannot_be_judged_is_refused_at_load(tmp_path: Path, rule: str, said: str) -> None:
    async with twins(tmp_path) as here:
        assert said in await _told(here, rule)


async def test_the_key_itself_has_no_rule_on_rows(tmp_path: Path) -> None:
    async with twins(tmp_path) as here:
        told = await _told(here, "{ owner: { eq: ann } } }\n    Customer.id: { rows: { tier: { eq: gold } }")
        assert "Customer.id is the key, by which the parts of Customer find each other" in told


async def test_a_rule_on_a_part_whose_source_is_missing_hides_everything(tmp_path: Path) -> None:
    async with twins(tmp_path, ACCESS.format(rule="{ not: { owner: { eq: ben } } }"), describes=False) as here:
        assert await here.data("{ accounts { id } accountsAggregate { count } }", ANN) == {
            "accounts": [],
            "accountsAggregate": [{"count": 0}],
        }
