"""An old name that is kept: both names are one thing, for callers, for sources and for whoever guards it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.file.config import UnreadableFile, read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.naming.shop import JWT, shop, token, write

KEPT = """
links: { Parcel.buyer: { one: crm.customer, match: { customerNumber: id } } }
rename:
  Query.customers: { to: clients, keep: use clients }
  Query.customers(near:): { to: town, keep: true }
  Query.customer(id:): { to: number, keep: use number }
  Customer.mail: { to: email, keep: use email }
  State.SHUT: { to: CLOSED, keep: use CLOSED }
  NewCustomerInput.mail: { to: email, keep: use email }
  NewHomeInput.town: { to: city, keep: use city }
  Parcel.note: { to: contents, keep: use contents }
  Parcel.customerNo: { to: customerNumber, keep: true }
  Parcel.buyer: { to: client, keep: true }
"""


async def test_both_names_give_the_same_and_each_costs_one_call(tmp_path: Path) -> None:
    async with shop(tmp_path, KEPT) as made:
        for root, mail in (("clients", "email"), ("customers", "mail"), ("clients", "mail")):
            made.calls.clear()
            data = await made.data(f"{{ {root} {{ id {mail} state }} }}")
            assert [row[mail] for row in data[root]] == ["ann@example.com", "bob@example.com"]
            assert [row["state"] for row in data[root]] == ["OPEN", "CLOSED"]  # a value has one name on its way out
            assert len(made.calls) == 1
        for state in ("CLOSED", "SHUT"):
            made.calls.clear()
            assert len((await made.data(f"{{ clients(state: {state}) {{ id }} }}"))["clients"]) == 1
            assert made.calls == [("GET", "/customers", {"state": "SHUT"})]
        for town in ("town", "near"):
            made.calls.clear()
            await made.data(f"query ($t: String) {{ clients({town}: $t) {{ id }} }}", t="Ulm")
            assert made.calls[0][2] == {"near": "Ulm"}
        made.calls.clear()
        data = await made.data("{ parcels { client { email } buyer { mail } } }")
        assert data["parcels"][0] == {"client": {"email": "ann@example.com"}, "buyer": {"mail": "ann@example.com"}}
        assert len(made.calls) == 2  # of two customers


async def test_filters_orders_aggregates_and_writes_take_both(tmp_path: Path) -> None:
    asked = """{
      parcels(where: { NUMBER: { eq: "1" } }, orderBy: [{ NOTE: DESC_NULLS_LAST }], distinct: [NOTE]) { id NOTE }
      parcelsAggregate(
        groupBy: [NUMBER], having: { min: { NOTE: { eq: "books" } } }, orderBy: [{ key: { NUMBER: ASC } }]
      ) { key { NUMBER } max { NOTE } }
    }"""
    insert = "mutation ($row: ParcelInsert!) { insertParcel(row: $row) { NUMBER NOTE } }"
    update = 'mutation { updateParcel(id: 3, set: { NOTE: "books" }) { NOTE } }'
    async with shop(tmp_path, KEPT) as made:
        for note, number in (("contents", "customerNumber"), ("note", "customerNo")):

            async def data(text: str, note: str = note, number: str = number, **variables: object) -> Any:
                return await made.data(text.replace("NOTE", note).replace("NUMBER", number), **variables)

            found = await data(asked)
            assert found["parcels"] == [{"id": 1, note: "glass"}, {"id": 2, note: None}]
            assert found["parcelsAggregate"] == [{"key": {number: "2"}, "max": {note: "books"}}]
            row = {number: "4", note: "tea"}
            assert (await data(insert, row=row))["insertParcel"] == row
            assert (await data(update))["updateParcel"] == {note: "books"}
        for mail, town in (("email", "city"), ("mail", "town")):
            made.calls.clear()
            body = {"id": "9", mail: "z@example.com", "home": {town: "Ulm"}}
            await made.data("mutation ($b: NewCustomerInput!) { addCustomer(body: $b) { id } }", b=body)
            assert made.calls == [("POST", "/customers", {"id": "9", "mail": "z@example.com", "home": {"town": "Ulm"}})]


@pytest.mark.parametrize(
    ("query", "variables", "told"),
    [
        ('{ customer(number: "1", id: "1") { id } }', {}, "Query.customer is given number and id, which are one thing"),
        ("{ customer { id } }", {}, "Query.customer needs number"),
        ("query ($n: String) { customer(number: $n) { id } }", {}, "Query.customer needs number"),
        ("query ($n: String) { customer(number: $n) { id } }", {"n": None}, "Query.customer needs number"),
        (
            "query ($w: ParcelWhere) { parcels(where: { not: $w }) { id } }",
            {"w": {"and": [{"note": {"eq": "a"}, "contents": {"eq": "b"}}]}},
            "ParcelWhere is given contents and note, which are one thing",
        ),
        (
            'query ($w: ParcelWhere = { note: { eq: "a" }, contents: null }) { parcels(where: $w) { id } }',
            {},
            "ParcelWhere is given contents and note, which are one thing",
        ),
        (
            'mutation { addCustomer(body: { id: "9", home: { street: "x" } }) { id } }',
            {},
            "NewHomeInput needs city",
        ),
        (
            "mutation ($r: [ParcelInsert!]!) { insertParcels(rows: $r) { affected } }",
            {"r": [{"customerNumber": "1"}, {"customerNo": "1", "customerNumber": "2"}]},
            "ParcelInsert is given customerNumber and customerNo, which are one thing",
        ),
        (
            "mutation ($r: [ParcelInsert!]!) { insertParcels(rows: $r) { affected } }",
            {"r": {"note": "x"}},
            "ParcelInsert needs customerNumber",
        ),
    ],
)
async def test_one_of_two_names_is_given_and_nothing_runs_otherwise(
    tmp_path: Path, query: str, variables: dict[str, Any], told: str
) -> None:
    async with shop(tmp_path, KEPT) as made:
        body = await made.ask(query, variables)
        assert "data" not in body
        assert told in body["errors"][0]["message"]
        assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        assert made.calls == []
        assert (await made.data("{ parcelsAggregate { count } }"))["parcelsAggregate"] == [{"count": 3}]


GUARDED = """
access:
  default: authenticated
  rules:
    RULE: { roles: [staff], refused: REFUSED }
  views: { shop: { exclude: [RULE] } }
"""

RULED = {
    "Customer.email": ["{ clients { MAIL } }"],
    "Parcel.contents": [
        "{ parcels { NOTE } }",
        '{ parcels(where: { NOTE: { eq: "x" } }) { id } }',
        "{ parcels(orderBy: [{ NOTE: ASC }]) { id } }",
        "{ parcels(distinct: [NOTE]) { id } }",
        "{ parcelsAggregate { max { NOTE } } }",
        '{ parcelsAggregate(having: { max: { NOTE: { eq: "x" } } }) { count } }',
        'mutation { updateParcel(id: 1, set: { NOTE: "x" }) { id } }',
    ],
    "Parcel.client": ["{ parcels { CLIENT { id } } }"],
    "Query.clients": ["{ CLIENTS { id } }"],
    "Query.clients(town:)": ['{ CLIENTS(TOWN: "x") { id } }'],
    "Query.customer(number:)": ['{ customer(NUMBER: "1") { id } }'],
    "NewCustomerInput.email": ['mutation { addCustomer(body: { id: "9", MAIL: "x" }) { id } }'],
    "State.CLOSED": ["{ clients(state: CLOSED) { id } }", "{ clients(state: SHUT) { id } }"],
}
NAMES = {
    "MAIL": ("email", "mail"),
    "NOTE": ("contents", "note"),
    "CLIENTS": ("clients", "customers"),
    "CLIENT": ("client", "buyer"),
    "TOWN": ("town", "near"),
    "NUMBER": ("number", "id"),
}
OLD = {
    "Customer.email": "Customer.mail",
    "Parcel.contents": "Parcel.note",
    "Parcel.client": "Parcel.buyer",
    "Query.clients": "Query.customers",
    "Query.clients(town:)": "Query.customers(near:)",
    "Query.customer(number:)": "Query.customer(id:)",
    "NewCustomerInput.email": "NewCustomerInput.mail",
    "State.CLOSED": "State.SHUT",
}


def _under_both(query: str) -> list[str]:
    found = {query}
    for word, names in NAMES.items():
        found = {re.sub(rf"\b{word}\b", name, each) for each in found for name in names}
    return sorted(found)


@pytest.mark.parametrize(
    ("coordinate", "refused"),
    [
        *((each, "null") for each in (*OLD.values(), "Customer.email", "Query.clients(town:)", "*.mail", "*.contents")),
        *((each, "hidden") for each in ("Parcel.contents", "Query.customer(id:)", "State.SHUT", "Query.customers")),
    ],
)
async def test_a_rule_on_one_name_holds_for_both(tmp_path: Path, coordinate: str, refused: str) -> None:
    new = {old: each for each, old in OLD.items()} | {"*.mail": "Customer.email", "*.contents": "Parcel.contents"}
    rules = GUARDED.replace("RULE", json.dumps(coordinate)).replace("REFUSED", refused)
    clerk, boss = token(sub="clerk"), token(sub="boss", roles=["staff"])
    async with shop(tmp_path, rules + JWT + KEPT) as made:
        for query in RULED[new.get(coordinate, coordinate)]:
            for each in _under_both(query):
                told = (await made.ask(each, token=clerk)).get("errors", [])
                code = "FORBIDDEN" if refused == "null" else "BAD_REQUEST"
                assert {error["extensions"]["code"] for error in told} == {code}, each
                assert "errors" not in await made.ask(each, token=boss), each
                outside = (await made.ask(each, token=boss, path="/graphql/shop"))["errors"]
                assert outside[0]["extensions"]["code"] == "BAD_REQUEST", each


MASKED = """
access:
  default: authenticated
  rules:
    Customer.mail: { roles: [staff], mask: last4 }
    Parcel.note: { rows: { weight: { gt: 4 } }, unless: { roles: [staff] } }
    Query.customer: { rows: { id: { eq: $claims.sub } }, unless: { roles: [staff] } }
"""


async def test_masks_and_rules_on_rows_hold_for_both_names(tmp_path: Path) -> None:
    async with shop(tmp_path, MASKED + JWT + KEPT) as made:
        clerk = token(sub="1")
        body = await made.ask("{ clients { mail email } parcels { note contents } }", token=clerk)
        assert [set(row.values()) for row in body["data"]["clients"]] == [{f"{'*' * 12}.com"}] * 2
        assert [set(row.values()) for row in body["data"]["parcels"]] == [{"glass"}, {None}, {None}]
        for name in ("note", "contents"):
            told = await made.ask(f"{{ parcelsAggregate {{ max {{ {name} }} }} }}", token=clerk)
            assert told["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        for name in ("number", "id"):
            assert (await made.ask(f'{{ customer({name}: "1") {{ id }} }}', token=clerk))["data"]["customer"] == {
                "id": "1"
            }
            told = await made.ask(f'{{ customer({name}: "2") {{ id }} }}', token=clerk)
            assert told["data"] == {"customer": None}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("rename: { Customer: { to: Client, keep: true } }", "a type has one name"),
        ("rename: { Customer.mail: { to: email, keep: '' } }", "it does not say why"),
        ("rename: { Customer.mail: { to: id, keep: true } }", '"Customer" has a field "id" already'),
        ("rename: { Customer.mail: { too: email } }", 'unknown key "too"'),
        (
            "rename: { Customer.mail: { to: email, keep: old }, Customer.links: mail }",
            'Customer has a "mail" that is something else, so the old name cannot be kept beside the new',
        ),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_its_reason(tmp_path: Path, more: str, told: str) -> None:
    file = write(tmp_path, more)
    with pytest.raises((ConfigurationError, UnreadableFile)) as raised:
        await load(read(file, {}))
    assert told in str(raised.value)


BOUNDED = """
access: { default: anonymous }
limits: { cost: { max: 60, list_size: 1, weights: { NAME: 50 }, report: true } }
server:
  rate_limits: { rules: { few: { requests: 1, per_s: 3600, burst: 2, per: [address], fields: [NAME] } } }
  audit: { to: file, path: FOLDER/audit.jsonl, coordinates: [NAME] }
"""


@pytest.mark.parametrize("coordinate", ["Query.customers", "Query.clients"])
async def test_bounds_prices_and_the_record_are_of_both_names(tmp_path: Path, coordinate: str) -> None:
    text = BOUNDED.replace("NAME", coordinate).replace("FOLDER", str(tmp_path))
    async with shop(tmp_path, text + KEPT) as made:
        dear = await made.ask("{ a: clients { id } b: customers { id } }")
        assert dear["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    async with shop(tmp_path, text.replace("max: 60", "max: 600") + KEPT) as made:
        for name in ("clients", "customers"):
            assert "errors" not in await made.ask(f"{{ {name} {{ id }} }}")
        for name in ("clients", "customers"):
            refused = await made.ask(f"{{ {name} {{ id }} }}")
            assert refused["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    told = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text("utf-8").splitlines()]
    asked = [each["coordinates"] for each in told if isinstance(each.get("coordinates"), dict)]
    given = [name for each in asked for name in each.get("given", ())]
    assert given[-2:] == ["Query.clients", "Query.customers"]
