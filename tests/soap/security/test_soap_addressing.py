"""WS-Addressing header blocks, and replies that say what they answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from resolvers.errors import OutcomeUnknown, SourceBadResponse
from resolvers.problem import ConfigurationError
from resolvers.soap.requests.envelope import encode
from resolvers.soap.security.exchange import open_security
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import Element
from tests.raw_server import says
from tests.soap.security.billing import READ, SOAP, WRITE, answers, billing, context, envelope, sent, xml

WSA = "{http://www.w3.org/2005/08/addressing}"
PING = OperationCodec("Ping", "urn:ping", "http://h/", "", {}, None)


def relates(to: str, kind: str = "") -> str:
    said = f' RelationshipType="{kind}"' if kind else ""
    return f'<a:RelatesTo xmlns:a="{WSA[1:-1]}"{said}>{to}</a:RelatesTo>'


def message(request: Element) -> str:
    return request.findtext(f".//{WSA}MessageID", "")


async def test_every_request_says_what_it_is_and_where_it_goes() -> None:
    async with billing(says(xml(envelope())), addressing=True) as (source, server):
        await source.execute(READ, context())
        await source.execute(READ, context())
        header = sent(server)[0]
        assert {block.tag: block.text for block in header if block.tag != f"{WSA}MessageID"} == {
            f"{WSA}Action": "urn:billing#GetInvoices",
            f"{WSA}To": server.url,
            f"{WSA}ReplyTo": None,
        }
        assert header.findtext(f"{WSA}ReplyTo/{WSA}Address") == f"{WSA[1:-1]}/anonymous"
        assert header.find(f"{WSA}Action").get(f"{{{SOAP}}}mustUnderstand") == "1"  # type: ignore[union-attr]
        assert message(sent(server, 0)) != message(sent(server, 1))
        assert message(header).startswith("urn:uuid:")


async def test_nothing_is_addressed_unless_it_is_asked_for() -> None:
    async with billing(says(xml(envelope()))) as (source, server):
        await source.execute(READ, context())
        assert WSA.encode() not in server.heard[0].body
        assert b"Header" not in server.heard[0].body


@pytest.mark.parametrize(
    ("said", "stated", "addressed"),
    [(True, None, True), (True, False, False), (False, True, True), (False, None, False)],
)
def test_the_description_asks_and_the_setting_decides(said: bool, stated: bool | None, addressed: bool) -> None:  # noqa: FBT001  # parametrized
    codec = replace(PING, addressing=said, wsa_action="urn:ping:Request")
    security = open_security(None, Path(), "http://h/", [codec], addressing=stated)
    made = b"" if security is None else encode(codec, {}, prepare=security.exchange(codec, "http://h/").on_request).body
    assert (b"urn:ping:Request" in made) is addressed


def test_nobody_is_told_to_answer_what_has_no_answer() -> None:
    codec = replace(PING, one_way=True)
    security = open_security(None, Path(), "http://h/", [codec], addressing=True)
    assert security is not None
    root = etree.fromstring(encode(codec, {}, prepare=security.exchange(codec, "http://h/").on_request).body)
    assert root.findtext(f".//{WSA}Address") == f"{WSA[1:-1]}/none"


def test_an_operation_without_an_action_cannot_be_addressed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_security(None, Path(), "http://h/", [replace(PING, action="")], addressing=True)
    (problem,) = caught.value.problems
    assert "Ping" in problem.what
    assert problem.where == ("addressing",)


@pytest.mark.parametrize("kind", ["", f"{WSA[1:-1]}/reply"])
async def test_a_reply_that_answers_this_request_is_read(kind: str) -> None:
    answer = answers(lambda request: envelope(header=relates(message(request), kind) + relates("urn:x", "urn:other")))
    async with billing(answer, addressing=True) as (source, _):
        assert isinstance(await source.execute(READ, context()), dict)


async def test_a_reply_that_answers_another_request_is_not_read() -> None:
    for header in (relates("urn:uuid:another"), relates(""), relates("urn:x", f"{WSA[1:-1]}/reply")):
        async with billing(says(xml(envelope(header=header))), addressing=True) as (source, _):
            with pytest.raises(SourceBadResponse):
                await source.execute(READ, context())
            with pytest.raises(OutcomeUnknown):
                await source.execute(WRITE, context())
