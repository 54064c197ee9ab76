"""``isthmus doctor``: one report of the whole graph, by level and by topic, for people, for programs and for CI."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.commands import app
from gateway.demo import warehouse
from gateway.demo.folder import trading_folder

Doctor = Callable[..., Result]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.chdir(tmp_path)

    def run(text: str = "", *arguments: str) -> Result:
        if text:
            (tmp_path / "isthmus.yaml").write_text(text, "utf-8")
        result = CliRunner().invoke(app, ["doctor", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


def findings(result: Result, topic: str) -> list[dict[str, Any]]:
    return [each for each in json.loads(result.stdout)["findings"] if each["topic"] == topic]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE products (sku TEXT PRIMARY KEY NOT NULL, name TEXT, price NUMERIC)")
        connection.commit()
    return path


def test_the_trading_company_is_sound_and_its_single_calls_are_told(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in trading_folder().iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    warehouse.write(tmp_path / "stock.sqlite")
    for name, value in {
        "CRM_URL": "https://crm.invalid",
        "BILLING_URL": "https://billing.invalid",
        "STOCK_URL": "sqlite:///stock.sqlite",
        "ISTHMUS_DEMO_SECRET": "a secret of more than thirty-two bytes",
    }.items():
        monkeypatch.setenv(name, value)
    ended = doctor()
    assert ended.exit_code == 0
    assert "crm: 5 of 5 operations" in ended.stdout
    assert "fields have a description" in ended.stdout
    assert "0 errors, 3 warnings" in ended.stdout
    said = "[n-plus-1] Customer.orders: crm.orders is called once for each different id: up to 500 calls"
    assert said in ended.stdout
    assert "state keys and by at sources.crm.operations.orders" in ended.stdout
    assert "Order.customer" not in ended.stdout, "customers takes many keys"
    told = json.loads(doctor("", "--json").stdout)
    assert told["sources"]["stock"]["served"] == told["sources"]["stock"]["declared"] == 18
    assert told["descriptions"]["types"]["Product"] == {"fields": 13, "without": 12}
    assert not any("Extremes" in name for name in told["descriptions"]["types"]), "what the gateway made is not counted"
    assert doctor("", "--fail-on", "warning").exit_code == 1
    assert doctor("", "--fail-on", "never").exit_code == 0
    (tmp_path / "isthmus.yaml").write_text(
        (tmp_path / "isthmus.yaml").read_text("utf-8") + "\ncache: { Customer.orders: { ttl_s: 60 } }\n", "utf-8"
    )
    kept = [each for each in findings(doctor("", "--json"), "n-plus-1") if each["about"] == "Customer.orders"]
    assert [each["level"] for each in kept] == ["note"]


def test_secrets_in_plain_text_are_errors_and_are_not_repeated(doctor: Doctor, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("a password in a file of its own, long enough", "utf-8")
    text = """
sources:
  shop: { database: "sqlite:///shop.sqlite", cursor_key: "0123456789abcdef0123456789abcdef-plain" }
access: { default: authenticated }
server:
  jwt:
  - { issuer: "https://a.example/", audience: x, secret: "another-secret-of-more-than-32-bytes" }
  - { issuer: "https://b.example/", audience: x, secret: "${file:word}" }
"""
    ended = doctor(text, "--json")
    assert ended.exit_code == 1
    found = findings(ended, "plain-secret")
    assert [each["about"] for each in found] == ["sources.shop.cursor_key", "server.jwt.0.secret"]
    assert found[0]["place"] == "isthmus.yaml:3"
    assert "abcdef-plain" not in ended.output
    assert "another-secret" not in doctor(text).output
    assert doctor(text, "--fail-on", "never").exit_code == 0


def test_a_source_that_cannot_be_read_and_one_that_is_away(doctor: Doctor, shop: Path) -> None:
    text = """
sources:
  shop: { database: "sqlite:///shop.sqlite" }
  crm: { openapi: "http://127.0.0.1:1/openapi.json" }
  old: { openapi: nowhere.yaml }
access: { default: anonymous }
"""
    ended = doctor(text, "--json")
    assert ended.exit_code == 1
    assert [(each["about"], each["level"]) for each in findings(ended, "away")] == [("crm", "warning")]
    assert [(each["about"], each["level"]) for each in findings(ended, "unreadable")] == [("old", "error")]
    assert json.loads(ended.stdout)["sources"]["shop"]["served"] > 0


OPENAPI = """
openapi: 3.1.0
info: { title: People, version: "1" }
servers: [ { url: "http://people.example/api" } ]
components:
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
  schemas:
    Person:
      type: object
      required: [id]
      properties:
        id: { type: string, description: "By which a person is known." }
        name: { type: string }
        anything: { not: { type: string } }
paths:
  /people/{id}:
    get:
      operationId: person
      security: [ { key: [] } ]
      parameters: [ { name: id, in: path, required: true, schema: { type: string } } ]
      responses: { "200": { description: One., content: { application/json: { schema: { $ref: "#/components/schemas/Person" } } } } }
  /picture:
    get:
      operationId: picture
      parameters: [ { name: x, in: cookie, required: true, content: { "image/png": {} } } ]
      responses: { "200": { description: One., content: { application/json: { schema: { type: string } } } } }
"""  # noqa: E501  # a document as people write them


def test_credentials_in_the_open_missing_ones_and_what_is_left_out(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(OPENAPI, "utf-8")
    text = "sources: { people: { openapi: people.yaml } }\naccess: { default: anonymous }\n"
    missing = findings(doctor(text, "--json"), "credentials-missing")
    assert [each["about"] for each in missing] == ["people"]
    text = """
sources:
  people:
    { openapi: people.yaml, url: "http://people.example/api", auth: { bearer: "${env:HOME}" }, timeout_s: 200 }
access: { default: anonymous }
"""
    ended = doctor(text, "--json")
    assert "can be read by whoever is on the way to people.example" in findings(ended, "open-credentials")[0]["what"]
    assert "every request ends after" in findings(ended, "timeout")[0]["what"]
    told = json.loads(ended.stdout)
    lost = told["sources"]["people"]["declared"] - told["sources"]["people"]["served"]
    assert sum(each["count"] for each in told["findings"] if each["topic"] == "dropped") == lost
    assert told["descriptions"]["types"]["Person"]["without"] == 2


def test_rules_that_do_nothing_are_named_with_their_lines(doctor: Doctor, shop: Path) -> None:
    text = """
sources:
  shop: { database: "sqlite:///shop.sqlite" }
access:
  default: authenticated
  rules:
    Product.name: {}
    Product.price: { roles: [buyer, seller] }
    Product.sku: { roles: [clerk] }
  tags: { money: ["Product.price"] }
server:
  api_keys:
    keys: [ { name: till, hash: "sha256:HASH", roles: [clerk] } ]
""".replace("HASH", "0" * 64)
    ended = doctor(text, "--json")
    assert [each["about"] for each in findings(ended, "rule-idle")] == ["Product.name"]
    (never,) = findings(ended, "rule-never")
    assert (never["about"], never["place"]) == ("Product.price", "isthmus.yaml:8")
    assert "nothing gives the role buyer or seller" in never["what"]
    assert [each["about"] for each in findings(ended, "tag-idle")] == ["#money"]
    closed = doctor(text.replace("default: authenticated", "default: deny"), "--json")
    assert any(each["about"] == "access.default" for each in findings(closed, "nobody"))
    nobody = "sources: { shop: { database: 'sqlite:///shop.sqlite' } }\naccess: { default: authenticated }\n"
    assert [each["level"] for each in findings(doctor(nobody, "--json"), "closed")] == ["error"]


def test_a_file_that_is_not_sound_is_told_as_by_check(doctor: Doctor, shop: Path) -> None:
    ended = doctor("sources: { shop: { database: 'sqlite:///shop.sqlite' } }\naccess: { default: anonymos }\n")
    assert ended.exit_code == 1
    assert "access.default" in ended.stderr


WSDL = Path(__file__).parents[2] / "examples" / "trading"


def test_effects_that_were_guessed_by_names_are_told(doctor: Doctor, tmp_path: Path) -> None:
    for name in ("billing.wsdl", "billing.xsd"):
        shutil.copy(WSDL / name, tmp_path)
    text = """
sources:
  billing: { wsdl: billing.wsdl, url: "https://billing.invalid", retries: false OPERATIONS }
access: { default: anonymous }
"""
    ended = doctor(text.replace(" OPERATIONS", ""), "--json")
    (guessed,) = findings(ended, "effect-guessed")
    assert guessed["count"] == 2
    assert "GetInvoices" in guessed["what"]
    assert findings(ended, "no-retries")
    stated = ", operations: { GetInvoices: { effect: read }, GetBalance: { effect: read } }"
    assert findings(doctor(text.replace(" OPERATIONS", stated), "--json"), "effect-guessed") == []


ROWS = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
PAGED = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "paths": {
        f"/{name}": {
            "get": {
                "operationId": name,
                "parameters": [
                    {"name": each, "in": "query", "schema": {"type": "integer"}} for each in ("page", "size")
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"data": ROWS, "total": {"type": "integer"}},
                                }
                            }
                        },
                    }
                },
            }
        }
        for name in ("getCustomers", "getOrders")
    },
}


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("{}", "signs: getCustomers, getOrders"),
        ("{ getCustomers: { at: data, page: { style: page, position: page, size: size } } }", "signs: getOrders"),
        ("{ getCustomers: { at: data.id } }", "signs: getOrders"),
        ("{ getCustomers: { recognise: false }, getOrders: { at: total } }", ""),
    ],
)
def test_what_is_stated_was_not_recognised(doctor: Doctor, tmp_path: Path, stated: str, told: str) -> None:
    (tmp_path / "crm.json").write_text(json.dumps(PAGED), "utf-8")
    result = doctor(
        f"sources:\n  crm: {{ openapi: crm.json, url: 'http://127.0.0.1:9', operations: {stated} }}\n"
        "access: { default: anonymous }\n",
        "--json",
    )
    assert [each["what"].partition("by ")[2] for each in findings(result, "recognised")] == ([told] if told else [])


def test_arguments_that_are_called_after_a_protected_field_are_named(doctor: Doctor, tmp_path: Path) -> None:
    query = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("bornAfter", "min-born", "reborn", "name", "born")
    ]
    answer = {"type": "array", "items": {"$ref": "#/components/schemas/Customer"}}
    content = {"application/json": {"schema": answer}}
    operation = {
        "operationId": "customers",
        "parameters": query,
        "responses": {"200": {"description": "", "content": content}},
    }
    text = {"type": "string"}
    customer = {"type": "object", "properties": {"name": text, "born": text}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/customers": {"get": operation}},
        "components": {"schemas": {"Customer": customer}},
    }
    (tmp_path / "crm.json").write_text(json.dumps(document), "utf-8")
    ended = doctor(NARROWED, "--json")
    found = findings(ended, "access")
    assert [(each["level"], each["about"]) for each in found] == [
        ("warning", "Query.customers(bornAfter:)"),
        ("warning", "Query.customers(minBorn:)"),
    ]
    assert "Customer.born has" in found[0]["what"]
    whole = NARROWED.replace("rules: {", "rules: { Query.customers: { roles: [hr] },")
    assert findings(doctor(whole, "--json"), "access") == []


NARROWED = """
sources:
  crm: { openapi: ./crm.json, url: "http://127.0.0.1:9/" }
access:
  default: authenticated
  rules: { "*.born": { roles: [hr] }, "Query.customers(born:)": {} }
server: { jwt: { issuer: "https://i.example/", audience: x, secret: "a secret of more than thirty-two bytes" } }
"""
