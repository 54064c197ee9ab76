"""Envelopes both ways: against zeep, which parses what is written here, and against replies as they come."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zeep
import zeep.helpers
from lxml import etree

from resolvers.documents import Document
from resolvers.errors import (
    BadRequest,
    RateLimited,
    SourceBadResponse,
    SourceFault,
    SourceRejected,
    SourceUnavailable,
)
from resolvers.soap.operations.wsdl import read
from resolvers.soap.replies.envelope import decode
from resolvers.soap.requests.envelope import encode as sent_by
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import UnsafeXml, parse

BILLING = Path(__file__).with_name("billing.wsdl")
CODECS = read("billing", {"b": Document("b", BILLING.read_bytes())}, "b").codecs
GET, POST = CODECS["GetInvoices"], CODECS["PostInvoice"]
XML = "text/xml; charset=utf-8"

INVOICE: dict[str, Any] = {  # in an order that is not the schema's
    "ibanOrCard": {"iban": "<DE&12>"},
    "state": None,
    "total": {"currency": "EUR", "value": Decimal("1E+3")},
    "number": "  A]]>1 ",
    "idAttribute": 2**53 + 1,
    "paid": None,
    "correction": [
        {
            "number": "B",
            "idAttribute": 2,
            "state": "paid-late",
            "total": {"currency": "€", "value": "0.10"},
            "ibanOrCard": {"card": {"last4": 42}},
        },
    ],
}


def encode(codec: OperationCodec, arguments: Mapping[str, object]) -> bytes:
    return sent_by(codec, arguments).body


def misfits(value: object) -> list[SourceBadResponse]:
    """The errors that stand in places of a value."""
    if isinstance(value, SourceBadResponse):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [error for item in items for error in misfits(item)]


def envelope(inside: str, *, version: str = "http://schemas.xmlsoap.org/soap/envelope/") -> bytes:
    return (
        f'<s:Envelope xmlns:s="{version}" xmlns:m="urn:billing:messages" xmlns:t="urn:billing:types" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>{inside}</s:Body></s:Envelope>'
    ).encode()


def item(inside: str, attributes: str = 'id="7"') -> bytes:
    return envelope(f"<m:GetInvoicesResponse><item {attributes}>{inside}</item></m:GetInvoicesResponse>")


def zeep_reads(codec: OperationCodec, content: bytes) -> object:
    client: Any = zeep.Client(str(BILLING))  # type: ignore[no-untyped-call]  # zeep has no annotations here
    body = etree.fromstring(content)[0]
    element = client.get_element(body[0].tag)
    plain: Any = zeep.helpers.serialize_object
    return plain(element.parse(body[0], client.wsdl.types), dict)


def test_zeep_reads_what_is_written() -> None:
    read_back = zeep_reads(POST, encode(POST, {"invoice": INVOICE}))
    assert isinstance(read_back, dict)
    invoice = read_back["invoice"]
    assert invoice["number"] == "  A]]>1 "
    assert invoice["total"] == {"_value_1": Decimal(1000), "currency": "EUR"}
    assert invoice["iban"] == "<DE&12>"
    assert invoice["state"] is None
    [correction] = invoice["correction"]
    assert correction["card"]["last4"] == 42
    assert correction["total"]["_value_1"] == Decimal("0.10")


def test_what_is_written_is_read_back_the_same() -> None:
    content = encode(POST, {"invoice": INVOICE}).replace(b"PostInvoice", b"GetInvoicesResponse")
    content = content.replace(b"<invoice", b"<item").replace(b"</invoice", b"</item")
    reply: Any = decode(GET, 200, XML, content)
    [invoice] = reply["item"]
    correction = {**INVOICE["correction"][0], "correction": [], "card": {"last4": 42}}
    correction["total"] = {"currency": "€", "value": Decimal("0.10")}
    told = {
        **INVOICE,
        "total": {"currency": "EUR", "value": Decimal(1000)},
        "correction": [correction],
        "iban": "<DE&12>",
    }
    for row in (told, correction):
        del row["ibanOrCard"]  # of a choice, replies have the elements themselves
    assert invoice == told


def test_absent_and_null_are_kept_apart() -> None:
    absent = encode(GET, {"numbers": {"item": []}})
    null = encode(GET, {"numbers": {"item": []}, "since": None})
    assert b"since" not in absent
    assert b'<since xsi:nil="true"/>' in null
    refused: tuple[dict[str, Any], ...] = (
        {"numbers": {}, "limit": None},
        {"limit": 1},
        {"numbers": {"item": [None]}},
        {"numbers": {}, "x": 1},
    )
    for arguments in refused:
        with pytest.raises(BadRequest):
            encode(GET, arguments)


@pytest.mark.parametrize("text", ["\x00", "\x0b", "\ud800", "\ufffe", "a\x1bb"])
def test_characters_that_xml_cannot_carry_are_the_callers_error(text: str) -> None:
    with pytest.raises(BadRequest):
        encode(GET, {"numbers": {"item": [text]}})


@pytest.mark.parametrize("value", [True, 1.5, "7", 2**40 * 1.0])
def test_a_value_of_another_type_is_the_callers_error(value: object) -> None:
    with pytest.raises(BadRequest):
        encode(GET, {"numbers": {}, "limit": value})


def test_exact_values_lists_nulls_and_unknown_elements() -> None:
    body = item(
        "<t:number> x </t:number><t:issued>2026-02-28+01:00</t:issued><u>?</u>"
        '<t:total currency="EUR"> 12345678901234567890.10 </t:total><t:state xsi:nil="1"/><t:paid>1</t:paid>',
        'id="9007199254740993"',
    )
    assert decode(GET, 200, XML, body) == {
        "item": [
            {
                "number": " x ",
                "issued": "2026-02-28+01:00",
                "idAttribute": 9007199254740993,
                "correction": [],
                "total": {"currency": "EUR", "value": Decimal("12345678901234567890.10")},
                "state": None,
                "paid": True,
            }
        ]
    }
    assert decode(GET, 200, XML, envelope("<m:GetInvoicesResponse/>")) == {"item": []}
    assert decode(CODECS["CheckBalance"], 200, XML, envelope("<m:balance>-0.30</m:balance>")) == Decimal("-0.30")
    assert decode(CODECS["Archive"], 202, "", b"") is None


@pytest.mark.parametrize(
    "inside",
    [
        "<t:issued>yesterday</t:issued>",
        "<t:paid>yes</t:paid>",
        "<t:state>lost</t:state>",
        '<t:total currency="EUR">NaN</t:total>',
        '<t:total currency="EUR">1e3</t:total>',
        "<t:card><t:last4>4294967296</t:last4></t:card>",
        "<t:number>1</t:number><t:number>2</t:number>",
    ],
)
def test_a_value_that_does_not_fit_is_an_error_in_its_place_and_others_stand(inside: str) -> None:
    value: Any = decode(GET, 200, XML, item(inside))
    assert value["item"][0]["idAttribute"] == 7
    [error] = misfits(value)
    assert "yesterday" not in error.detail
    assert "NaN" not in error.detail


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_fault_is_a_fault_whatever_the_status(status: int) -> None:
    body = envelope(
        "<s:Fault><faultcode>s:Client.Auth</faultcode><faultstring>ORA-00942 at db7.internal</faultstring>"
        "<detail><m:UnknownInvoice><number>7</number></m:UnknownInvoice></detail></s:Fault>"
    )
    with pytest.raises(SourceFault) as caught:
        decode(GET, status, XML, body)
    assert caught.value.extensions == {"faultCode": "Client", "fault": "UnknownInvoice"}
    assert "ORA-00942" in caught.value.detail
    assert "'number': '7'" in caught.value.detail


def test_a_fault_of_soap_12_and_a_code_of_their_own() -> None:
    space = "http://www.w3.org/2003/05/soap-envelope"
    fault = "<s:Fault><s:Code><s:Value>{}</s:Value></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>"
    for code, shown in (("s:Sender", {"faultCode": "Sender"}), ("SQL-42@db7", {})):
        with pytest.raises(SourceFault) as caught:
            decode(GET, 500, XML, envelope(fault.format(code), version=space))
        assert caught.value.extensions == shown


def test_other_replies_are_named_by_whose_fault_they_are() -> None:
    html, ours = b"<html><body>Sign in</body></html>", "text/html"
    for status, kind in (
        (200, SourceBadResponse),
        (302, SourceBadResponse),
        (403, SourceRejected),
        (429, RateLimited),
        (500, SourceFault),
        (503, SourceUnavailable),
    ):
        with pytest.raises(kind):
            decode(GET, status, ours, html)
    with pytest.raises(SourceBadResponse) as caught:
        decode(GET, 200, "application/json", b'{"secret": 1}')
    assert "application/json" in caught.value.detail
    assert "secret" not in caught.value.detail
    with pytest.raises(SourceBadResponse):
        decode(GET, 200, XML, envelope("<m:SomethingElse/>"))


@pytest.mark.parametrize(
    "attack",
    [
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        b'<?xml version="1.0"?><!-- x --><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;&b;">]><a>&c;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><a/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"),
        b"<a>" * 101 + b"</a>" * 101,
        b"<a>" * 5000 + b"</a>" * 5000,
        b"<a>&undeclared;</a>",
        b"<a>\x00</a>",
        b"<a",
        b"\xff\xfe<",
        b"",
    ],
)
def test_xml_that_attacks_is_refused(attack: bytes) -> None:
    with pytest.raises(UnsafeXml):
        parse(attack)
    with pytest.raises(SourceBadResponse):
        decode(GET, 200, XML, attack)


def test_depth_within_the_cap_and_a_doctype_in_text_are_no_attack() -> None:
    parse(b"<a>" * 100 + b"</a>" * 100)
    assert parse(b"<a><![CDATA[<!DOCTYPE html>]]></a>").text == "<!DOCTYPE html>"
    include = b'<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/etc/hostname" parse="text"/></a>'
    assert parse(include)[0].text is None
