"""What rules on rows of an entity ask: behind links of a part, for the keys that are needed, anew after changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.attack.house import TRUSTED, gateway, token
from tests.entities.test_entities_rows import ACCESS, ANN
from tests.entities.twins import World, twins
from tests.mariadb import own_database

LINKS = """\
links:
  Customer.patron: { one: shop.accounts, match: { owner: id } }
  Customer.sent: { many: shop.parcels, match: { region: number } }
"""


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ("{ patron: { depot: { eq: East } } }", ["2", "3"]),
        ("{ not: { patron: { depot: { eq: East } } } }", ["1"]),  # of 4 nobody is the patron, and of 6 nothing is known
        ("{ patron: { depot: { eq: East } }, tier: { eq: gold } }", ["2"]),
    ],
)
async def test_another_part_is_judged_through_its_own_link(tmp_path: Path, rule: str, seen: list[str]) -> None:
    patrons = ((1, "2"), (2, "1"), (3, "3"), (4, "9"))
    clients = [{"id": number, "name": "Ada", "owner": owner} for number, owner in patrons]
    accounts = [*World().accounts, {"no": "4", "depot": "East", "region": None}]
    async with twins(tmp_path, LINKS + ACCESS.format(rule=rule)) as here:
        here.put(replace(here.world, clients=clients, accounts=accounts))
        asked = "{ clients { id } accounts(orderBy: { id: ASC }) { id } accountsAggregate { count } }"
        found = await here.data(asked, ANN)
        numbers = [int(each) for each in seen]
        assert sorted(row["id"] for row in found["clients"]) == numbers
        assert [row["id"] for row in found["accounts"]] == numbers
        assert found["accountsAggregate"] == [{"count": len(numbers)}]


async def test_rows_that_are_not_asked_for_by_their_key_are_all_judged(tmp_path: Path) -> None:
    accounts = [{**row, "region": "P3"} if row["no"] == "1" else row for row in World().accounts]
    async with twins(tmp_path, LINKS + ACCESS.format(rule="{ owner: { eq: $claims.sub } }")) as here:
        here.put(replace(here.world, accounts=accounts))
        # The way leads from account 1 to account 3, and to its credit.
        led = "sent: { some: { accountByAccount: { credits: { some: { credit: { gt: 0 } } } } } }"
        asked = f'{{ parcels(where: {{ account: {{ in: ["1"] }}, accountByAccount: {{ {led} }} }}) {{ number }} }}'
        assert await here.data(asked, ANN) == {"parcels": [{"number": "P1"}]}
        asked = f'{{ accounts(where: {{ id: {{ in: ["1"] }}, {led} }}) {{ id }} }}'
        assert await here.data(asked, ANN) == {"accounts": [{"id": 1}]}


async def test_a_row_that_its_database_finds_by_another_spelling_is_judged_by_its_own(tmp_path: Path) -> None:
    with own_database() as database:  # where no column heeds case
        database.run("""
            create table people (code varchar(9) primary key, name text);
            create table cards (code varchar(9) primary key, owner text);
            insert into people values ('AB', 'Ada'), ('CD', 'Cid');
            insert into cards values ('ab', 'ann'), ('cd', 'ben')
        """)
        file = f"""
sources:
  shop: {{ database: "{database.url}", timeout_s: 60, max_wait_s: 60 }}
entities:
  Person: {{ key: code, from: {{ shop.Person: {{ by: shop.people }}, shop.Card: {{ by: shop.cards }} }} }}
access: {{ default: authenticated, rules: {{ Person: {{ rows: {{ owner: {{ eq: $claims.sub }} }} }} }} }}
server: {{ {TRUSTED} }}
"""
        async with gateway(tmp_path, file) as asking:
            asked = '{ person(code: "ab") { name owner } other: person(code: "cd") { name } people { code } }'
            assert await asking.ask(asked, token("ann")) == {
                "data": {"person": {"name": "Ada", "owner": "ann"}, "other": None, "people": [{"code": "AB"}]}
            }


async def test_what_a_change_made_otherwise_is_asked_anew(tmp_path: Path) -> None:
    async with twins(tmp_path, ACCESS.format(rule="{ credit: { gt: 15 } }")) as here:
        touched = 'updateAccount(no: "2", set: { region: "%s" }) { id }'
        changes = f'a: {touched % "a"} b: deleteCredit(account: "2") {{ id }} c: {touched % "c"}'
        assert await here.data(f"mutation {{ {changes} }}", ANN) == {"a": {"id": 2}, "b": {"id": 2}, "c": None}


async def test_a_row_that_was_added_is_among_those_that_are_judged(tmp_path: Path) -> None:
    async with twins(tmp_path, ACCESS.format(rule="{ owner: { eq: $claims.sub } }")) as here:
        here.put(replace(here.world, accounts=World().accounts[:2], credits=(), parcels=()))
        touched = 'updateAccounts(where: { depot: { like: "%" } }, set: { region: "here" }) { affected }'
        added = 'insertAccount(row: { id: "3", depot: "New" }) { id }'
        assert await here.data(f"mutation {{ a: {touched} b: {added} c: {touched} }}", ANN) == {
            "a": {"affected": 1},
            "b": {"id": 3},
            "c": {"affected": 2},
        }
