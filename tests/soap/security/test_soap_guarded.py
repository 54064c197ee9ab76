"""WSDLs, and what they import, behind authentication; and calls that prove themselves as any HTTP source does."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from resolvers.open import Opened, open_all
from resolvers.soap import SoapSettings
from resolvers.source import Call, Context
from tests.network.authority import Authority, serving
from tests.raw_server import Heard, RawServer, raw_server, reply

WSDL = """<?xml version="1.0"?>
<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:m="urn:party" targetNamespace="urn:party">
  <w:import namespace="urn:party" location="parts/messages.wsdl"/>
  <w:portType name="Party"><w:operation name="GetParty">
    <w:input message="m:In"/><w:output message="m:Out"/></w:operation></w:portType>
  <w:binding name="Soap" type="m:Party"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <w:operation name="GetParty"><s:operation soapAction="urn:get"/>
      <w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation></w:binding>
  <w:service name="S"><w:port name="P" binding="m:Soap"><s:address location="{address}"/></w:port></w:service>
</w:definitions>"""
MESSAGES = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:m="urn:party" targetNamespace="urn:party">
  <w:types><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
    <xs:import namespace="urn:party" schemaLocation="../types.xsd?v=2"/>
    <xs:import namespace="urn:elsewhere" schemaLocation="{elsewhere}/other.xsd"/></xs:schema></w:types>
  <w:message name="In"><w:part name="p" element="m:GetParty"/></w:message>
  <w:message name="Out"><w:part name="p" element="m:GetPartyResponse"/></w:message>
</w:definitions>"""
TYPES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:party" xmlns="urn:party"
  elementFormDefault="qualified"><xs:include schemaLocation="{here}/svc/name.xsd"/>
  <xs:element name="GetParty"><xs:complexType><xs:sequence><xs:element name="no" type="xs:int"/></xs:sequence>
  </xs:complexType></xs:element>
  <xs:element name="GetPartyResponse"><xs:complexType><xs:sequence><xs:element name="name" type="Name"/></xs:sequence>
  </xs:complexType></xs:element></xs:schema>"""
NAME = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:party"><xs:simpleType name="Name">
  <xs:restriction base="xs:string"/></xs:simpleType></xs:schema>"""
OTHER = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:elsewhere"/>'
ANSWER = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetPartyResponse xmlns="urn:party">'
    "<name>Ada</name></GetPartyResponse></s:Body></s:Envelope>"
)
BASIC = "Basic " + base64.b64encode(b"gateway:canary-1").decode()


class Party:
    """A host that answers whoever shows ``header``, and another that answers everyone; neither is ours."""

    def __init__(self, header: str = "", value: str = "") -> None:
        self.header, self.value = header, value
        self.here = self.elsewhere = ""

    async def __call__(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        path = heard.target.partition("?")[0]
        shown = heard.target if self.header == "query" else heard.headers.get(self.header, "")
        if self.value not in shown:
            writer.write(reply(b"who are you?", status="401 Unauthorized", media="text/plain"))
            return
        texts = {
            "/svc": WSDL.format(address=f"{self.here}/svc"),
            "/parts/messages.wsdl": MESSAGES.format(elsewhere=self.elsewhere),
            "/types.xsd": TYPES.format(here=self.here),
            "/svc/name.xsd": NAME,
            "/other.xsd": OTHER,
        }
        text = ANSWER if heard.method == "POST" else texts.get(path)
        writer.write(
            reply(b"", status="404 Gone") if text is None else reply(text.encode(), media="text/xml; charset=utf-8")
        )


async def ask(found: Opened) -> object:
    source = found.sources["party"]
    until = asyncio.get_running_loop().time() + 5
    return await source.execute(Call("GetParty", {"no": 7}), Context(until, "request"))


def stated(at: str, **settings: Any) -> Mapping[str, tuple[str, SoapSettings]]:
    return {"party": ("wsdl", SoapSettings.model_validate({"wsdl": f"{at}/svc?wsdl", **settings}))}


WAYS: dict[str, tuple[dict[str, Any], str, str]] = {
    "basic": ({"auth": {"basic": {"username": "gateway", "password": "canary-1"}}}, "authorization", BASIC),
    "bearer": ({"auth": {"bearer": "canary-2"}}, "authorization", "Bearer canary-2"),
    "key in a header": ({"auth": {"api_key": {"header": "X-Key", "value": "canary-3"}}}, "x-key", "canary-3"),
    "key in a cookie": ({"auth": {"api_key": {"cookie": "k", "value": "canary-4"}}}, "cookie", "k=canary-4"),
    "key in the query": ({"auth": {"api_key": {"query": "k", "value": "canary-5"}}}, "query", "k=canary-5"),
    "constant header": ({"headers": {"X-Own": "canary-6"}}, "x-own", "canary-6"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_proves_a_call_gets_the_description_and_its_imports_and_reaches_no_other_host(
    way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings, header, value = WAYS[way]
    guarded, free = Party(header, value), Party()
    async with raw_server(guarded) as host, raw_server(free) as other:
        guarded.here, guarded.elsewhere = host.url, other.url
        found = await open_all(stated(host.url, operations={"GetParty": {"effect": "read"}}, **settings), tmp_path)
        assert not found.failed
        assert await ask(found) == {"name": "Ada"}
        await found.sources["party"].close()
        asked = {heard.target.partition("?")[0] for heard in host.heard if heard.method == "GET"}
        assert asked == {"/svc", "/parts/messages.wsdl", "/types.xsd", "/svc/name.xsd"}
        assert "canary" not in _all_heard(other)
        assert "canary" not in caplog.text
        assert base64.b64encode(b"gateway:canary-1").decode() not in _all_heard(other) + caplog.text


async def test_without_what_proves_us_the_source_is_not_served_and_the_address_is_told_without_the_key(
    tmp_path: Path,
) -> None:
    guarded = Party("query", "k=right")
    async with raw_server(guarded) as host:
        for auth in (None, {"api_key": {"query": "k", "value": "canary-wrong"}}):
            found = await open_all(stated(host.url, auth=auth), tmp_path)
            problem = found.failed["party"]
            assert problem.what == f"{host.url}/svc?wsdl answered 401"
            assert "canary" not in repr(problem)


async def test_a_service_that_is_called_elsewhere_does_not_share_what_proves_us_with_who_describes_it(
    tmp_path: Path,
) -> None:
    open_host, guarded = Party(), Party("authorization", BASIC)
    async with raw_server(open_host) as describing, raw_server(guarded) as called:
        open_host.here, open_host.elsewhere = describing.url, describing.url
        settings = {**WAYS["basic"][0], "url": f"{called.url}/svc", "operations": {"GetParty": {"effect": "read"}}}
        found = await open_all(stated(describing.url, **settings), tmp_path)
        assert await ask(found) == {"name": "Ada"}
        await found.sources["party"].close()
        assert "Basic" not in _all_heard(describing)
        assert called.heard[0].headers["authorization"] == BASIC


async def test_a_certificate_opens_the_description_and_the_service(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = serving(authority.sign("party", "127.0.0.1"), clients=authority)
    ours = authority.sign("gateway")
    party = Party()
    async with raw_server(party, tls) as host:
        party.here = party.elsewhere = host.url
        network = {"ca": "authority.pem", "cert": {"file": ours.file.name, "key": ours.key.name}}
        operations = {"GetParty": {"effect": "read"}}
        found = await open_all(stated(host.url, operations=operations, **network), tmp_path)
        assert await ask(found) == {"name": "Ada"}
        await found.sources["party"].close()
        without = await open_all(stated(host.url, ca="authority.pem"), tmp_path)
        assert "cannot be fetched" in without.failed["party"].what


def _all_heard(server: RawServer) -> str:
    return "".join(f"{heard.target} {heard.headers} {heard.body!r}" for heard in server.heard)
