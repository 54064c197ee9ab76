"""Replies of several parts: MTOM and SOAP with attachments, sound and broken."""

from __future__ import annotations

from typing import Any

import pytest

from resolvers.errors import OutcomeUnknown, SourceBadResponse
from resolvers.soap.replies.envelope import decode
from resolvers.soap.shapes import Attachment
from resolvers.source import LEAF, Selection
from tests.soap.made import a_type, answers, element, read, reply, simple

PHOTO = b"\xff\xd8\r\n--x\r\n\x00"


def related(
    *parts: tuple[str, bytes], start: str = "root", end: bytes = b"--b--\r\n", more: str = ""
) -> tuple[str, bytes]:
    content = b""
    for name, part in parts:
        kind = "text/xml" if name == "root" else "image/jpeg"
        content += f"--b\r\nContent-Type: {kind}\r\nContent-ID: <{name}>\r\n{more}\r\n".encode() + part + b"\r\n"
    return f'multipart/related; type="text/xml"; start="<{start}>"; boundary=b', content + end


def include(name: str) -> bytes:
    xop = f'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:{name}"/>'
    return reply(f"<t:Answer><t:photo>{xop}</t:photo><t:name>n</t:name></t:Answer>")


PICTURED = answers(a_type("T", element("photo", simple("base64Binary")), element("name")))
BASE64 = "/9gNCi0teA0KAA=="


def test_included_bytes_are_read_whatever_was_asked_for() -> None:
    media, content = related(("photo@x", PHOTO), ("root", include("photo%40x")))
    assert read(PICTURED, content, media=media) == {"photo": BASE64, "name": "n"}
    assert read(PICTURED, content, Selection({"photo": LEAF}), media) == {"photo": BASE64}
    link = reply('<t:Answer><t:photo href="cid:photo@x"/></t:Answer>')
    media, content = related(("root", link), ("photo@x", PHOTO))
    assert read(PICTURED, content, media=media) == {"photo": BASE64}


@pytest.mark.parametrize("name", ["other@x", "http://127.0.0.1:9/x", "file:///etc/hostname", ""])
def test_an_identifier_that_no_part_has_is_an_error_and_never_fetched(name: str) -> None:
    media, content = related(("root", include(name)), ("photo@x", PHOTO))
    value = read(PICTURED, content, media=media)
    assert value == {"photo": "error: T.photo: it refers to an attachment that the reply does not hold", "name": "n"}


BROKEN: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/related", b"--b\r\n\r\nx\r\n--b--"),
    "no end": related(("root", include("a")), end=b""),
    "cut": related(("root", include("a")), ("b", PHOTO), end=b"--b\r\nContent-Type: a/b"),
    "one identifier twice": related(("root", include("a")), ("a", PHOTO), ("a", PHOTO)),
    "too many parts": related(("root", include("a")), *((f"p{n}", b"x") for n in range(400))),
    "headers without end": ("multipart/related; boundary=b", b"--b\r\nA: " + b"x" * 20_000 + b"\r\n--b--\r\n"),
    "no base64": related(("root", include("a")), more="Content-Transfer-Encoding: base64\r\n"),
    "empty": ("multipart/related; boundary=b", b"--b--\r\n"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_parts_that_cannot_be_told_apart_are_an_error(case: str) -> None:
    media, content = BROKEN[case]
    with pytest.raises(SourceBadResponse):
        decode(PICTURED, 200, media, content)
    with pytest.raises(OutcomeUnknown):
        decode(PICTURED, 200, media, content, repeatable=False)


def attached(*names: str) -> Any:
    parts = {name: Attachment(name, name) for name in names}
    return answers(a_type("T", element("x")), reply_attachments=parts)


ENVELOPE = reply("<t:Answer><t:x>1</t:x></t:Answer>")


def test_declared_attachments_are_found_by_their_name_and_never_by_their_place() -> None:
    media, content = related(("root", ENVELOPE), ("b=1@x", b"B"), ("a=2@x", b"A"))
    assert read(attached("a", "b"), content, media=media) == {"x": "1", "a": "QQ==", "b": "Qg=="}
    media, content = related(("root", ENVELOPE), ("1@x", b"A"), ("2@x", b"B"))
    value = read(attached("a", "b"), content, media=media)
    assert value["a"] == "error: a: an attachment that is declared is not among the parts of the reply"
    media, content = related(("root", ENVELOPE), ("1@x", b"A"))
    assert read(attached("a"), content, media=media) == {"x": "1", "a": "QQ=="}
