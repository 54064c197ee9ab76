"""``isthmus test``: scenes are played without any system, and whatever is not as expected is told with its place."""

from __future__ import annotations

import json
import re
from pathlib import Path

from lxml import etree

from tests.scenes.conftest import Command, Write

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
CUSTOMERS = '{ customers(ids: ["c-1"]) { lastName email } }'
ONE = """
as: { sub: ann }
sources:
  crm:
    answers:
    - request: GET /customers?ids=c-1
      json: { data: [ { id: c-1, lastName: Fischer, email: f@example.org } ] }
"""


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_page_s_scene_is_played_with_every_kind_of_source(scene: Write, isthmus: Command) -> None:
    folder = scene("orders-of-a-clerk", block("graphql"), block("yaml"))
    first = isthmus("test")
    assert first.exit_code == 1
    assert "reply.json: nobody said what is expected" in first.output
    assert isthmus("test", "--update").exit_code == 0
    assert (folder / "calls.yaml").read_text("utf-8") == block("text")
    reply = json.loads((folder / "reply.json").read_text("utf-8"))
    assert [order["customer"]["lastName"] for order in reply["data"]["orders"]] == ["Dũng", "Fischer"]
    assert reply["data"]["orders"][0]["lines"] == [{"product": {"name": "Coffee, medium"}}]
    assert [error["extensions"]["code"] for error in reply["errors"]] == ["FORBIDDEN"]
    again = isthmus("test")
    assert again.exit_code == 0
    assert again.output.startswith("1 passed, 0 failed")


def test_another_reply_is_told_by_its_path(scene: Write, isthmus: Command) -> None:
    folder = scene("one", CUSTOMERS, ONE)
    isthmus("test", "--update")
    reply = folder / "reply.json"
    reply.write_text(reply.read_text("utf-8").replace("Fischer", "Fisher"), "utf-8")
    ended = isthmus("test")
    assert ended.exit_code == 1
    assert 'scenes/one/reply.json: data.customers[0].lastName\n    - "Fisher"\n    + "Fischer"\n' in ended.output
    assert isthmus("test", "--update").exit_code == 0
    assert isthmus("test").exit_code == 0


def test_a_call_without_an_answer_and_an_answer_without_a_call(scene: Write, isthmus: Command) -> None:
    scene("one", CUSTOMERS.replace("c-1", "c-2"), ONE)
    ended = isthmus("test")
    assert 'the nearest answer is to GET /customers?ids=c-1\n    + request: "GET /customers?ids=c-2"' in ended.output
    assert "scenes/one/scene.yaml:6: a call to crm was not made\n    - GET /customers?ids=c-1" in ended.output


def test_an_answer_answers_once_unless_times_says_more(scene: Write, isthmus: Command) -> None:
    twice = '{ a: customers(ids: ["c-1"]) { id } b: customers(ids: ["c-1"]) { lastName } }'
    scene("one", twice, ONE)
    ended = isthmus("test", "--update")
    assert ended.exit_code == 1
    assert "the answer to it was given already; times says how often it is" in ended.output
    scene("one", twice, ONE.replace("json:", "times: any\n      json:"))
    assert isthmus("test", "--update").exit_code == 0


def test_calls_are_compared_with_their_keys(scene: Write, isthmus: Command) -> None:
    folder = scene("one", CUSTOMERS, ONE)
    isthmus("test", "--update")
    (folder / "calls.yaml").write_text("- crm.customers: { ids: [c-9] }\n", "utf-8")
    ended = isthmus("test")
    assert ended.exit_code == 1
    assert '    - crm.customers: {"ids": ["c-9"]}\n    + crm.customers: {"ids": ["c-1"]}\n' in ended.output


def test_rules_hold_as_they_do_when_served(scene: Write, isthmus: Command) -> None:
    folder = scene("who", CUSTOMERS, ONE.replace("sub: ann", 'sub: ann, scope: "customers:pii"'))
    assert isthmus("test", "--update").exit_code == 0
    assert json.loads((folder / "reply.json").read_text("utf-8"))["data"]["customers"][0]["email"] == "f@example.org"
    scene("who", CUSTOMERS, "as: anonymous\n")
    isthmus("test", "--update")
    assert "UNAUTHENTICATED" in (folder / "reply.json").read_text("utf-8")
    assert (folder / "calls.yaml").read_text("utf-8") == "[]\n"


def test_tables_are_filtered_ordered_and_counted(scene: Write, isthmus: Command) -> None:
    query = """{
      products(where: { supplier: { country: { eq: "PT" } } }, orderBy: [{ weightKg: DESC }], limit: 1)
        { sku purchasePrice introducedOn supplier { name } }
      productsAggregate { count }
    }"""
    said = """
as: { sub: ann, roles: [accountant] }
sources:
  stock:
    tables:
      suppliers: [ { id: 1, name: Atlas, country: PT }, { id: 2, name: Nord, country: "NO" } ]
      products:
      - { sku: A, name: Rope, supplier_id: 1, purchase_price: "4.10", weight_kg: 2, introduced_on: "2026-01-31" }
      - { sku: B, name: Lamp, supplier_id: 1, purchase_price: 5, weight_kg: 1.5 }
      - { sku: C, name: Sail, supplier_id: 2, purchase_price: "7.30", weight_kg: 9 }
"""
    folder = scene("tables", query, said)
    ended = isthmus("test", "--update")
    assert ended.exit_code == 0, ended.output
    reply = json.loads((folder / "reply.json").read_text("utf-8"))
    assert "errors" not in reply, reply
    row = {"sku": "A", "purchasePrice": "4.10", "introducedOn": "2026-01-31", "supplier": {"name": "Atlas"}}
    assert reply["data"]["products"] == [row]
    assert isthmus("test").exit_code == 0


def test_rows_that_no_table_can_have_are_named_with_their_line(scene: Write, isthmus: Command) -> None:
    said = """
as: { sub: ann }
sources:
  stock:
    tables:
      products:
      - { sku: 7, nam: Rope }
      prodcts: []
"""
    scene("tables", "{ products { sku } }", said)
    output = isthmus("test").output
    assert "scene.yaml:7  sources.stock.tables.products[0].nam\n" in output
    assert 'did you mean "name"?' in output
    assert "sku takes a text: put it into quotes" in output
    assert '"stock" has no table "prodcts"' in output


def test_failures_are_played_too(scene: Write, isthmus: Command) -> None:
    away = ONE.replace("json: { data: [ { id: c-1, lastName: Fischer, email: f@example.org } ] }", "fails: timeout")
    folder = scene("away", CUSTOMERS, away.replace("fails:", "times: any\n      fails:"))
    assert isthmus("test", "--update").exit_code == 0
    assert "SOURCE_TIMEOUT" in (folder / "reply.json").read_text("utf-8")


def test_a_mistake_in_a_scene_is_told_with_its_place(scene: Write, isthmus: Command) -> None:
    scene("one", CUSTOMERS, ONE.replace("request:", "requst:"))
    output = isthmus("test").output
    assert 'unknown key "requst"' in output
    assert 'did you mean "request"?' in output
    scene("one", CUSTOMERS, ONE.replace("  crm:", "  crn:"))
    assert 'the configuration has no source "crn"' in isthmus("test").output


def test_without_a_kept_catalogue_it_is_said_what_is_missing(trading: Path, scene: Write, isthmus: Command) -> None:
    scene("one", CUSTOMERS, ONE)
    for path in (trading / ".isthmus").glob("database-*"):
        path.unlink()
    ended = isthmus("test")
    assert ended.exit_code == 1
    assert "the database is not asked here, and no catalogue of it is kept" in ended.output
    assert "run isthmus pull stock once" in ended.output
    (trading / "scenes" / "environment.yaml").unlink()
    assert "an address of the right kind will do" in isthmus("test").stderr


def test_some_scenes_and_a_report_for_ci(trading: Path, scene: Write, isthmus: Command) -> None:
    scene("first/one", CUSTOMERS, ONE)
    scene("second", CUSTOMERS, 'as: { sub: "a \\x01 b" }\n')
    ended = isthmus("test", "--junit", "report.xml")
    assert ended.output.splitlines()[-1].startswith("0 passed, 2 failed")
    root = etree.fromstring((trading / "report.xml").read_bytes())
    assert root.get("failures") == "2"
    assert [case.get("name") for case in root.iter("testcase")] == ["first/one", "second"]
    failure = next(root.iter("failure"))
    assert "nobody said what is expected" in str(failure.text)
    assert isthmus("test", "-k", "FIRST").output.splitlines()[-1].startswith("0 passed, 1 failed")
    assert "no scene" in isthmus("test", "-k", "third").stderr


def test_writes_to_the_systems_are_compared_by_their_bodies(scene: Write, isthmus: Command) -> None:
    query = 'mutation { createCustomer(body: { lastName: "Abel", email: "a@example.org" }) { id } }'
    said = """
as: { sub: ann }
sources:
  crm:
    answers:
    - request: POST /customers
      body: { lastName: Abel, email: a@example.org }
      status: 201
      json: { id: c-77, lastName: Abel }
"""
    folder = scene("write", query, said)
    ended = isthmus("test", "--update")
    assert ended.exit_code == 0, ended.output
    assert json.loads((folder / "reply.json").read_text("utf-8"))["data"] == {"createCustomer": {"id": "c-77"}}
    scene("write", query.replace("Abel", "Kain"), said)
    assert "there is an answer to this request with another body" in isthmus("test").output
