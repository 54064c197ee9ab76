"""Replies and requests made to do harm: what is small on the wire and endless once it is read, and smuggled names."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from resolvers.errors import BadRequest, SourceBadResponse, SourceFault
from resolvers.soap.replies.encoded import array_reader
from resolvers.soap.replies.envelope import decode
from resolvers.soap.replies.multipart import parameters
from resolvers.soap.replies.reading import Read, Reading
from resolvers.soap.requests.envelope import encode
from resolvers.soap.shapes import Array, Member, Opaque
from resolvers.xml import UnsafeXml, parse
from tests.soap.made import INT, XML, a_codec, a_type, attribute, element

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ANY = Opaque(elements=True)


def envelope(inside: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:t="urn:made" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/">'
        f"<s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


def doubling(steps: int) -> str:
    """Elements that each refer to the next one twice."""
    links = "".join(f'<m id="r{n}"><a href="#r{n + 1}"/><b href="#r{n + 1}"/></m>' for n in range(steps))
    return f'{links}<m id="r{steps}">x</m>'


def encoded(**changes: Any) -> Any:
    return a_codec(
        result=element("v", Opaque(), tag="v"), rpc=True, encoded=True, reply_wrapper="{urn:made}R", **changes
    )


def test_references_that_double_at_each_step_are_refused() -> None:
    with pytest.raises(SourceBadResponse, match="repeat more than"):
        decode(encoded(), 200, XML, envelope(f'<t:R><v href="#r0"/></t:R>{doubling(60)}'))


def test_a_fault_whose_detail_doubles_is_a_fault_all_the_same() -> None:
    fault = (
        "<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring><detail><t:D href='#r0'/></detail>"
        f"</s:Fault>{doubling(60)}"
    )
    codec = encoded(faults={"{urn:made}D": element("D", Opaque())})
    with pytest.raises(SourceFault) as caught:
        decode(codec, 500, XML, envelope(fault), told=True)
    assert "detail" not in caught.value.extensions


def test_what_many_refer_to_is_read_for_each_of_them() -> None:
    rows = "".join('<i href="#one"/>' for _ in range(1000))
    found: Any = decode(encoded(), 200, XML, envelope(f'<t:R><v>{rows}</v></t:R><m id="one"><a>1</a></m>'))
    assert found == {"i": [{"a": "1"}] * 1000}


def test_one_attachment_that_everybody_refers_to_does_not_fill_the_memory() -> None:
    rows = "".join('<i href="cid:a"/>' for _ in range(5000))
    body = (
        b"--b\r\nContent-Type: text/xml\r\n\r\n" + envelope(f"<t:R><v>{rows}</v></t:R>")
        + b"\r\n--b\r\nContent-ID: <a>\r\n\r\n" + b"x" * 1_000_000 + b"\r\n--b--"
    )  # fmt: skip
    with pytest.raises(SourceBadResponse, match="repeat more than"):
        decode(encoded(), 200, 'multipart/related; boundary="b"', body)


def _number(node: Any, _: Reading) -> object:
    return int(node.text)


NUMBER: Read = _number


@pytest.mark.parametrize("size", ["999999999,0", "0,999999999", "0,99999,99999", "99999,0,99999"])
def test_an_array_of_countless_empty_rows_is_refused(size: str) -> None:
    node = etree.Element("v", {"{http://schemas.xmlsoap.org/soap/encoding/}arrayType": f"xs:int[{size}]"})
    reads = array_reader(Array(element("i", INT), dimensions=size.count(",") + 1), NUMBER)
    with pytest.raises(SourceBadResponse, match="places"):
        reads(node, Reading(targets={}))


@pytest.mark.parametrize("charset", ["cp437", "unicode_escape", "idna", "palmos", "a\0b", "\udcff"])
def test_an_encoding_that_only_python_knows_is_refused(charset: str) -> None:
    with pytest.raises(UnsafeXml):
        parse(b"<a>x</a>", charset=charset)


@pytest.mark.parametrize("charset", ["EUC-JP", "euc_jp", "ISO-8859-15", "windows-1252", "Shift_JIS"])
def test_encodings_of_old_services_are_read(charset: str) -> None:
    text = "日" if "J" in charset.upper() else "é"
    assert parse(f"<a>{text}</a>".encode(charset), charset=charset).text == text


def test_a_media_type_with_half_a_character_is_read_as_far_as_it_goes() -> None:
    assert parameters("text/xmlé\udcff; charset=\udcff; boundary=a")[1]["boundary"] == "a"


SMUGGLED: dict[str, object] = {
    f"{{{SOAP}}}Header": {"admin": True},
    f"@{{{SOAP}}}actor": "urn:other",
    "{http://www.w3.org/2004/08/xop/include}Include": {"@href": "file:///etc/passwd"},
    "@{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id": "body",
    "@{http://www.w3.org/2001/XMLSchema-instance}type": "t:Other",
    "@{http://www.w3.org/2000/xmlns/}t": "urn:other",
    "@xmlns": "urn:other",
    '{a"b<>}x': 1,
    "{ }x": 1,
    "number": float("inf"),
}


@pytest.mark.parametrize("key", SMUGGLED)
def test_a_wildcard_smuggles_nothing_into_the_message(key: str) -> None:
    codec = a_codec(element("v", ANY))
    with pytest.raises(BadRequest):
        encode(codec, {"v": {key: SMUGGLED[key]}})
    if "instance" not in key:  # whose own the type of an element inside is
        with pytest.raises(BadRequest):
            encode(codec, {"v": {"inside": {key: SMUGGLED[key]}}})


@pytest.mark.parametrize("key", ["{urn:made}id", "{urn:far}far", "@kind", "@{}kind"])
def test_a_wildcard_writes_nothing_that_has_a_field_of_its_own(key: str) -> None:
    rest = Member("rest", "", Opaque(), "any", required=False)
    inner = a_type("Inner", element("id", INT), rest)
    fields = (element("id", INT), element("far", tag="{urn:far}far"), attribute("kind"), element("inner", inner), rest)
    codec = a_codec(element("v", a_type("Row", *fields)))
    given = {"id": 1, "far": "x", "kind": "k", "inner": {"id": 2, "rest": {"kind": "free here"}}}
    encode(codec, {"v": {**given, "rest": {"free": 1}}})
    with pytest.raises(BadRequest, match="has a field of its own"):
        encode(codec, {"v": {**given, "rest": {key: 7}}})


@pytest.mark.parametrize(
    "content",
    [envelope("<t:v>1</t:v><t:v>2</t:v>"), envelope("<t:v>1</t:v></s:Body><s:Body><t:v>2</t:v>")],
)
def test_a_second_answer_is_refused(content: bytes) -> None:
    with pytest.raises(SourceBadResponse):
        decode(a_codec(result=element("v", INT)), 200, XML, content)
