"""One of three descriptions cannot be had: the other two are served, and what is missing is absent, not half there."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from tests.raw_server import RawServer, raw_server, reply, says
from tests.through.crm import orders_document
from tests.through.gateway import Gateway, gateway

FILE = """
    sources:
      crm: { openapi: ./crm.json, url: "${env:CRM}" }
      billing:
        wsdl: "${env:BILLING}/billing?wsdl"
        operations:
          GetInvoices: { effect: read, at: item, keys: numbers.item, by: number }
      stock: { database: "sqlite:///stock.db" }
    links:
      Order.invoice: { one: billing.GetInvoices, match: { invoiceNo: number } }
      Order.product: { one: stock.products, match: { sku: sku } }
      Invoice.product: { one: stock.products, match: { number: sku } }
    access:
      default: anonymous
      introspection: all
      rules:
        Invoice: { roles: [accountant] }
        Invoice.total: { roles: [auditor] }
        Order.invoice: { roles: [accountant] }
        Query.getInvoices: { roles: [accountant] }
        Product.price: { roles: [buyer] }
"""
WSDL = (Path(__file__).parent.parent / "soap" / "billing.wsdl").read_bytes()
TEXT = {"type": "string"}
CRM = orders_document({"sku": TEXT, "invoiceNo": TEXT}, "sku", "invoiceNo")
NAMES = '{ __schema { queryType { fields { name } } types { name } } order: __type(name: "Order") { fields { name } } }'


@dataclass(frozen=True, slots=True)
class Town:
    folder: Path
    crm: RawServer
    environment: dict[str, str]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """The folder of a configuration file whose WSDL lies where nothing listens."""
    (tmp_path / "crm.json").write_text(CRM)
    with sqlite3.connect(tmp_path / "stock.db") as connection:
        connection.execute("CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price INTEGER)")
        connection.execute("INSERT INTO products VALUES ('a', 'Anvil', 7)")
    connection.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
        async with raw_server(says(reply(b'[{"sku": "a", "invoiceNo": "I1"}]'))) as crm:
            yield Town(tmp_path, crm, {"CRM": crm.url, "BILLING": nowhere})


async def names(house: Gateway) -> tuple[set[str], set[str], set[str]]:
    """The fields of Query, the types, and the fields of Order."""
    found = await house.data(NAMES)
    shown = found["__schema"]
    groups = (shown["queryType"]["fields"], shown["types"], found["order"]["fields"])
    roots, types, order = ({item["name"] for item in group} for group in groups)
    return roots, types, order


async def test_the_others_are_served_and_the_missing_one_is_absent(town: Town) -> None:
    async with gateway(town.folder, FILE, town.environment) as house:
        found = await house.data("{ orders { sku product { name } } products { sku } }")
        assert found["orders"] == [{"sku": "a", "product": {"name": "Anvil"}}]
        assert found["products"] == [{"sku": "a"}]
        roots, types, order = await names(house)
        assert "getInvoices" not in roots
        assert "Invoice" not in types
        assert order == {"sku", "invoiceNo", "product"}
        answer = await house.client.post("/graphql", json={"query": "{ orders { invoice { number } } }"})
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        assert "data" not in answer.json()


async def test_rules_on_what_is_served_stay_in_force(town: Town) -> None:
    async with gateway(town.folder, FILE, town.environment) as house:
        body = await house.ask("{ orders { product { name price } } }")
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
        assert body["data"]["orders"][0]["product"] == {"name": "Anvil", "price": None}


async def test_readiness_names_what_is_degraded_and_not_where_it_lies(town: Town) -> None:
    async with gateway(town.folder, FILE, town.environment) as house:
        answer = await house.client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json()["ready"] is True
        assert set(answer.json()["degraded"]) == {"billing"}
        assert "127.0.0.1" not in answer.text
        assert (await house.client.get("/healthz")).status_code == 200


async def test_when_all_are_there_nothing_is_degraded_and_the_waiting_links_and_rules_work(town: Town) -> None:
    async with raw_server(says(reply(WSDL, media="text/xml"))) as billing:
        environment = {**town.environment, "BILLING": billing.url}
        async with gateway(town.folder, FILE, environment) as house:
            roots, types, order = await names(house)
            assert "getInvoices" in roots
            assert "Invoice" in types
            assert "invoice" in order
            assert (await house.client.get("/readyz")).json() == {"ready": True, "degraded": {}}
            billing.heard.clear()
            body = await house.ask("{ orders { sku invoice { number } } }")
            assert body["data"]["orders"] == [{"sku": "a", "invoice": None}]
            assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
            assert billing.heard == []


async def check(town: Town, text: str = FILE) -> tuple[int, str]:
    """What ``isthmus check`` says in a process of its own: exit code and text."""
    file = town.folder / "isthmus.yaml"
    file.write_text(dedent(text))
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "check", str(file),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={"PATH": "", **town.environment}, cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(running.communicate(), 60)
    assert running.returncode is not None
    return running.returncode, out.decode()


async def test_check_refuses_and_says_which_source(town: Town) -> None:
    code, text = await check(town)
    assert code == 1
    assert "sources.billing" in text
    assert "isthmus.yaml:4" in text
    assert "Traceback" not in text


async def test_a_wrong_link_between_sources_that_are_there_is_still_refused(town: Town) -> None:
    code, text = await check(town, FILE.replace("{ sku: sku }", "{ skew: sku }"))
    assert code == 1
    assert "Order.product" in text
