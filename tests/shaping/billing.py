"""A SOAP service with its invoices by customer, whose WSDL takes amounts, days and states for plain texts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.serving import serving

WSDL = """<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:b="urn:b"
  targetNamespace="urn:b">
  <types><schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:b" elementFormDefault="qualified">
    <element name="GetInvoices"><complexType><sequence>
      <element name="customer" type="string" maxOccurs="unbounded"/>
      <element name="state" type="int" minOccurs="0"/>
    </sequence></complexType></element>
    <element name="GetInvoicesResponse"><complexType><sequence>
      <element name="invoice" type="b:Invoice" minOccurs="0" maxOccurs="unbounded"/>
    </sequence></complexType></element>
    <complexType name="Invoice"><sequence>
      <element name="customer" type="string"/>
      <element name="total" type="string"/>
      <element name="issued" type="string"/>
      <element name="paid" type="string"/>
      <element name="count" type="string"/>
      <element name="weight" type="int"/>
    </sequence><attribute name="state" type="int"/></complexType>
  </schema></types>
  <message name="in"><part name="p" element="b:GetInvoices"/></message>
  <message name="out"><part name="p" element="b:GetInvoicesResponse"/></message>
  <portType name="P"><operation name="GetInvoices">
    <input message="b:in"/><output message="b:out"/></operation></portType>
  <binding name="B" type="b:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="GetInvoices"><s:operation soapAction="GetInvoices"/>
      <input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
  <service name="S"><port name="P" binding="b:B"><s:address location="ADDRESS"/></port></service>
</definitions>
"""
_REPLY = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><GetInvoicesResponse xmlns="urn:b">'
    "{}</GetInvoicesResponse></e:Body></e:Envelope>"
)
_INVOICE = (
    '<invoice state="{}"><customer>{}</customer><total>{}</total><issued>{}</issued><paid>{}</paid>'
    "<count>{}</count><weight>{}</weight></invoice>"
)


@dataclass
class Billing:
    """``rows``: its invoices, member by member. ``heard``: the customers and states it was asked for."""

    rows: tuple[tuple[str, ...], ...]
    url: str = ""
    heard: list[tuple[list[str], list[str]]] = field(default_factory=list)


@asynccontextmanager
async def billing(*rows: tuple[str, ...]) -> AsyncIterator[Billing]:
    made = Billing(rows)

    async def answer(request: Request) -> Response:
        body = (await request.body()).decode()
        asked = re.findall(r"customer>([^<]+)</", body), re.findall(r"state>([^<]+)</", body)
        made.heard.append(asked)
        found = [_INVOICE.format(*row) for row in made.rows if row[1] in asked[0]]
        return Response(_REPLY.format("".join(found)), media_type="text/xml")

    async with serving(Starlette(routes=[Route("/", answer, methods=["POST"])])) as made.url:
        yield made
