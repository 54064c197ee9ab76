"""``isthmus access``: who reaches what by which way, what two files differ in, and why; on a real database file."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.commands import named

FILE = """\
sources:
  shop: { database: "sqlite:///shop.db", writes: true }
access:
  default: authenticated
  tags: { pii: [Customer.email, "*.iban"] }
  rules:
    "*.iban": { scopes: pii, mask: last4 }
    Customer.email: [{ roles: support }, { scopes: pii }]
    Query.customers: { roles: [support, sales] }
    "Mutation.*": { roles: sales }
    Query.products: { anonymous: true }
    Product.name: { anonymous: true }
    Order: { rows: { customerId: { eq: $claims.sub } }, unless: { roles: [sales] } }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shop")
    with sqlite3.connect(made / "shop.db") as connection:
        connection.executescript("""
            CREATE TABLE customers(id integer primary key, name text not null, email text, iban text);
            CREATE TABLE orders(id integer primary key, customer_id integer references customers(id), total integer);
            CREATE TABLE products(name text primary key, price integer);
        """)
    connection.close()
    (made / "isthmus.yaml").write_text(FILE)
    return made


def isthmus(folder: Path, *words: str) -> tuple[int, str]:
    placed = [str(folder / word) if word.endswith((".yaml", ".html")) else word for word in words]
    found = CliRunner().invoke(named(()), placed)
    return found.exit_code, found.output


def table(folder: Path, file: str = "isthmus.yaml") -> dict[str, Any]:
    code, text = isthmus(folder, "access", file, "--json")
    assert code == 0, text
    return {each["coordinate"]: each for each in json.loads(text)["coordinates"]}


def test_each_coordinate_is_told_with_its_rules_callers_and_ways(folder: Path) -> None:
    found = table(folder)
    email = found["Customer.email"]
    place = {"what": "role support, or scope pii", "rule": "Customer.email", "place": "isthmus.yaml:8"}
    assert email["needs"] == [place]
    assert (email["tags"], found["Customer.iban"]["tags"], found["Customer.name"]["tags"]) == (["pii"], ["pii"], [])
    assert set(email["held"]) == {"role support", "scope pii", "every role and scope"}
    assert email["held"]["scope pii"]["ways"][0] == "customer.email"
    assert email["held"]["role support"]["ways"][0] == "customers.email"
    assert email["held"]["role support"]["count"] == email["held"]["scope pii"]["count"] + 1
    assert found["Customer.iban"]["held"]["any token"]["mask"] == "last4"
    assert found["Product.name"]["held"]["anonymous"]["ways"] == ["products.name"]
    assert "anonymous" not in found["Product.price"]["held"]
    assert found["Order.total"]["rows"][0]["what"] == '{"customerId": {"eq": "$claims.sub"}} unless role sales'
    assert (found["Mutation.deleteCustomer"]["kind"], list(found["Mutation.deleteCustomer"]["held"])) == (
        "write",
        ["role sales", "every role and scope"],
    )
    assert list(found["CustomerSet.email"]["held"]) == ["every role and scope"]
    assert not any(coordinate.startswith(("CustomerWhere", "OrderWhere")) for coordinate in found)


def test_the_text_and_the_page_say_the_same(folder: Path) -> None:
    code, text = isthmus(folder, "access", "isthmus.yaml")
    assert code == 0
    assert "Customer.iban #pii\n  read needs scope pii\n  any token sees last4: customer.iban" in text
    assert "Customer.{id, name}\n  read needs any token\n  any token: customer.id, orders.customer.id" in text
    code, _ = isthmus(folder, "access", "isthmus.yaml", "--html", "page.html")
    page = (folder / "page.html").read_text()
    assert code == 0
    assert "<script" not in page
    assert "http" not in page
    assert '<th scope="row">Customer.iban <small>#pii</small></th>' in page
    assert "<summary>last4</summary><ul><li>customer.iban" in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Customer.email"], ["refused", "isthmus.yaml:8", "not met", "ways: none"]),
        (["Customer.email", "--as", "support"], ["allowed", 'rule "Customer.email"', ": met", "customers.email"]),
        (["Customer.email", "--scope", "pii"], ["allowed", "customer.email"]),
        (["Customer.iban", "--as", "sales,boss"], ["allowed, but sees last4", "isthmus.yaml:7", "scope pii: not met"]),
        (["Order.total", "--as", '{"sub": "7"}'], ["allowed", "isthmus.yaml:13", "leaves the rows", "customerId"]),
        (["Product.price"], ["refused", "isthmus.yaml:4", "the default asks any token: not met"]),
    ],
)
def test_why_names_each_rule_with_its_line(folder: Path, words: list[str], told: list[str]) -> None:
    code, text = isthmus(folder, "access", "why", words[0], "isthmus.yaml", *words[1:])
    assert code == 0
    for each in told:
        assert each in text
    assert isthmus(folder, "access", "why", "Customer.emial", "isthmus.yaml")[0] == 1


@pytest.mark.parametrize(
    ("old", "new", "opened"),
    [
        ("", "", []),
        ('"*.iban": { scopes: pii, mask: last4 }', '"*.iban": { scopes: pii }', []),
        ('"*.iban": { scopes: pii, mask: last4 }', '"*.iban": { scopes: pii, mask: last6 }', ["Customer.iban"]),
        ("Customer.email: [{ roles: support }, { scopes: pii }]", "Customer.email: { roles: support }", []),
        ("{ roles: [support, sales] }", "{}", ["Query.customers"]),
        ("unless: { roles: [sales] }", "unless: { roles: [sales, support] }", ["Order.id", "Order.total"]),
        ("Product.name: { anonymous: true }", "Product: { anonymous: true }", ["Product.price"]),
    ],
)
def test_a_difference_tells_what_opened_and_fails_for_it(folder: Path, old: str, new: str, opened: list[str]) -> None:
    (folder / "new.yaml").write_text(FILE.replace(old, new))
    code, text = isthmus(folder, "access", "diff", "isthmus.yaml", "new.yaml", "--json")
    found = json.loads(text)
    assert code == (1 if opened else 0)
    told = [each["coordinate"] for each in found if each["opened"]]
    assert set(opened) <= set(told)
    assert bool(told) is bool(opened)
    assert bool(found) is (old != new)
    code, back = isthmus(folder, "access", "diff", "new.yaml", "isthmus.yaml")
    assert ("opened: 0" in back) is (code == 0)


def test_the_schema_is_printed_as_a_caller_is_shown_it(folder: Path) -> None:
    assert "email: String" in isthmus(folder, "sdl", "isthmus.yaml")[1]
    shown = isthmus(folder, "sdl", "isthmus.yaml", "--as", "sales")[1]
    assert "email" not in shown
    assert "deleteCustomer" in shown
    assert "iban: String\n" in shown
    assert "iban: StringFilter" not in shown
    stranger = isthmus(folder, "sdl", "isthmus.yaml", "--as", "anonymous")[1]
    assert "type Product {\n  name: String\n}" in stranger
    assert "Customer" not in stranger
    (folder / "views.yaml").write_text(FILE + "  views: { shop: { include: [Query.products, Product] } }\n")
    assert isthmus(folder, "sdl", "views.yaml", "--view", "shop")[1].count("type ") == 2
    assert isthmus(folder, "sdl", "views.yaml", "--view", "shpo")[0] == 1
    told = isthmus(folder, "sdl", "views.yaml", "--view", "v3")[1]
    assert told == 'the file has no view "v3"\n  mend: write shop\n'
