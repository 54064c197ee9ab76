"""NTLM over sockets: every step on one connection, every write once, and the password nowhere."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from resolvers.documents import Documents
from resolvers.errors import IsthmusError, OutcomeUnknown, SourceRejected, SourceTimeout, SourceUnavailable
from resolvers.http_settings import Auth
from resolvers.network import open_network
from resolvers.open import open_all
from resolvers.problem import ConfigurationError
from resolvers.soap import SoapSettings, SoapSource, open_soap
from resolvers.source import Context
from tests.network.ntlm_server import DOMAIN, PASSWORD, USER, NtlmServer
from tests.raw_server import Answer, Heard, RawServer, raw_server, reply, says
from tests.services import missing
from tests.soap.security.billing import HERE, READ, WRITE, XML, context, envelope, opened, xml

DONE = '<m:PostInvoiceResponse xmlns:m="urn:billing:messages"><accepted>true</accepted></m:PostInvoiceResponse>'
NTLM = {"ntlm": {"username": USER, "domain": DOMAIN, "password": PASSWORD}}


async def invoices(heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Answers what was asked; whoever is let in has sent a whole request."""
    writer.write(xml(envelope(DONE) if b"PostInvoice" in heard.body else envelope()))


@asynccontextmanager
async def billing(server: NtlmServer, **settings: object) -> AsyncIterator[tuple[SoapSource, RawServer]]:
    async with raw_server(server) as raw:
        stated = {"wsdl": str(HERE / "billing.wsdl"), "url": raw.url, "timeout_s": 5, "auth": NTLM, **settings}
        source = await opened(SoapSettings.model_validate(stated), HERE)
        try:
            yield source, raw
        finally:
            await source.close()


async def test_curl_gets_in_and_only_with_the_password() -> None:
    """Which proves the server of these tests, not us."""
    curl = shutil.which("curl")
    if curl is None:
        missing("curl is needed to prove the NTLM server")
    server = NtlmServer(invoices, user="gateway")  # curl knows no other letters
    async with raw_server(server) as raw:
        for password, status in ((PASSWORD, "200"), ("wrong", "401")):
            command = [curl, "--silent", "--ntlm", "--user", f"{DOMAIN}\\gateway:{password}", "--data", "<a/>"]
            command += ["--output", "/dev/null", "--write-out", "%{http_code}", raw.url]
            process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            said, _ = await process.communicate()
            assert said.decode() == status


async def test_a_connection_is_proven_once_for_all_reads() -> None:
    server = NtlmServer(invoices)
    async with billing(server) as (source, _):
        for _ in range(3):
            await source.execute(READ, context())
    assert [(connection, step, size > 0) for connection, step, size in server.steps] == [
        (1, "challenged", False), (1, "let in", True), (1, "let in", True), (1, "let in", True),
    ]  # fmt: skip


async def test_a_write_is_sent_once_as_the_last_step_of_a_handshake() -> None:
    server = NtlmServer(invoices)
    async with billing(server) as (source, raw):
        await source.execute(READ, context())
        raw.heard.clear()
        for _ in range(2):
            assert await source.execute(WRITE, context()) == {"accepted": True}
        assert [len(heard.body) > 0 for heard in raw.heard] == [False, True, False, True]
        await source.execute(READ, context())
    assert {connection for connection, _, _ in server.steps} == {1}
    assert [step for _, step, _ in server.steps] == ["challenged", "let in"] * 3 + ["let in"]


async def test_calls_side_by_side_never_share_a_connection() -> None:
    gate, waiting = asyncio.Event(), 0

    async def together(heard: Heard, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == 4:
            gate.set()
        await gate.wait()
        await invoices(heard, writer)

    server = NtlmServer(together)
    async with billing(server) as (source, _):
        await asyncio.gather(*(source.execute(READ, context()) for _ in range(4)))
        await asyncio.gather(*(source.execute(call, context()) for call in (READ, WRITE, READ)))
    for connection in (1, 2, 3, 4):
        assert [step for number, step, _ in server.steps if number == connection][:2] == ["challenged", "let in"]
    assert {connection for connection, _, _ in server.steps} == {1, 2, 3, 4}
    assert "refused" not in [step for _, step, _ in server.steps]


async def test_a_connection_that_was_closed_is_proven_anew() -> None:
    async def and_closes(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await invoices(heard, writer)
        await writer.drain()
        writer.close()

    server = NtlmServer(and_closes)
    async with billing(server) as (source, _):
        for call in (READ, READ, WRITE):
            await source.execute(call, context())
    assert [step for number, step, size in server.steps if size and number == 3] == ["let in"]


async def test_a_source_that_wants_the_proof_of_every_request_gets_it() -> None:
    server = NtlmServer(invoices, lasting=False)
    async with billing(server) as (source, _):
        for _ in range(3):
            await source.execute(READ, context())
    assert [step for _, step, _ in server.steps] == [
        "challenged", "let in", "refused", "challenged", "let in", "challenged", "let in",
    ]  # fmt: skip


async def test_a_connection_that_does_not_stay_open_is_told_and_no_write_is_sent_twice() -> None:
    server = NtlmServer(invoices, closes=True)
    async with billing(server) as (source, raw):
        for call in (READ, WRITE):
            raw.heard.clear()
            with pytest.raises(SourceUnavailable) as caught:
                await source.execute(call, context())
            assert "did not stay open" in caught.value.detail
        assert sum(len(heard.body) > 0 for heard in raw.heard) == 1
    assert "let in" not in [step for _, step, _ in server.steps]


async def test_a_call_that_runs_out_of_time_between_two_steps_leaves_no_half_proven_connection() -> None:
    silent = True

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if silent:
            await asyncio.Event().wait()
        await invoices(heard, writer)

    server = NtlmServer(answer)
    async with billing(server) as (source, _):
        with pytest.raises(SourceTimeout):
            await source.execute(READ, context(0.3))
        with pytest.raises(OutcomeUnknown):
            await source.execute(WRITE, context(0.3))
        silent = False
        for call in (READ, WRITE, READ):
            await source.execute(call, context())
    assert [number for number, step, _ in server.steps if step == "let in"] == [1, 2, 3, 3, 3]


@pytest.mark.parametrize("account", [{"password": "canary-wrong"}, {"username": "canary-nobody"}, {"domain": "OTHER"}])
async def test_a_wrong_account_is_a_refusal_and_stands_nowhere(
    account: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = NtlmServer(invoices)
    async with billing(server, auth={"ntlm": {**NTLM["ntlm"], **account}}) as (source, _):
        for call in (READ, WRITE):
            given = context()
            with pytest.raises(SourceRejected) as caught:
                await source.execute(call, given)
            shown = f"{caught.value!r} {caught.value.detail} {given.journal.calls!r} {caplog.text} {vars(source)!r}"
            assert "canary-wrong" not in shown
            assert "TlRMTVNTUA" not in shown
    assert "let in" not in [step for _, step, _ in server.steps]


@pytest.mark.parametrize(
    ("answer", "read", "write"),
    [
        (says(reply(b"", "WWW-Authenticate: Negotiate", status="401 No")), SourceUnavailable, SourceUnavailable),
        (says(reply(b"", "WWW-Authenticate: NTLM", status="401 No")), SourceUnavailable, SourceUnavailable),
        (says(reply(b"", "WWW-Authenticate: NTLM =", status="401 No")), SourceUnavailable, SourceUnavailable),
        (
            says(reply(b"", "WWW-Authenticate: NTLM TlRMTVNTUAAC", status="401 No")),
            SourceUnavailable,
            SourceUnavailable,
        ),
        (says(xml(envelope())), SourceUnavailable, OutcomeUnknown),
        (says(xml(envelope(), "500 Oops")), SourceUnavailable, SourceUnavailable),
    ],
)
async def test_a_source_that_does_not_speak_ntlm_is_told(
    answer: Answer, read: type[IsthmusError], write: type[IsthmusError]
) -> None:
    async with raw_server(answer) as raw:
        stated = {"wsdl": str(HERE / "billing.wsdl"), "url": raw.url, "auth": NTLM}
        source = await opened(SoapSettings.model_validate(stated), HERE)
        for call, expected in ((READ, read), (WRITE, write)):
            with pytest.raises(expected):
                await source.execute(call, context())
        assert not any(heard.body for heard in raw.heard)
        await source.close()


async def test_a_proxy_that_shares_its_connections_is_refused(tmp_path: Path) -> None:
    stated = SoapSettings.model_validate(
        {"wsdl": str(HERE / "billing.wsdl"), "url": "http://iis.internal", "auth": NTLM, "proxy": "http://127.0.0.1:9"}
    )
    with pytest.raises(ConfigurationError) as caught:
        await open_soap("billing", stated, Documents(tmp_path, network=open_network(stated, tmp_path)))
    assert caught.value.problems[0].where == ("auth", "ntlm")


async def test_the_description_lies_behind_ntlm_too(tmp_path: Path) -> None:
    wsdl = (HERE / "billing.wsdl").read_bytes()

    async def both(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.method == "GET":
            writer.write(reply(wsdl, media=XML))
        else:
            await invoices(heard, writer)

    server = NtlmServer(both)
    async with raw_server(server) as raw:
        stated = SoapSettings.model_validate({
            "wsdl": f"{raw.url}/billing.asmx?wsdl", "url": f"{raw.url}/billing.asmx", "auth": NTLM, "writes": True,
        })  # fmt: skip
        found = await open_all({"billing": ("wsdl", stated)}, tmp_path)
        assert not found.failed
        until = asyncio.get_running_loop().time() + 5
        await found.sources["billing"].execute(WRITE, Context(until, "request"))
        assert raw.heard[0].target == "/billing.asmx?wsdl"
        await found.sources["billing"].close()


def test_only_one_way_fills_the_authorization_header() -> None:
    with pytest.raises(ValidationError, match="basic and ntlm each fill"):
        Auth.model_validate({"basic": {"username": "a", "password": "b"}, **NTLM})
