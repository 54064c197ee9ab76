"""SOAP calls over real sockets: what is sent, what is sent again, and what nobody may read of it in errors and logs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from resolvers.errors import (
    BadRequest,
    IsthmusError,
    OutcomeUnknown,
    SourceBadResponse,
    SourceFault,
    SourceUnavailable,
)
from resolvers.model import Effect
from resolvers.soap import SoapSource
from resolvers.soap.client import IN_THREAD_VALUES
from resolvers.soap.shapes import OperationCodec
from resolvers.source import Call, Context
from resolvers.upload import File
from tests.raw_server import Answer, Heard, RawServer, raw_server, says
from tests.raw_server import reply as http_reply
from tests.soap.made import INT, TEXT, XML, a_type, answers, element, reply, simple
from tests.soap.test_soap_attachments import PHOTO, PICTURED, include, related
from tests.soap.test_soap_source import opened

CANARY = "canary-7fe1"


@contextlib.asynccontextmanager
async def source_of(
    codec: OperationCodec, answer: Answer, effect: Effect = Effect.WRITE, **settings: object
) -> AsyncIterator[tuple[SoapSource, RawServer]]:
    """A source whose operation ``Archive`` travels as ``codec`` says."""
    async with raw_server(answer) as server:
        source = await opened(server.url, **settings)
        model = source.model
        operation = replace(model.operations["Archive"], effect=effect)
        source.model = replace(model, operations={**model.operations, "Archive": operation})
        source._codecs = {**source._codecs, "Archive": replace(codec, name="Archive")}
        try:
            yield source, server
        finally:
            await source.close()


def call(**arguments: object) -> Call:
    return Call("Archive", arguments)


def context() -> Context:
    return Context(asyncio.get_running_loop().time() + 5, "request")


ECHO = answers(a_type("T", element("x", required=False)), parts={"x": element("x", required=False)})
GOOD = http_reply(reply("<t:Answer><t:x>1</t:x></t:Answer>"), media=XML)


async def test_soap_12_goes_out_and_comes_back() -> None:
    media = "application/soap+xml; charset=utf-8"
    answer = says(http_reply(reply("<t:Answer><t:x>1</t:x></t:Answer>", version="1.2"), media=media))
    async with source_of(replace(ECHO, version="1.2"), answer) as (source, server):
        assert await source.execute(call(x="a"), context()) == {"x": "1"}
        assert server.heard[0].headers["content-type"] == f'{media}; action="urn:made#Ask"'
        assert "soapaction" not in server.heard[0].headers


@pytest.mark.parametrize(
    ("effect", "error"),
    [(Effect.READ, SourceUnavailable), (Effect.IDEMPOTENT, SourceUnavailable), (Effect.WRITE, OutcomeUnknown)],
)
async def test_nothing_is_sent_again_below_the_layer_that_decides_it(effect: Effect, error: type[Exception]) -> None:
    seen: set[int] = set()

    async def once(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.connection in seen:
            writer.close()
            return
        seen.add(heard.connection)
        writer.write(GOOD)

    async with source_of(ECHO, once, effect) as (source, server):
        await source.execute(call(), context())
        with pytest.raises(error):
            await source.execute(call(), context())
        assert len(server.heard) == 2


@pytest.mark.parametrize("raw", [http_reply(b"", status="202 Accepted", media=""), http_reply(b""), GOOD])
async def test_a_one_way_operation_is_answered_by_nothing(raw: bytes) -> None:
    codec = replace(ECHO, result=None, one_way=True)
    async with source_of(codec, says(raw)) as (source, _):
        assert await source.execute(call(x="a"), context()) is None


async def test_uploads_travel_beside_the_envelope_and_come_back_from_there() -> None:
    media, content = related(("root", include("photo@x")), ("photo@x", PHOTO))
    parts: Any = {"photo": element("photo", simple("base64Binary"))}
    codec = replace(PICTURED, parts=parts, mtom=True)
    async with source_of(codec, says(http_reply(content, media=media))) as (source, server):
        value = await source.execute(call(photo=File(PHOTO * 500, "p.jpg", "image/jpeg")), context())
        assert value == {"photo": "/9gNCi0teA0KAA==", "name": "n"}
        assert server.heard[0].headers["content-type"].startswith("multipart/related; boundary=")
        assert PHOTO * 500 in server.heard[0].body


async def test_a_large_request_is_written_in_a_thread() -> None:
    threads: list[int] = []
    codec = replace(ECHO, parts={"x": element("x", many=True)})
    async with source_of(codec, says(GOOD)) as (source, _):
        encoder = source._encoders.of(source._codecs["Archive"])
        whole = encoder.encode

        def seen(*given: Any) -> Any:
            threads.append(threading.get_ident())
            return whole(*given)

        encoder.encode = seen  # type: ignore[method-assign, assignment]  # to see where it runs
        await source.execute(call(x=["a"]), context())
        await source.execute(call(x=["a"] * (IN_THREAD_VALUES + 1)), context())
    assert threads[0] == threading.get_ident() != threads[1]


async def test_elements_in_another_namespace_are_counted_by_operation() -> None:
    given = context()
    async with source_of(ECHO, says(http_reply(reply("<Answer><x>1</x></Answer>"), media=XML))) as (source, _):
        assert await source.execute(call(), given) == {"x": "1"}
    assert given.misnamed == {"billing.Archive": 2}


PROBLEM = element("Problem", a_type("Problem", element("code", INT)))
DETAIL = "<t:Problem><t:code>7</t:code></t:Problem>"
FAULT = reply(
    f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{CANARY}</faultstring><detail>{DETAIL}</detail></s:Fault>"
)


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, False),
        ({"error_detail": True}, True),
        ({"operations": {"Archive": {"error_detail": True}}}, True),
        ({"error_detail": True, "operations": {"Archive": {"error_detail": False}}}, False),
    ],
)
async def test_declared_details_are_shown_where_the_settings_say_so(settings: dict[str, Any], *, shown: bool) -> None:
    codec = replace(ECHO, faults={PROBLEM.tag: PROBLEM})
    async with source_of(codec, says(http_reply(FAULT, media=XML)), **settings) as (source, _):
        with pytest.raises(SourceFault) as caught:
            await source.execute(call(), context())
    expected = {"faultCode": "Server", "fault": "Problem"} | ({"detail": {"code": 7}} if shown else {})
    assert caught.value.extensions == expected


HIDDEN = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE s [<!ENTITY a "b">]><s>&a;</s>'
INCLUDE = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
ATTACKS: dict[str, bytes] = {
    "an external document type": b'<!DOCTYPE s SYSTEM "http://127.0.0.1:{port}/x.dtd"><s/>',
    "an entity of a file": b'<!DOCTYPE s [<!ENTITY h SYSTEM "file:///etc/hostname">]><s>&h;</s>',
    "a parameter entity": b'<!DOCTYPE s [<!ENTITY % p SYSTEM "http://127.0.0.1:{port}/p"> %p;]><s/>',
    "entities that double": b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><s>&b;</s>',
    "an encoding that hides it": HIDDEN.encode("utf-16"),
    "depth": reply("<a>" * 200 + "</a>" * 200),
    "attributes without number": reply("<a " + " ".join(f'a{n}=""' for n in range(50_000)) + "/>"),
    "an include": reply(f"<t:Answer>{INCLUDE}</t:Answer>"),
    "a schema to fetch": reply(
        '<t:Answer xsi:schemaLocation="urn:made http://127.0.0.1:{port}/x.xsd"><t:x>1</t:x></t:Answer>'
    ),
    "another root": b"<Envelope/>",
    "a forged byte order": b"\xff\xfe<\x00a\x00",
}


@pytest.mark.parametrize("case", ATTACKS)
async def test_xml_that_attacks_reaches_no_network_no_file_and_no_caller(case: str) -> None:
    """Row U9 of the requirements: refused, or read without what it asks for."""
    content = ATTACKS[case]
    asked: list[str] = []

    async def trap(heard: Heard, writer: asyncio.StreamWriter) -> None:
        asked.append(heard.target)
        writer.write(http_reply(b'<!ENTITY x "y">'))

    async with raw_server(trap) as trapped:
        raw = http_reply(content.replace(b"{port}", str(trapped.port).encode()), media="text/xml")
        async with source_of(ECHO, says(raw), Effect.READ) as (source, _):
            if case in {"an include", "a schema to fetch"}:
                assert await source.execute(call(), context()) in ({"x": "1"}, {})
            else:
                with pytest.raises(SourceBadResponse):
                    await source.execute(call(), context())
    assert asked == []


BAD_REPLIES: dict[str, bytes] = {
    "a fault with its request": http_reply(
        reply(f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{CANARY}</faultstring></s:Fault>"), media=XML
    ),
    "an echo": http_reply(CANARY.encode(), media="text/plain"),
    "a page": http_reply(f"<html>{CANARY}</html>".encode(), status="500 Oops", media="text/html"),
    "a value": http_reply(reply(f"<t:Answer><t:n>{CANARY}</t:n></t:Answer>"), media=XML),
    "nothing": http_reply(b"", status="503 Busy"),
}


@pytest.mark.parametrize("case", BAD_REPLIES)
async def test_no_request_and_no_credential_stands_in_an_error_or_a_log(
    case: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Row U10: the whole request, password header included, once stood in the extensions of a gateway's errors."""
    caplog.set_level(logging.DEBUG)
    codec = answers(
        a_type("T", element("n", INT)), parts={"x": TEXT_PART}, headers={"pass": element("pass", required=False)}
    )
    settings: dict[str, Any] = {
        "auth": {"basic": {"username": "u", "password": f"{CANARY}-p"}},
        "headers": {"X-Key": f"{CANARY}-k"},
    }
    given = context()
    async with source_of(codec, says(BAD_REPLIES[case]), **settings) as (source, server):
        arguments: dict[str, object] = {"x": f"{CANARY}-x", "pass": f"{CANARY}-s"}
        shown = ""
        try:
            value: Any = await source.execute(call(**arguments), given)
            shown = f"{value['n'].message} {dict(value['n'].extensions)} {value['n'].detail}"
        except IsthmusError as error:
            shown = f"{error.message} {dict(error.extensions)}"
            own = error.detail.replace(CANARY, "", 1) if case == "a fault with its request" else error.detail
            shown += own  # what the service says in a fault is for the log; what we sent is for nobody
        assert f"{CANARY}-x".encode() in server.heard[0].body
    told = f"{shown} {caplog.text} {[record.wire for record in given.journal.calls]}"
    assert CANARY not in told


TEXT_PART = element("x", TEXT)


@pytest.mark.parametrize("value", [f"{CANARY}\x00", [CANARY], {CANARY: 1}, 7.5])
async def test_a_value_that_is_refused_is_not_quoted_and_nothing_is_sent(value: object) -> None:
    async with source_of(replace(ECHO, parts={"x": TEXT_PART}), says(GOOD)) as (source, server):
        with pytest.raises(BadRequest) as caught:
            await source.execute(call(x=value), context())
        assert server.heard == []
    assert CANARY not in caught.value.detail
    assert caught.value.detail.startswith("x: ")


async def test_text_that_looks_like_xml_arrives_as_text() -> None:
    attack = f"</t:x></t:Ask></soap:Body><soap:Body><t:Steal/>{CANARY}"
    async with source_of(replace(ECHO, parts={"x": TEXT_PART}), says(GOOD)) as (source, server):
        await source.execute(call(x=attack), context())
        [body] = etree.fromstring(server.heard[0].body)
        assert [node.text for node in body.iter("{urn:made}x")] == [attack]
