"""A SOAP source over real sockets: what becomes of replies that are not what the WSDL promises."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from resolvers.documents import Documents
from resolvers.errors import (
    DeadlineExceeded,
    IsthmusError,
    OutcomeUnknown,
    RateLimited,
    ReplyTooLarge,
    SourceBadResponse,
    SourceFault,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)
from resolvers.model import Effect
from resolvers.resilience import Resilient
from resolvers.soap import SoapSettings, SoapSource, open_soap
from resolvers.source import Call, Context, Source
from resolvers.tally import Tally
from tests.raw_server import Answer, Heard, RawServer, raw_server, reply, resets, says

HERE = Path(__file__).parent
ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
XML = "text/xml; charset=utf-8"
READ = Call("GetInvoices", {"numbers": {"item": ["A"]}})
WRITE = Call("PostInvoice", {"invoice": {
    "idAttribute": 1, "number": "A", "total": {"currency": "EUR", "value": "1"}, "state": None,
    "ibanOrCard": {"iban": "DE"},
}})  # fmt: skip
INVOICE = (
    '<m:GetInvoicesResponse xmlns:m="urn:billing:messages" xmlns:t="urn:billing:types"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<item id="1"><t:number>{}</t:number><t:total currency="EUR">1.50</t:total>{}<t:iban>DE</t:iban></item>'
    "</m:GetInvoicesResponse>"
)
OPEN = "<t:state>open</t:state>"
ANSWERED = '<m:PostInvoiceResponse xmlns:m="urn:billing:messages"><accepted>true</accepted></m:PostInvoiceResponse>'
FAULT = (
    "<s:Fault><faultcode>s:Server</faultcode><faultstring>ORA-00942 at db-7.internal</faultstring>"
    "<faultactor>db-7</faultactor></s:Fault>"
)
HTML = b"<html><head><title>Sign in at db-7</title><body><p>please<br></html>"


def envelope(content: str, status: str = "200 OK") -> bytes:
    return reply(ENVELOPE.format(content).encode(), status=status, media=XML)


GOOD = envelope(INVOICE.format("A", OPEN))


@contextlib.asynccontextmanager
async def billing(answer: Answer, **settings: object) -> AsyncIterator[tuple[SoapSource, RawServer]]:
    """A source whose PostInvoice is a write and whose GetInvoices is a read, in front of a server that is not ours."""
    async with raw_server(answer) as server:
        source = await opened(server.url, **settings)
        try:
            yield source, server
        finally:
            await source.close()


async def opened(url: str, **settings: object) -> SoapSource:
    stated = SoapSettings.model_validate({"wsdl": "billing.wsdl", "url": url, "timeout_s": 5, **settings})
    source = await open_soap("billing", stated, Documents(HERE))
    operations = dict(source.model.operations)
    operations["GetInvoices"] = replace(operations["GetInvoices"], effect=Effect.READ)
    source.model = replace(source.model, operations=operations)
    assert operations["PostInvoice"].effect is Effect.WRITE
    return source


def context(seconds: float = 5.0) -> Context:
    return Context(asyncio.get_running_loop().time() + seconds, "request")


async def outcome(source: SoapSource | Source, call: Call, given: Context | None = None) -> IsthmusError:
    """The error of a call, which a caller must not be able to read anything of the source from."""
    with pytest.raises(IsthmusError) as caught:
        await source.execute(call, given or context())
    shown = f"{caught.value.message} {dict(caught.value.extensions)}"
    for said in ("db-7", "ORA", "Sign in", "internal"):
        assert said not in shown
    return caught.value


async def test_a_call_its_headers_and_its_journal() -> None:
    async with billing(says(GOOD), auth={"bearer": "tok"}) as (source, server):
        given = context()
        rows = await source.execute(READ, given)
        assert isinstance(rows, dict)
        assert rows["item"][0]["number"] == "A"
        assert server.heard[0].method == "POST"
        assert server.heard[0].headers["soapaction"] == '"urn:billing#GetInvoices"'
        assert server.heard[0].headers["authorization"] == "Bearer tok"
        assert b"<item>A</item>" in server.heard[0].body
        assert [(call.wire, call.code) for call in given.journal.calls] == [("SOAP GetInvoices", None)]


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error", "503 Busy", "400 Bad Request"])
async def test_a_fault_is_a_fault_whatever_the_status_and_whatever_was_asked(status: str) -> None:
    async with billing(says(envelope(FAULT, status))) as (source, server):
        for call in (READ, WRITE):
            error = await outcome(source, call)
            assert type(error) is SourceFault
            assert error.extensions == {"faultCode": "Server"}
            assert "ORA-00942" in error.detail
        assert len(server.heard) == 2


NO_ANSWER: dict[str, tuple[bytes, type[IsthmusError]]] = {
    "a page with status 200": (reply(HTML, media="text/html"), SourceBadResponse),
    "a page with status 502": (reply(HTML, status="502 Bad Gateway", media="text/html"), SourceFault),
    "nothing with status 500": (reply(b"", status="500 Oops", media=XML), SourceFault),
    "an envelope without a fault and status 500": (envelope(ANSWERED, "500 Oops"), SourceFault),
    "503 without a fault": (reply(b"busy", status="503 Busy", media="text/plain"), SourceUnavailable),
    "504 of a gateway": (reply(HTML, status="504 Gateway Timeout", media="text/html"), SourceFault),
    "an empty body": (reply(b"", media=XML), SourceBadResponse),
    "white space": (reply(b" \r\n", media=XML), SourceBadResponse),
    "an empty envelope": (envelope(""), SourceBadResponse),
    "no envelope": (reply(b"<Envelope/>", media=XML), SourceBadResponse),
    "JSON": (reply(b'{"accepted": true}'), SourceBadResponse),
    "another element": (envelope('<m:OtherResponse xmlns:m="urn:billing:messages"/>'), SourceBadResponse),
    "a redirect": (reply(b"", "Location: http://127.0.0.1:9/", status="302 Found"), SourceBadResponse),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", SourceBadResponse),
    "a body that was cut": (GOOD[:-30], SourceBadResponse),
    "broken compression": (reply(b"plain", "Content-Encoding: gzip", media=XML), SourceBadResponse),
}


@pytest.mark.parametrize("case", NO_ANSWER)
async def test_what_is_no_answer_is_a_typed_error_for_a_read_and_an_unknown_outcome_for_a_write(case: str) -> None:
    raw, expected = NO_ANSWER[case]
    async with billing(says(raw, close=case in {"no HTTP", "a body that was cut"})) as (source, server):
        given = context()
        error = await outcome(source, READ, given)
        assert type(error) is expected
        assert given.journal.calls[0].code == expected.code
        server.heard.clear()
        assert type(await outcome(source, WRITE)) is OutcomeUnknown
        assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [("404 Not Found", SourceRejected), ("401 Unauthorized", SourceRejected), ("429 Slow Down", RateLimited)],
)
async def test_a_refusal_is_an_answer_to_a_write_too(status: str, expected: type[IsthmusError]) -> None:
    async with billing(says(reply(HTML, status=status, media="text/html"))) as (source, server):
        for call in (READ, WRITE):
            assert type(await outcome(source, call)) is expected
        assert len(server.heard) == 2


@pytest.mark.parametrize("before", [b"", GOOD[:200], GOOD[:40]], ids=["before", "in the body", "in the head"])
async def test_a_connection_that_is_reset(before: bytes) -> None:
    async with billing(resets(before)) as (source, server):
        assert isinstance(await outcome(source, READ), SourceUnavailable | SourceBadResponse)
        server.heard.clear()
        assert type(await outcome(source, WRITE)) is OutcomeUnknown
        assert len(server.heard) == 1


async def test_a_kept_connection_that_died_costs_a_read_nothing_and_a_write_its_certainty() -> None:
    seen: set[int] = set()

    async def once(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.connection in seen:
            writer.close()
            return
        seen.add(heard.connection)
        writer.write(GOOD)

    async with billing(once) as (client, server):
        source = Resilient(client, Tally(), SoapSettings(wsdl="billing.wsdl"))
        await source.execute(READ, context())
        await source.execute(READ, context())
        assert len(server.heard) == 3
        server.heard.clear()
        assert type(await outcome(source, WRITE)) is OutcomeUnknown
        assert len(server.heard) == 1


async def test_nothing_listens_so_nothing_was_written() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        source = await opened(f"http://127.0.0.1:{free.getsockname()[1]}")
        for call in (READ, WRITE):
            assert type(await outcome(source, call)) is SourceUnavailable


@pytest.mark.parametrize("packed", [True, False])
async def test_a_reply_larger_than_the_limit(*, packed: bool) -> None:
    body = ENVELOPE.format(INVOICE.format("x" * 2_000_000, OPEN)).encode()
    raw = reply(gzip.compress(body), "Content-Encoding: gzip", media=XML) if packed else reply(body, media=XML)
    async with billing(says(raw), max_reply_bytes=100_000) as (source, server):
        assert type(await outcome(source, READ)) is ReplyTooLarge
        assert type(await outcome(source, WRITE)) is OutcomeUnknown
        assert len(server.heard) == 2


BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in zip("abcdefg", "bcdefgh", strict=True)
) + "]>"  # fmt: skip
FILE = '<!DOCTYPE s [<!ENTITY h SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("prolog", [BOMB, FILE, "<!DOCTYPE s>", '<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd">'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_a_document_type_is_refused(prolog: str, encoding: str) -> None:
    number = "&h;" if "ENTITY" in prolog else "A"
    body = (prolog + ENVELOPE.format(INVOICE.format(number, OPEN))).encode(encoding)
    async with billing(says(reply(body, media="text/xml"))) as (source, _):
        assert type(await outcome(source, READ)) is SourceBadResponse


LATIN = INVOICE.format("Zoë", OPEN)
DECLARED = '<?xml version="1.0" encoding="{}"?>'
ENCODINGS: dict[str, tuple[str, str, str, str | None]] = {
    # declaration, charset of the media type, true encoding, number as read (None: refused)
    "all agree": ("iso-8859-1", "iso-8859-1", "iso-8859-1", "Zoë"),
    "only the declaration": ("iso-8859-1", "", "iso-8859-1", "Zoë"),
    "only the media type": ("", "iso-8859-1", "iso-8859-1", "Zoë"),
    "the media type wins": ("iso-8859-1", "utf-8", "utf-8", "Zoë"),
    "quoted": ("iso-8859-1", '"utf-8"', "utf-8", "Zoë"),
    "a byte order mark": ("", "", "utf-16", "Zoë"),
    "a byte order mark wins": ("", "iso-8859-1", "utf-8-sig", "Zoë"),
    "not UTF-8 at all": ("", "", "iso-8859-1", None),
    "said to be UTF-8": ("iso-8859-1", "utf-8", "iso-8859-1", None),
    "declared UTF-16": ("utf-16", "", "utf-8", None),
    "a charset that nobody knows": ("", "x-klingon", "utf-8", None),
    "a charset that hides what it says": ("", "utf-7", "utf-8", None),
    "a declaration that nobody knows": ("x-klingon", "", "utf-8", None),
}


@pytest.mark.parametrize("case", ENCODINGS)
async def test_encodings_are_read_right_or_refused(case: str) -> None:
    declared, charset, true, number = ENCODINGS[case]
    text = (DECLARED.format(declared) if declared else "") + ENVELOPE.format(LATIN)
    raw = reply(text.encode(true), media=f"text/xml; charset={charset}" if charset else "text/xml")
    async with billing(says(raw)) as (source, _):
        if number is None:
            assert type(await outcome(source, READ)) is SourceBadResponse
            return
        rows = await source.execute(READ, context())
        assert isinstance(rows, dict)
        assert rows["item"][0]["number"] == number


async def test_nil_is_null_where_it_may_be() -> None:
    async with billing(says(envelope(INVOICE.format("A", '<t:state xsi:nil="true"/>')))) as (source, _):
        rows = await source.execute(READ, context())
        assert isinstance(rows, dict)
        assert rows["item"][0]["state"] is None


MISFITS = {
    "nil that holds": (INVOICE.format("A", '<t:state xsi:nil="true">open</t:state>'), "state"),
    "enumeration": (INVOICE.format("A", "<t:state>unheard of</t:state>"), "state"),
    "decimal": (INVOICE.format("A", OPEN).replace("1.50", "much"), "value"),
    "attribute": (INVOICE.format("A", OPEN).replace('id="1"', 'id="one"'), "idAttribute"),
    "twice": (INVOICE.format("A", OPEN + OPEN), "state"),
}


@pytest.mark.parametrize("case", MISFITS)
async def test_a_value_that_is_not_declared_is_an_error_in_its_place_and_never_a_null(case: str) -> None:
    content, name = MISFITS[case]
    async with billing(says(envelope(content))) as (source, _):
        rows = await source.execute(READ, context())
        assert isinstance(rows, dict)
        [row] = rows["item"]
        error = row["total"][name] if name == "value" else row[name]
        assert type(error) is SourceBadResponse
        assert f".{name}: " in error.detail
        assert row["number"] == "A"


@pytest.mark.parametrize(
    "content",
    [
        INVOICE.format("A", OPEN).replace(' xmlns:t="', ' xsi:nil="true" xmlns:t="'),
        (
            '<m:GetInvoicesResponse xmlns:m="urn:billing:messages" xsi:nil="1"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>'
        ),
    ],
    ids=["nil answer that holds", "nil answer"],
)
async def test_an_answer_that_is_nil_and_may_not_be_is_an_error(content: str) -> None:
    async with billing(says(envelope(content))) as (source, _):
        assert type(await outcome(source, READ)) is SourceBadResponse


def drips(head: bytes) -> Answer:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    return answer


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100000\r\n\r\n"])
async def test_a_slow_reply_ends_at_the_deadline(head: bytes) -> None:
    async def silent(_: Heard, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with billing(drips(head) if head else silent, timeout_s=60) as (source, server):
        assert type(await outcome(source, READ, context(0.2))) is SourceTimeout
        assert type(await outcome(source, WRITE, context(0.2))) is OutcomeUnknown
        assert len(server.heard) == 2
        assert type(await outcome(source, WRITE, context(0))) is DeadlineExceeded
        assert len(server.heard) == 2


async def test_a_write_that_was_answered_is_answered() -> None:
    async with billing(says(envelope(ANSWERED))) as (source, server):
        assert await source.execute(WRITE, context()) == {"accepted": True}
        assert len(server.heard) == 1
