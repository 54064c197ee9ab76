"""The billing service as a source whose security is set, and what its requests looked like on the wire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lxml import etree

from resolvers.documents import Documents
from resolvers.http import HttpClient
from resolvers.model import Effect
from resolvers.network import direct
from resolvers.soap import SoapSettings, SoapSource, open_soap
from resolvers.soap.documents.gather import gather
from resolvers.soap.operations.wsdl import read
from resolvers.soap.security.exchange import open_security
from resolvers.soap.security.timestamp import now
from resolvers.source import Call, Context
from resolvers.xml import Element
from tests.raw_server import Answer, Heard, RawServer, raw_server, reply

HERE = Path(__file__).parents[1]
XML = "text/xml; charset=utf-8"
READ = Call("GetInvoices", {"numbers": {"item": ["A & <1>"]}})
WRITE = Call("PostInvoice", {"invoice": {
    "idAttribute": 1, "number": "A", "total": {"currency": "EUR", "value": "1"}, "state": None,
    "ibanOrCard": {"iban": "DE"},
}})  # fmt: skip
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
INVOICES = (
    '<m:GetInvoicesResponse xmlns:m="urn:billing:messages" xmlns:t="urn:billing:types">'
    '<item id="1"><t:number>A</t:number><t:total currency="EUR">1.50</t:total><t:state>open</t:state>'
    "<t:iban>DE</t:iban></item></m:GetInvoicesResponse>"
)
ENVELOPE = (
    f'<?xml version="1.0"?>\n<s:Envelope xmlns:s="{SOAP}"><s:Header>{{}}</s:Header><s:Body>{{}}</s:Body></s:Envelope>'
)


def envelope(content: str = INVOICES, header: str = "") -> bytes:
    return ENVELOPE.format(header, content).encode()


def xml(body: bytes, status: str = "200 OK") -> bytes:
    return reply(body, status=status, media=XML)


def answers(make: Callable[[Element], bytes]) -> Answer:
    """Answers what ``make`` makes of the request's envelope."""

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(xml(make(etree.fromstring(heard.body))))

    return answer


@contextlib.asynccontextmanager
async def billing(
    answer: Answer, base: Path = HERE, clock: Callable[[], datetime] = now, **settings: object
) -> AsyncIterator[tuple[SoapSource, RawServer]]:
    """A source whose PostInvoice is a write and whose GetInvoices is a read; files are named from ``base``."""
    async with raw_server(answer) as server:
        stated = SoapSettings.model_validate(
            {"wsdl": str(HERE / "billing.wsdl"), "url": server.url, "timeout_s": 5, **settings}
        )
        source = await opened(stated, base, clock)
        try:
            yield source, server
        finally:
            await source.close()


async def opened(stated: SoapSettings, base: Path, clock: Callable[[], datetime] = now) -> SoapSource:
    """The source; with a clock of its own it is put together by hand."""
    if clock is now:
        source = await open_soap("billing", stated, Documents(base))
    else:
        documents = Documents(base)
        description = read("billing", await gather(documents, stated.wsdl), stated.wsdl)
        assert stated.address is not None
        codecs = description.codecs.values()
        security = open_security(
            stated.ws_security, base, stated.address, codecs, addressing=stated.addressing, clock=clock
        )
        source = SoapSource(description, stated, HttpClient(direct(), f"{stated.address}/"), None, security)
    operations = dict(source.model.operations)
    operations["GetInvoices"] = replace(operations["GetInvoices"], effect=Effect.READ)
    operations["PostInvoice"] = replace(operations["PostInvoice"], effect=Effect.WRITE)
    source.model = replace(source.model, operations=operations)
    return source


def context(seconds: float = 5.0) -> Context:
    return Context(asyncio.get_running_loop().time() + seconds, "request")


def sent(server: RawServer, index: int = -1) -> Element:
    return etree.fromstring(server.heard[index].body)
