"""Systems that describe themselves over a real socket and keep a journal, and commands that are run beside them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner

from gateway.commands import app
from gateway.file.config import read
from gateway.snapshot import load

TOKEN = "a-token-that-only-the-source-may-see"
TEXT = {"type": "string"}
WSDL = """\
<wsdl:definitions targetNamespace="urn:b" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:b="urn:b"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:types><xs:schema><xs:import namespace="urn:b" schemaLocation="Billing?xsd=types"/></xs:schema></wsdl:types>
  <wsdl:message name="In"><wsdl:part name="p" element="b:GetInvoice"/></wsdl:message>
  <wsdl:message name="Out"><wsdl:part name="p" element="b:Invoice"/></wsdl:message>
  <wsdl:portType name="P"><wsdl:operation name="GetInvoice">
    <wsdl:input message="b:In"/><wsdl:output message="b:Out"/></wsdl:operation></wsdl:portType>
  <wsdl:binding name="B" type="b:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="GetInvoice"><soap:operation soapAction=""/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation></wsdl:binding>
  <wsdl:service name="S"><wsdl:port name="Q" binding="b:B"><soap:address location="http://127.0.0.1:9/"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""
XSD = """\
<xs:schema targetNamespace="urn:b" xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
<xs:element name="GetInvoice"><xs:complexType><xs:sequence><xs:element name="number" type="xs:string"/></xs:sequence>
</xs:complexType></xs:element><xs:element name="Invoice"><xs:complexType><xs:sequence>
<xs:element name="total" type="xs:decimal"/></xs:sequence></xs:complexType></xs:element></xs:schema>
"""
ONE_LINE = "".join(line.strip() + " " for line in WSDL.splitlines()).replace("> <", "><")


def crm(*fields: str) -> dict[str, Any]:
    """A list of customers, whose type stands in another document."""
    rows = {"type": "array", "items": {"$ref": "schemas/customer.json"}}
    answer = {"200": {"description": "", "content": {"application/json": {"schema": rows}}}}
    return {
        "/crm/openapi.json": {
            "openapi": "3.0.3",
            "info": {"title": "CRM", "version": "1"},
            "servers": [{"url": "/"}],
            "paths": {"/customers": {"get": {"operationId": "customers", "responses": answer}}},
        },
        "/crm/schemas/customer.json": {"type": "object", "properties": dict.fromkeys(fields, TEXT)},
    }


@dataclass
class Far:
    """Answers what lies in ``files``; of those under ``/crm`` only with the token. ``heard``: paths and queries."""

    files: dict[str, Any] = field(default_factory=lambda: {**crm("id", "name"), "/Billing?wsdl": ONE_LINE})
    heard: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        at = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.heard.append(at)
        if at.startswith("/crm") and request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        found = XSD if at == "/Billing?xsd=types" else self.files.get(at)
        if found is None:
            return Response(status_code=503)
        # As machines write it: without a line.
        text = found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))
        return Response(text)


FILE = """\
sources:
  crm: {{ openapi: "{far}/crm/openapi.json", references: network, auth: {{ bearer: "{token}" }} }}
  billing: {{ wsdl: "{far}/Billing?wsdl" }}
  stock:
    database: "sqlite:///stock.db"
    statements:
      cheap: {{ sql: "SELECT * FROM products WHERE price < :most", arguments: {{ most: Float! }}, returns: {{ many: products }} }}
  rows: {{ files: rows }}
access: {{ default: anonymous }}
"""  # noqa: E501  # a statement is one line


def make(folder: Path, far: str, text: str = FILE) -> Path:
    """A folder with a file, a database and files of rows; the file."""
    (folder / "rows").mkdir()
    (folder / "rows" / "pays.csv").write_text("id,amount\n1,4711\n2,3\n")
    connection = sqlite3.connect(folder / "stock.db")
    connection.execute("CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT DEFAULT 'x', price REAL)")
    connection.execute("INSERT INTO products VALUES ('a-row-of-mine', 'Rope', 7)")
    connection.commit()
    connection.close()
    file = folder / "isthmus.yaml"
    file.write_text(text.format(far=far, token=TOKEN), "utf-8")
    return file


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


async def run(*arguments: object) -> Ended:
    """A command, beside this loop."""
    ended = await asyncio.to_thread(CliRunner().invoke, app, [str(each) for each in arguments])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


async def sdl(file: Path) -> str:
    """The graph of a file, which is read as it is now."""
    current = await load(read(file, {}))
    await current.close()
    assert not current.failed, current.failed
    return current.graph.sdl()


def lines(file: Path) -> list[list[Any]]:
    return [json.loads(line) for line in (file.parent / "isthmus.lock").read_text("utf-8").splitlines()]


def files(file: Path) -> dict[str, str]:
    """What lies in descriptions/, by path."""
    folder = file.parent / "descriptions"
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
