"""A part that implements an interface of its source: the entity implements it, and rows come through it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.attack.house import TRUSTED, Asking, gateway, token
from tests.serving import serving

PEOPLE = {1: ("Ada", "1980"), 2: ("Bob", "1990")}
_LISTED = '<xs:element name="actor" type="t:Actor" minOccurs="0" maxOccurs="unbounded"/>'
WSDL = f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
<types><xs:schema targetNamespace="urn:t" elementFormDefault="qualified">
  <xs:complexType name="Actor" abstract="true"><xs:sequence>
    <xs:element name="no" type="xs:int"/><xs:element name="name" type="xs:string"/>
  </xs:sequence></xs:complexType>
  <xs:complexType name="Person"><xs:complexContent><xs:extension base="t:Actor"><xs:sequence>
    <xs:element name="born" type="xs:string"/>
  </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:complexType name="Firm"><xs:complexContent><xs:extension base="t:Actor"><xs:sequence>
    <xs:element name="vat" type="xs:string"/>
  </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:element name="ListActors"><xs:complexType><xs:sequence/></xs:complexType></xs:element>
  <xs:element name="Actors"><xs:complexType><xs:sequence>{_LISTED}</xs:sequence></xs:complexType></xs:element>
  <xs:element name="GetPersons"><xs:complexType><xs:sequence>
    <xs:element name="no" type="xs:int" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="Persons"><xs:complexType><xs:sequence>{_LISTED.replace("Actor", "Person")}</xs:sequence>
  </xs:complexType></xs:element>
  <xs:element name="GetFirms"><xs:complexType><xs:sequence>
    <xs:element name="name" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="Firms"><xs:complexType><xs:sequence>{_LISTED.replace("Actor", "Firm")}</xs:sequence>
  </xs:complexType></xs:element>
</xs:schema></types>
<message name="L"><part name="p" element="t:ListActors"/></message>
<message name="A"><part name="p" element="t:Actors"/></message>
<message name="G"><part name="p" element="t:GetPersons"/></message>
<message name="P"><part name="p" element="t:Persons"/></message>
<message name="H"><part name="p" element="t:GetFirms"/></message>
<message name="F"><part name="p" element="t:Firms"/></message>
<portType name="T">
  <operation name="ListActors"><input message="t:L"/><output message="t:A"/></operation>
  <operation name="GetPersons"><input message="t:G"/><output message="t:P"/></operation>
  <operation name="GetFirms"><input message="t:H"/><output message="t:F"/></operation>
</portType>
<binding name="B" type="t:T"><soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>
  <operation name="ListActors"><soap:operation soapAction=""/><input><soap:body use="literal"/></input>
    <output><soap:body use="literal"/></output></operation>
  <operation name="GetPersons"><soap:operation soapAction=""/><input><soap:body use="literal"/></input>
    <output><soap:body use="literal"/></output></operation>
  <operation name="GetFirms"><soap:operation soapAction=""/><input><soap:body use="literal"/></input>
    <output><soap:body use="literal"/></output></operation>
</binding>
<service name="S"><port name="P" binding="t:B"><soap:address location="http://127.0.0.1:1/"/></port></service>
</definitions>"""
FILE = """
sources:
  people:
    wsdl: people.wsdl
    url: "{url}"
    operations:
      ListActors: {{ effect: read, at: actor }}
      GetPersons: {{ effect: read, at: actor, keys: no, by: no, max_keys: 100 }}
      GetFirms: {{ effect: read, at: actor, keys: name, by: name, max_keys: 100 }}
  shop: {{ database: "sqlite:///{folder}/shop.db" }}
entities:
  Customer:
    key: no
    from:
      shop.Account: {{ by: shop.accounts }}
      people.Person: {{ by: people.GetPersons }}
access:
  default: authenticated
  rules: {{ Customer: {{ rows: {{ depot: {{ eq: $claims.depot }} }}, unless: {{ roles: [staff] }} }} }}
server: {{ {trusted} }}
"""


def _person(number: int) -> str:
    name, born = PEOPLE[number]
    return f"<t:no>{number}</t:no><t:name>{name}</t:name><t:born>{born}</t:born>"


async def _answer(request: Request) -> Response:
    asked = etree.fromstring(await request.body())[-1][0]
    numbers = [int(str(each.text)) for each in asked]
    if etree.QName(asked).localname == "GetPersons":
        rows = "".join(f"<t:actor>{_person(number)}</t:actor>" for number in numbers if number in PEOPLE)
        inner = f"<t:Persons>{rows}</t:Persons>"
    else:
        rows = "".join(f'<t:actor xsi:type="t:Person">{_person(number)}</t:actor>' for number in PEOPLE)
        firm = '<t:actor xsi:type="t:Firm"><t:no>7</t:no><t:name>Firm</t:name><t:vat>v</t:vat></t:actor>'
        inner = f"<t:Actors>{rows}{firm}</t:Actors>"
    spaces = 'xmlns:t="urn:t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    envelope = "http://schemas.xmlsoap.org/soap/envelope/"
    text = f'<s:Envelope xmlns:s="{envelope}" {spaces}><s:Body>{inner}</s:Body></s:Envelope>'
    return Response(text, media_type="text/xml")


def _files(folder: Path) -> None:
    (folder / "people.wsdl").write_text(WSDL)
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("create table accounts (no integer primary key, depot text)")
        database.execute("insert into accounts values (1, 'East'), (2, 'West'), (3, 'East')")
    database.close()


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[Asking]:
    _files(folder)
    async with (
        serving(Starlette(routes=[Route("/", _answer, methods=["POST"])])) as url,
        gateway(folder, FILE.format(url=url, folder=folder, trusted=TRUSTED)) as asking,
    ):
        yield asking


async def test_rows_come_through_an_interface_and_from_the_other_part(tmp_path: Path) -> None:
    async with _served(tmp_path) as asking:
        staff = token("bob", roles=["staff"])
        reply = await asking.ask("{ listActors { __typename name ... on Customer { born depot } } }", staff)
        assert reply["data"]["listActors"] == [
            {"__typename": "Customer", "name": "Ada", "born": "1980", "depot": "East"},
            {"__typename": "Customer", "name": "Bob", "born": "1990", "depot": "West"},
            {"__typename": "Firm", "name": "Firm"},
        ]
        reply = await asking.ask("{ accounts { no ... on Actor { name } } }", staff)
        assert reply["data"]["accounts"][2] == {"no": 3, "name": None}
        east = token("ann", depot="East")
        reply = await asking.ask("{ listActors { name } accounts { no name } }", east)
        assert reply["data"]["listActors"] == [{"name": "Ada"}, {"name": "Firm"}]
        assert reply["data"]["accounts"] == [{"no": 1, "name": "Ada"}, {"no": 3, "name": None}]


PERSON, ACCOUNT = "people.Person: {{ by: people.GetPersons }}", "shop.Account: {{ by: shop.accounts }}"
PROMISES = 'people.Person implements Actor, which promises "{}"'


async def _loaded(folder: Path, changes: Mapping[str, str]) -> str:
    """The schema that a file makes in which something is changed."""
    text = FILE
    for right, wrong in changes.items():
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    (folder / "isthmus.yaml").write_text(text.format(url="http://127.0.0.1:9", folder=folder, trusted=TRUSTED))
    chosen = read(folder / "isthmus.yaml", {})
    try:
        snapshot = await load(chosen)
    except ConfigurationError as error:
        return chosen.describe(error.problems)
    sdl = snapshot.graph.sdl()
    await snapshot.close()
    return sdl


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"people.Person:": "people.Actor:"}, "could tell whether it is Person or Firm"),
        ({"GetPersons }}": "GetPersons, only: [born] }}"}, PROMISES.format("name")),
        (
            {
                "key: no": "key: number",
                PERSON: PERSON.replace(" }}", ", match: {{ number: no }} }}"),
                ACCOUNT: ACCOUNT.replace(" }}", ", match: {{ number: no }} }}"),
            },
            f'{PROMISES.format("no")}, and it is "number" here',
        ),
        ({"shop.Acc": "people.Firm: {{ by: people.GetFirms, only: [vat] }}\n      shop.Acc"}, "Actor stands for"),
    ],
)
async def test_what_an_interface_promises_is_kept_or_refused(
    tmp_path: Path, changes: Mapping[str, str], said: str
) -> None:
    _files(tmp_path)
    assert said in await _loaded(tmp_path, changes)


async def test_a_key_that_the_first_part_has_as_another_type_breaks_the_promise(tmp_path: Path) -> None:
    _files(tmp_path)
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.executescript("drop table accounts; create table accounts (no text primary key, depot text)")
    database.close()
    assert f"{PROMISES.format('no')} as Int, and the key is String" in await _loaded(tmp_path, {})


async def test_an_interface_promises_what_each_of_its_entities_can_keep(tmp_path: Path) -> None:
    _files(tmp_path)
    firm = "access:\n"
    company = "  Company: {{ key: name, from: {{ people.Firm: {{ by: people.GetFirms }} }} }}\n"
    sdl = await _loaded(tmp_path, {firm: company + firm})
    actor = sdl[sdl.index("interface Actor") :].partition("}")[0]
    assert "  no: Int\n  name: String\n" in actor
