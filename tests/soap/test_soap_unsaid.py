"""What a request says where its arguments say little: nil, the elements of wildcards; and names that have prefixes."""

from __future__ import annotations

from lxml import etree

from resolvers.soap.replies.envelope import decode
from resolvers.soap.requests.envelope import encode
from tests.soap.reading import asked

NILLABLE = """<xs:element name="Ask"><xs:complexType><xs:sequence>
    <xs:element name="a" type="xs:string" nillable="true"/>
    <xs:element name="b" type="xs:string" nillable="true" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>"""
FREE = """<xs:complexType name="Free"><xs:sequence><xs:any processContents="lax" minOccurs="0"/></xs:sequence>
    </xs:complexType>
    <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="t:Free"/></xs:sequence>
    </xs:complexType></xs:element>"""
NAMED = """<xs:element name="Answer"><xs:complexType><xs:simpleContent><xs:extension base="xs:QName">
    <xs:attribute name="kind" type="xs:QName"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>"""
ASK = """<xs:element name="Ask" type="xs:string"/>"""
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def written(schema: str, **arguments: object) -> etree._Element:
    """The element in the body of a request."""
    sent = encode(asked(schema).codecs["Ask"], arguments)
    body = etree.fromstring(sent.body)[-1]
    return body[0]


def test_what_must_be_there_and_may_be_nil_is_nil_where_it_is_not_said_and_what_may_be_absent_is_absent() -> None:
    (only,) = written(NILLABLE)
    assert etree.QName(only).localname == "a"
    assert only.get(f"{XSI}nil") == "true"


def test_a_type_of_nothing_but_a_wildcard_says_no_type_of_its_own() -> None:
    for given, expected in (("", []), ({}, []), ({"{urn:o}thing": "1"}, ["{urn:o}thing"])):
        (free,) = written(FREE, x=given)
        assert free.get(f"{XSI}type") is None
        assert [child.tag for child in free] == expected
        assert all(child.get(f"{XSI}type") is None for child in free)


def test_qualified_names_in_attributes_and_in_text_are_read_whole() -> None:
    codec = asked(ASK, NAMED).codecs["Ask"]
    answer = '<a:Answer xmlns:a="urn:t" xmlns:k="urn:k" kind="k:one">a:two</a:Answer>'
    envelope = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{answer}</s:Body></s:Envelope>'
    found = decode(codec, 200, "text/xml", envelope.encode())
    assert found == {"value": "{urn:t}two", "kind": "{urn:k}one"}
