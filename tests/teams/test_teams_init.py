"""``isthmus init``: a file that is sound as it is written, keeps no secret, opens nothing, and tells the rest."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.commands.first_file import FirstFile, Found
from gateway.demo import trading_folder
from gateway.file.config import read
from resolvers import SourceModel, load
from tests.teams.test_teams_commands import run

TEXT = {"type": "string"}


def _operation(name: str, schema: object, *parameters: str, path: bool = True) -> dict[str, Any]:
    given = [{"name": each, "in": "path" if path else "query", "required": path, "schema": TEXT} for each in parameters]
    reply = {"description": "Found.", "content": {"application/json": {"schema": schema}}}
    return {"operationId": name, "parameters": given, "responses": {"200": reply}}


def crm(address: str = "https://crm.example.com", **more: Any) -> str:
    customer = {"$ref": "#/components/schemas/Customer"}
    order = {"$ref": "#/components/schemas/Order"}
    document: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {"title": "CRM", "version": "1"},
        "servers": [{"url": address}] if address else [],
        "paths": {
            "/customers/{id}": {"get": _operation("customer", customer, "id")},
            "/customers": {"post": _operation("createCustomer", customer)},
            "/orders": {"get": _operation("orders", {"type": "array", "items": order})},
        },
        "components": {
            "schemas": {
                "Customer": {"type": "object", "required": ["id"], "properties": {"id": TEXT, "name": TEXT}},
                "Order": {"type": "object", "properties": {"id": TEXT, "customerId": TEXT}},
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
        **more,
    }
    return json.dumps(document)


@pytest.fixture
def systems(tmp_path: Path) -> Path:
    """A REST description, a WSDL and a database in one folder."""
    (tmp_path / "crm.openapi.json").write_text(crm())
    for name in ("billing.wsdl", "billing.xsd"):
        shutil.copy(trading_folder() / name, tmp_path)
    with closing(sqlite3.connect(tmp_path / "stock.db")) as connection, connection:
        connection.execute("CREATE TABLE shelf (id INTEGER PRIMARY KEY, customer_id TEXT)")
        connection.executemany("INSERT INTO shelf VALUES (?, ?)", [(n, f"c{n % 6}") for n in range(30)])
        connection.execute("CREATE TABLE parcel (id INTEGER PRIMARY KEY, customer_id TEXT)")
        connection.executemany("INSERT INTO parcel VALUES (?, ?)", [(n, f"of others {n}") for n in range(8)])
    return tmp_path


def test_editors_are_told_by_what_to_complete_it(systems: Path) -> None:
    assert run(systems, "init", "stock=sqlite:///stock.db").exit_code == 0
    text = (systems / "isthmus.yaml").read_text("utf-8")
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = Draft202012Validator(json.loads((systems / named).read_text("utf-8")))
    assert schema.is_valid(load(text))
    assert not schema.is_valid(load(text.replace("default: deny", "defalt: deny")))
    (systems / named).write_text("{}", "utf-8")  # the user's own, or of another version
    again = run(systems, "init", "stock=sqlite:///stock.db", "-o", "other.yaml")
    assert (again.exit_code, (systems / named).read_text("utf-8"), named in again.output) == (0, "{}", False)
    assert run(systems, "init", "stock=sqlite:///stock.db", "-o", "other.yaml", "--force").exit_code == 0
    assert schema.schema == json.loads((systems / named).read_text("utf-8"))
    assert "Found here: billing.wsdl, crm.openapi.json, stock.db\n" in run(systems, "init", "--force").output


def test_the_file_is_sound_as_it_is_written_and_opens_nothing(
    systems: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = run(systems, "init", "crm=crm.openapi.json", "billing=billing.wsdl", "stock=sqlite:///stock.db")
    assert made.exit_code == 0, made.output
    assert made.output.startswith("isthmus.yaml: sources: 3; operations: ")
    assert ", 2 that write are off, 0 left out; links: " in made.output
    assert "set CRM_TOKEN: " in made.output
    checked = run(systems, "check", "isthmus.yaml")
    assert (checked.exit_code, "The file is sound." in checked.output) == (0, True), capsys.readouterr().err
    text = (systems / "isthmus.yaml").read_text("utf-8")
    chosen = read(systems / "isthmus.yaml", {})
    assert list(chosen.sources) == ["crm", "billing", "stock"]
    assert chosen.settings.access.default == "deny"
    assert not any(each.writes for _, each in chosen.sources.values())
    for line in (
        '    # url: "https://crm.example.com"  # as the description says; to call another one, state it',
        "    # 2 of 3 operations are served.",
        "    # Writes are off: writes: true, or a list of names, serves createCustomer.",
        "    # 2 operations need a bearer token (token).",
        "    #   bearer: ${env:CRM_TOKEN}",
        "    # Writes are off: writes: true, or a list of names, serves PayInvoice.",
        "  # Order.customer: { one: crm.customer, match: { customerId: id } }",
        "  # Shelf.customer: { one: crm.customer, match: { customerId: id } }",
    ):
        assert line in text.splitlines(), text


def test_every_line_that_is_taken_out_of_its_comment_is_sound(systems: Path) -> None:
    run(systems, "init", "crm=crm.openapi.json", "stock=stock.db")
    text = (systems / "isthmus.yaml").read_text("utf-8")
    (systems / "isthmus.yaml").write_text(
        text.replace("# links:", "links:")
        .replace("  # Order.", "  Order.").replace("  # Shelf.", "  Shelf.")
        .replace("  # Parcel.", "  Parcel.").replace("    # url:", "    url:")
        .replace("    # auth:", "    auth:").replace("    #   bearer:", "      bearer:")
        .replace("  default: deny", "  default: authenticated")
        .replace("# server:", "server:").replace("#   jwt:", "  jwt:")
    )  # fmt: skip
    ended = run(systems, "check", "isthmus.yaml", CRM_TOKEN="x")
    assert ended.exit_code == 0, ended.output
    assert "warning" not in ended.output
    assert len(read(systems / "isthmus.yaml", {"CRM_TOKEN": "x"}).settings.links) == 3


def test_nothing_is_written_over(systems: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (systems / "isthmus.yaml").write_text("mine")
    refused = run(systems, "init", "crm=crm.openapi.json")
    assert refused.exit_code == 1
    assert "isthmus.yaml is there already" in refused.output + capsys.readouterr().err
    assert (systems / "isthmus.yaml").read_text() == "mine"
    assert run(systems, "init", "crm=crm.openapi.json", "-o", "other.yaml").exit_code == 0
    assert run(systems, "init", "crm=crm.openapi.json", "--force").exit_code == 0
    assert (systems / "isthmus.yaml").read_text() == (systems / "other.yaml").read_text()


def test_without_names_it_takes_what_lies_here_and_paths_are_seen_from_the_file(systems: Path) -> None:
    (systems / "notes.json").write_text('{"no": "description"}')
    (systems / "broken.yaml").write_text("a: [")
    (systems / "gateway").mkdir()
    assert run(systems, "init", "-o", "gateway/isthmus.yaml").exit_code == 0
    found: Any = load((systems / "gateway/isthmus.yaml").read_text("utf-8"))
    assert found["sources"] == {
        "billing": {"wsdl": "../billing.wsdl"},
        "crm": {"openapi": "../crm.openapi.json"},
        "stock": {"database": "sqlite:///../stock.db"},
    }
    assert run(systems, "check", "gateway/isthmus.yaml").exit_code == 0


def test_an_address_that_nobody_names_is_a_variable_and_the_file_is_sound_without_it(systems: Path) -> None:
    (systems / "crm.openapi.json").write_text(crm(""))
    made = run(systems, "init", "crm.openapi.json", "stock.db")
    assert "set CRM_URL: the address of crm" in made.output
    assert run(systems, "check", "isthmus.yaml").exit_code == 0
    (crm_settings,) = [each for name, (_, each) in read(systems / "isthmus.yaml", {}).sources.items() if name == "crm"]
    assert getattr(crm_settings, "url") == "https://crm.invalid"  # noqa: B009  # of one kind of source


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("crm=none.json",), "none.json"),
        (("crm=crm.openapi.json", "crm=billing.wsdl"), 'two sources are called "crm"'),
        (("12.json",), "write NAME=12.json"),
        (("crm=crm.openapi.json", "-o", "none/isthmus.yaml"), "there is no folder none"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    systems: Path, arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run(systems, "init", *arguments)
    assert ended.exit_code == 1
    assert told in ended.output + capsys.readouterr().err
    assert not (systems / "isthmus.yaml").exists()


def test_an_empty_folder_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = run(tmp_path, "init")
    assert (ended.exit_code, "no description and no database lies" in capsys.readouterr().err + ended.output) == (
        1,
        True,
    )


def test_names_of_a_description_stay_inside_their_comments(systems: Path) -> None:
    document = json.loads(crm())
    document["paths"]["/customers"]["post"]["operationId"] = "x\n    writes: true\n#\u2028    writes: true"
    scheme = "t\naccess: { default: anonymous }\n"
    document["components"]["securitySchemes"] = {scheme: {"type": "http", "scheme": "bearer"}}
    document["security"] = [{scheme: []}]
    (systems / "crm.openapi.json").write_text(json.dumps(document))
    assert run(systems, "init", "crm=crm.openapi.json").exit_code == 0
    chosen = read(systems / "isthmus.yaml", {})
    assert (chosen.sources["crm"][1].writes, chosen.settings.access.default) == (False, "deny")


def test_a_password_in_a_url_becomes_a_variable(tmp_path: Path) -> None:
    model = SourceModel("stockDb", "database", {})
    url = "postgresql://app:hunter2@hunter2@db/stock?sslpassword=hunter2&connect_timeout=3"
    made = FirstFile([Found("stockDb", "database", url, model, tmp_path)], [], {}, tmp_path)
    text = made.text()
    assert "hunter2" not in text
    assert '"postgresql://app:${env:STOCK_DB_PASSWORD}@db/stock?sslpassword=${env:STOCK_DB_SSLPASSWORD}&' in text
    assert set(made.variables) == {"STOCK_DB_PASSWORD", "STOCK_DB_SSLPASSWORD"}


@contextmanager
def serving(known: set[str], heard: list[str]) -> Iterator[str]:
    """Customers by their keys, and ten orders; 404 for others."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            key = self.path.rpartition("/")[2]
            rows = [{"id": str(n), "customerId": f"c{n}"} for n in range(10)]
            body = rows if key == "orders" else {"id": key, "name": "hunter2"}
            self.send_response(200 if key == "orders" or key in known else 404)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.address_family = socket.AF_INET
    server.server_bind()
    server.server_activate()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_sample_puts_in_force_what_finds_something_and_keeps_only_its_figure(systems: Path) -> None:
    heard: list[str] = []
    with serving({f"c{n}" for n in range(9)}, heard) as address:
        (systems / "crm.openapi.json").write_text(crm(address, security=[]))
        assert run(systems, "init", "crm=crm.openapi.json", "stock=stock.db", "-o", "plain.yaml").exit_code == 0
        assert not heard  # nobody is asked for rows unless that is said
        made = run(systems, "init", "crm=crm.openapi.json", "stock=stock.db", "--sample")
    assert made.exit_code == 0, made.output
    assert "links: 3 suggested, 2 in force" in made.output
    text = (systems / "isthmus.yaml").read_text("utf-8")
    assert "; sampled: of 10 keys 9 are found there\n  Order.customer: {" in text
    assert "; sampled: of 8 keys 0 are found there\n  # Parcel.customer: {" in text
    assert "; sampled: of 6 keys 6 are found there\n  Shelf.customer: {" in text
    assert "hunter2" not in text
    assert "c1" not in text
    assert run(systems, "check", "isthmus.yaml").exit_code == 0
    assert set(read(systems / "isthmus.yaml", {}).settings.links) == {"Order.customer", "Shelf.customer"}


def test_a_sample_that_nobody_answers_is_told_and_puts_nothing_in_force(systems: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    (systems / "crm.openapi.json").write_text(crm(address))
    made = run(systems, "init", "crm=crm.openapi.json", "--sample")
    assert "links: 1 suggested, 0 in force" in made.output
    assert "; not sampled: SOURCE_UNAVAILABLE when orders was asked\n" in (systems / "isthmus.yaml").read_text("utf-8")
