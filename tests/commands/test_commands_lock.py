"""``isthmus lock``: names that were given once are kept, and what has changed since is told."""

from __future__ import annotations

import copy
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from tests.commands.conftest import Shell
from tests.serving import serving, unhurried

ROW = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}


def _get(identifier: str, row: str, parameter: str | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{row}"}}}
    made: dict[str, Any] = {"operationId": identifier, "responses": {"200": {"description": "", "content": content}}}
    if parameter is not None:
        made["parameters"] = [{"name": parameter, "in": "path", "required": True, "schema": {"type": "string"}}]
    return {"get": made}


ORDER = {"type": "object", "properties": {"id": {"type": "string"}, "customerId": {"type": "string"}}}
CRM: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/customers/{id}": _get("getCustomer", "Customer", "id"),
        "/latest": _get("latestOrder", "Order"),
    },
    "components": {"schemas": {"Customer": ROW, "Order": ORDER}},
}
"""Another path of the same ``operationId``, which without a lock would come first."""
MORE = copy.deepcopy(CRM)
MORE["paths"] = {"/acme/customers/{id}": _get("getCustomer", "acme.Customer", "id"), **CRM["paths"]}
MORE["components"]["schemas"]["acme.Customer"] = ROW

FILE = """\
sources:
  crm: {{ openapi: crm.json, url: "{url}" }}
links:
  Order.customer: {{ one: crm.getCustomer, match: {{ customerId: id }} }}
access: {{ default: anonymous }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crm.json").write_text(json.dumps(CRM))
    (tmp_path / "isthmus.yaml").write_text(FILE.format(url="http://127.0.0.1:9"))
    return tmp_path


def _write(folder: Path, document: dict[str, Any]) -> None:
    (folder / "crm.json").write_text(json.dumps(document))


async def _locked(shell: Shell, folder: Path) -> str:
    ended = await shell.run("lock")
    assert ended.code == 0, ended.err
    return (folder / "isthmus.lock").read_text("utf-8")


async def test_the_lock_holds_names_and_nothing_of_this_machine(shell: Shell, folder: Path) -> None:
    text = await _locked(shell, folder)
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0] == ["isthmus.lock", 1]
    assert lines[1][:3] == ["crm", "source", ""]
    assert ["crm", "operation", "GET /customers/{id}", "getCustomer"] in lines
    assert ["crm", "root", "GET /latest", "latestOrder"] in lines
    assert ["crm", "type", "#/components/schemas/Customer", "Customer"] in lines
    assert lines[2:] == sorted(lines[2:])
    assert str(folder) not in text
    assert "127.0.0.1" not in text
    # The order of the document is none of the lock's; its bytes are another description.
    _write(folder, {**CRM, "paths": dict(reversed(CRM["paths"].items()))})
    again = await _locked(shell, folder)
    assert again.splitlines()[2:] == text.splitlines()[2:]
    assert again.splitlines()[1] != text.splitlines()[1]


async def test_names_are_kept_when_others_want_them(shell: Shell, folder: Path) -> None:
    before = (await shell.run("sdl", "isthmus.yaml")).out
    _write(folder, MORE)
    moved = (await shell.run("sdl", "isthmus.yaml")).out
    assert "  getCustomer(id: String!): Customer\n" in before
    _write(folder, CRM)
    await _locked(shell, folder)
    _write(folder, MORE)
    kept = (await shell.run("sdl", "isthmus.yaml")).out
    assert kept != moved
    assert "  getCustomer(id: String!): Customer\n" in kept
    ended = await shell.run("check", "isthmus.yaml")
    assert "since isthmus.lock keeps that name" in ended.out
    assert "crm: its description has changed" in ended.out
    assert "(GET /acme/customers/{id}) is new" in ended.out
    assert "Run isthmus lock" in ended.out


async def _asked(folder: Path, url: str) -> tuple[Any, list[str]]:
    """What the gateway answers about the latest order, and the paths that it called."""
    called: list[str] = []

    async def answer(request: Request) -> JSONResponse:
        called.append(request.url.path)
        if request.url.path == "/latest":
            return JSONResponse({"id": "1", "customerId": "7"})
        return JSONResponse({"id": "7", "name": request.url.path})

    async with serving(Starlette(routes=[Route("/{path:path}", answer)])) as crm:
        (folder / "isthmus.yaml").write_text(FILE.format(url=crm))
        chosen = read(folder / "isthmus.yaml")
        current = await load(chosen)
        try:
            async with (
                serving(make_app(Holder(current), unhurried(chosen.settings.server))) as address,
                httpx.AsyncClient() as http,
            ):
                query = {"query": "{ latestOrder { customer { name } } }"}
                return (await http.post(f"{address}{url}", json=query)).json(), called
        finally:
            await current.close()


async def test_a_link_keeps_its_target_when_another_operation_takes_its_identifier(shell: Shell, folder: Path) -> None:
    own = {"data": {"latestOrder": {"customer": {"name": "/customers/7"}}}}
    assert (await _asked(folder, "/graphql"))[0] == own
    _write(folder, MORE)
    assert (await _asked(folder, "/graphql"))[1] == ["/latest", "/acme/customers/7"]  # the trouble itself
    _write(folder, CRM)
    await _locked(shell, folder)
    _write(folder, MORE)
    for _ in range(2):  # read anew, and as it was kept
        answer, called = await _asked(folder, "/graphql")
        assert (answer, called) == (own, ["/latest", "/customers/7"])


async def test_a_source_that_is_listed_first_takes_no_name(shell: Shell, folder: Path) -> None:
    await _locked(shell, folder)
    with sqlite3.connect(folder / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY)")
    connection.close()
    text = (folder / "isthmus.yaml").read_text()
    first = text.replace("sources:\n", "sources:\n  shop: { database: 'sqlite:///shop.sqlite' }\n")
    (folder / "isthmus.yaml").write_text(first)
    printed = (await shell.run("sdl", "isthmus.yaml")).out
    assert "  getCustomer(id: String!): Customer\n" in printed
    assert "type ShopCustomer " in printed
    checked = await shell.run("check", "isthmus.yaml")
    assert "shop: Customer is called ShopCustomer, since isthmus.lock keeps that name for another thing of crm" in (
        checked.out
    )
    assert "shop: the source is new" in checked.out


async def test_a_catalogue_that_changes_is_told(shell: Shell, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        (tmp_path / "isthmus.yaml").write_text(
            "sources: { shop: { database: 'sqlite:///shop.sqlite' } }\naccess: { default: anonymous }\n"
        )
        text = await _locked(shell, tmp_path)
        assert '["shop", "root", "orders", "orders"]' in text
        assert '["shop", "type", "orders", "Order"]' in text
        connection.execute("INSERT INTO orders VALUES (1)")
        connection.commit()
        assert (await shell.run("check", "--locked", "isthmus.yaml")).code == 0
        connection.execute("ALTER TABLE orders ADD COLUMN note TEXT")
        connection.commit()
        ended = await shell.run("check", "isthmus.yaml")
        assert "shop: its description has changed" in ended.out
    connection.close()


async def test_a_table_takes_no_name_of_a_row_by_its_key(shell: Shell, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        (tmp_path / "isthmus.yaml").write_text(
            "sources: { shop: { database: 'sqlite:///shop.sqlite' } }\naccess: { default: anonymous }\n"
        )
        text = await _locked(shell, tmp_path)
        assert '["shop", "root", "orders by id", "order"]' in text
        connection.execute('CREATE TABLE "order" (number TEXT PRIMARY KEY)')
        connection.commit()
    connection.close()
    printed = (await shell.run("sdl", "isthmus.yaml")).out
    assert re.search(r"\n  order\(id: \w+!\): Order\n", printed), printed
    ended = await shell.run("check", "isthmus.yaml")
    assert "since isthmus.lock keeps that name for another thing of shop" in ended.out
    assert "shop: the operation order_rows (order) is new" in ended.out
    assert "was called" not in ended.out
    # Inside the source, too, a name means what it meant: links and statements are written with it.
    (tmp_path / "isthmus.yaml").write_text(
        "sources: { shop: { database: 'sqlite:///shop.sqlite', include: [order, orders] } }\n"
        "access: { default: anonymous }\n"
    )
    assert "  order(id:" in (await shell.run("sdl", "isthmus.yaml")).out


async def test_drift_fails_only_where_that_is_asked(shell: Shell, folder: Path) -> None:
    missing = await shell.run("check", "--locked", "isthmus.yaml")
    assert (missing.code, "isthmus.lock is not there" in missing.err) == (2, True)
    assert (await shell.run("check", "isthmus.yaml")).out.endswith("The file is sound.\n")
    await _locked(shell, folder)
    assert (await shell.run("check", "--locked", "isthmus.yaml")).code == 0
    gone = copy.deepcopy(CRM)
    gone["paths"]["/orders"] = gone["paths"].pop("/latest")
    _write(folder, gone)
    assert (await shell.run("check", "isthmus.yaml")).code == 0
    ended = await shell.run("check", "--locked", "--json", "isthmus.yaml")
    assert ended.code == 2
    told = [(item["kind"], item["what"]) for item in json.loads(ended.out)["drift"]]
    assert ("gone", "the root field latestOrder (GET /latest) is gone") in told
    assert ("new", "the root field latestOrder (GET /orders) is new") in told
    await _locked(shell, folder)
    assert (await shell.run("check", "--locked", "isthmus.yaml")).code == 0


async def test_a_renaming_in_the_file_wins(shell: Shell, folder: Path) -> None:
    await _locked(shell, folder)
    with (folder / "isthmus.yaml").open("a") as file:
        file.write("rename: { Customer: Client, Query.getCustomer: client }\n")
    printed = (await shell.run("sdl", "isthmus.yaml")).out
    assert "  client(id: String!): Client\n" in printed
    assert (await shell.run("check", "--locked", "isthmus.yaml")).code == 0


async def test_another_prefix_names_a_source_anew(shell: Shell, folder: Path) -> None:
    await _locked(shell, folder)
    text = (folder / "isthmus.yaml").read_text()
    changed = text.replace("openapi: crm.json,", "openapi: crm.json, prefix: acme,").replace("Order.", "AcmeOrder.")
    (folder / "isthmus.yaml").write_text(changed)
    assert "  acmeGetCustomer(id: String!): AcmeCustomer\n" in (await shell.run("sdl", "isthmus.yaml")).out
    assert "crm: its prefix has changed" in (await shell.run("check", "isthmus.yaml")).out


@pytest.mark.parametrize(("line", "number", "said"), [
    ('["crm", "type", "#/components/schemas/Order", ', 3, "this is not a line of JSON"),
    ("<<<<<<< HEAD", 3, "two versions of the lock were not merged"),
    ('["crm", "kind", "x", "y"]', 3, "this is no line of a lock"),
    ('["shop", "type", "orders", "Order"]', 3, "does not stand below its source"),
    ('["crm", "type", "x", "A-B"]', 3, '"A-B" is no name of GraphQL'),
    ('["crm", "type", "x", "Same"]\n["crm", "input", "y", "Same"]', 4, "the other one stands in line 3"),
    ('["crm", "operation", "x", "same"]\n["crm", "operation", "y", "same"]', 4, "the other one stands in line 3"),
    ('["crm", "root", "x", "a"]\n["crm", "root", "x", "b"]', 4, "x is given a second name"),
])  # fmt: skip
async def test_a_broken_lock_is_told_by_its_line(shell: Shell, folder: Path, line: str, number: int, said: str) -> None:
    (folder / "isthmus.lock").write_text(f'["isthmus.lock", 1]\n["crm", "source", "", "sha256:0"]\n{line}\n')
    for verb in ("check", "sdl", "lock"):
        ended = await shell.run(verb, "isthmus.yaml")
        assert ended.code == 1
        assert f"isthmus.lock:{number}\n" in ended.err
        assert said in ended.err
        assert "mend: " in ended.err


async def test_a_lock_of_a_newer_format_is_refused(shell: Shell, folder: Path) -> None:
    for head, said in (('["isthmus.lock", 99]', "of format 99"), ("{}", "this is no lock"), ("", "this is no lock")):
        (folder / "isthmus.lock").write_text(f"{head}\n")
        ended = await shell.run("check", "isthmus.yaml")
        assert (ended.code, said in ended.err, "isthmus.lock:1" in ended.err) == (1, True, True)


async def test_links_are_suggested_by_the_names_that_are_kept(shell: Shell, folder: Path) -> None:
    await _locked(shell, folder)
    _write(folder, MORE)
    assert (await shell.run("inspect", "--links", "isthmus.yaml")).code == 0


async def test_fields_and_arguments_that_are_not_spelled_as_their_source_does_keep_their_names(
    shell: Shell, folder: Path
) -> None:
    fields: dict[str, Any] = {"order_id": {"type": "string"}, "number": {"type": "string"}}
    document = copy.deepcopy(CRM)
    document["components"]["schemas"]["Order"] = {"type": "object", "properties": fields}
    given = document["paths"]["/latest"]["get"]["parameters"] = [
        {"name": "customer_id", "in": "query", "schema": {"type": "string"}}
    ]
    (folder / "isthmus.yaml").write_text(
        "sources: { crm: { openapi: crm.json, url: 'http://127.0.0.1:9' } }\naccess: { default: anonymous }\n"
    )
    _write(folder, document)
    text = await _locked(shell, folder)
    assert '["crm", "field", "Order.order_id", "orderId"]' in text
    assert '["crm", "argument", "latestOrder.customer_id", "customerId"]' in text
    assert "number" not in text, "what is spelled as the document does needs no line"
    fields["orderId"] = {"type": "integer"}
    given.append({"name": "customerId", "in": "query", "schema": {"type": "integer"}})
    _write(folder, document)
    printed = (await shell.run("sdl", "isthmus.yaml")).out
    assert "  orderId: String\n" in printed
    assert re.search(r"latestOrder\(customerId: String, customerId2: Int\)", printed), printed


PAGE = {"type": "object", "properties": {"data": {"type": "array", "items": ROW}, "next_cursor": {"type": "string"}}}


def _paged(identifier: str) -> dict[str, Any]:
    found = _get(identifier, "Page")
    found["get"]["parameters"] = [{"name": name, "in": "query", "schema": {"type": kind}} for name, kind in (
        ("cursor", "string"), ("limit", "integer"),
    )]  # fmt: skip
    return {
        "openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/things": found},
        "components": {"schemas": {"Page": PAGE}},
    }  # fmt: skip


async def test_a_type_that_sources_share_keeps_its_name_whoever_comes_first(shell: Shell, folder: Path) -> None:
    own = {"type": "object", "properties": {"pages": {"type": "integer"}}}
    for name in ("one", "two"):
        (folder / f"{name}.json").write_text(json.dumps(_paged(f"{name}Things")))
    late = {**CRM, "components": {"schemas": {**CRM["components"]["schemas"], "PageInfo": own}}}
    late["paths"] = {"/info": _get("info", "PageInfo"), **CRM["paths"]}
    (folder / "late.json").write_text(json.dumps(late))

    def write(*names: str) -> None:
        sources = "".join(f"  {name}: {{ openapi: {name}.json, url: 'http://127.0.0.1:9' }}\n" for name in names)
        (folder / "isthmus.yaml").write_text(f"sources:\n{sources}access: {{ default: anonymous }}\n")

    write("one", "two")
    text = await _locked(shell, folder)
    shape = "PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }"
    assert [line for line in text.splitlines() if "endCursor" in line] == [
        f'["one", "made", "{shape}", "PageInfo"]', f'["two", "made", "{shape}", "PageInfo"]',
    ]  # fmt: skip
    for names in (("late", "one", "two"), ("late", "two"), ("two", "late")):
        write(*names)
        printed = (await shell.run("sdl", "isthmus.yaml")).out
        assert 'type PageInfo {\n  """Whether there is more after this part."""' in printed, printed
        assert "type LatePageInfo {" in printed
    (folder / "two.json").unlink()
    write("late", "one", "two")
    (folder / "isthmus.lock").write_text("\n".join(line for line in text.splitlines() if '["one"' not in line))
    served = await shell.run("sdl", "isthmus.yaml")
    assert "type LatePageInfo {" in served.out
