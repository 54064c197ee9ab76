"""Several parts out of one source: two types of a REST service, two tables of a database, and all of them together."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from schema import Executor
from tests.entities.twins import World, twins

NUMBERS = (1, 2, 3, 4, 5, 6, 10, 11)
FIELDS = ["id", "name", "owner", "tier", "city", "depot", "region", "credit"]


def a_world(chance: Random) -> World:
    """Customers of whom each part knows some."""

    def known(*columns: str) -> list[dict[str, Any]]:
        numbers = chance.sample(NUMBERS, chance.randrange(7))
        values = ["ann", "ben", "gold", "north", None]
        return [{columns[0]: number, **{each: chance.choice(values) for each in columns[1:]}} for number in numbers]

    accounts = [
        {**row, "no": str(row["no"]), "depot": row["depot"] or "East"} for row in known("no", "depot", "region")
    ]
    numbers = [row["no"] for row in accounts]
    credited = chance.sample(numbers, len(numbers) // 2)
    return World(
        clients=[{**row, "name": row["name"] or "Nobody"} for row in known("id", "name", "owner")],
        profiles=known("clientId", "tier", "city"),
        accounts=accounts,
        credits=[{"account": number, "credit": chance.randrange(100)} for number in credited],
        visits=[{"number": f"V{number}", "of": number} for number in NUMBERS],
        parcels=[{"number": f"P{number}", "account": number} for number in numbers],
    )


def questions(world: World, inner: str) -> dict[str, tuple[str, list[int | None]]]:
    """Root → the question, and the numbers of the customers that it gives."""
    clients = [row["id"] for row in world.clients]
    profiles = [row["clientId"] for row in world.profiles]
    accounts = sorted(row["no"] for row in world.accounts)
    given = ", ".join(f'{{ __typename: "Customer", id: {number} }}' for number in NUMBERS)
    visited = [number if number in profiles else None for number in NUMBERS]
    return {
        "clients": (f"{{ clients {{ {inner} }} }}", list(reversed(clients))),
        "profiles": (f"{{ profiles {{ {inner} }} }}", list(reversed(profiles))),
        "accounts": (f"{{ accounts(orderBy: {{ id: ASC }}) {{ {inner} }} }}", [int(number) for number in accounts]),
        "credits": (
            f"{{ credits(orderBy: {{ id: ASC }}) {{ {inner} }} }}",
            [int(number) for number in sorted(row["account"] for row in world.credits)],
        ),
        "visits": (f"{{ visits {{ row: profile {{ {inner} }} }} }}", visited),
        "parcels": (
            f"{{ parcels(orderBy: {{ number: ASC }}) {{ row: accountByAccount {{ {inner} }} }} }}",
            [int(number) for number in accounts],
        ),
        "client": (f"{{ client(id: 3) {{ {inner} }} }}", [3 if 3 in clients else None]),
        "account": (f'{{ account(no: "4") {{ {inner} }} }}', [4 if "4" in accounts else None]),
        "_entities": (
            f"{{ _entities(representations: [{given}]) {{ ... on Customer {{ {inner} }} }} }}",
            [*NUMBERS],
        ),
    }


@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_every_row_is_the_join_that_python_makes(tmp_path: Path, executor: Executor) -> None:
    chance = Random(f"one source {executor}")
    async with twins(tmp_path, executor=executor) as here:
        for _ in range(12):
            here.put(a_world(chance))
            asked = chance.sample(FIELDS, chance.randint(1, len(FIELDS)))
            for root, (query, numbers) in questions(here.world, " ".join(asked)).items():
                found = (await here.data(query))[root]
                rows = [row.get("row", row) if row else row for row in (found if isinstance(found, list) else [found])]
                whole = [None if each is None else here.world.whole(each) for each in numbers]
                expected = [each and {name: each[name] for name in asked} for each in whole]
                assert rows == expected, (query, here.world)
                called = [name for name, _ in here.calls]
                assert len(called) == len(set(called)), "a part is asked once"


async def test_a_part_that_fails_leaves_the_others_of_its_source(tmp_path: Path) -> None:
    async with twins(tmp_path) as here:
        here.down = {"profiles"}
        reply = await here.ask("{ accounts { id name tier credit } }")
        assert reply["data"]["accounts"][0] == {"id": 1, "name": "Ada", "tier": None, "credit": 10}
        assert {tuple(error["path"])[0::2] for error in reply["errors"]} == {("accounts", "tier")}
        assert {error["extensions"]["code"] for error in reply["errors"]} == {"SOURCE_FAULT"}


async def test_what_lies_between_two_parts_is_a_field_like_others(tmp_path: Path) -> None:
    async with twins(tmp_path) as here:
        found = await here.data(
            "{ credits(orderBy: { accountByAccount: { depot: DESC } }, limit: 1) { id accountByAccount { id tier } } }"
        )
        assert found == {"credits": [{"id": 2, "accountByAccount": {"id": 2, "tier": "gold"}}]}
        found = await here.data("{ accounts(where: { credits: { some: { credit: { gt: 15 } } } }) { id name } }")
        assert found == {"accounts": [{"id": 2, "name": "Bob"}, {"id": 3, "name": "Cid"}]}


async def test_a_type_is_part_of_one_entity(tmp_path: Path) -> None:
    async with twins(tmp_path):
        file = tmp_path / "isthmus.yaml"
    text = file.read_text().replace(
        "server:", "  Other: { key: id, from: { crm.Client: { by: crm.clients } } }\nserver:"
    )
    file.write_text(text)
    chosen = read(file, {})
    with pytest.raises(ConfigurationError) as raised:
        await load(chosen)
    told = chosen.describe(raised.value.problems)
    assert "entities.Other.from.crm.Client\n  crm.Client is part of Customer already" in told
