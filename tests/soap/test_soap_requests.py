"""What requests look like on the wire, for every shape, style and version (WS-I Basic Profile 1.1)."""

from __future__ import annotations

import asyncio
import email
import email.policy
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from resolvers.errors import BadRequest
from resolvers.soap.builtins import SOAP11, SOAP12, SOAP_ENCODING, XSD, XSI_TYPE
from resolvers.soap.replies.multipart import opened
from resolvers.soap.requests.envelope import encode
from resolvers.soap.shapes import Array, Attachment, Facets, Member, Opaque
from resolvers.upload import File
from tests.soap.made import INT, SPACE, TEXT, a_codec, a_type, attribute, element, read, sent, simple, written

ANY = Member("rest", "", Opaque(), "any", required=False)


def body(codec: Any, arguments: dict[str, object]) -> Any:
    return etree.fromstring(written(codec, arguments)).find("{*}Body")


def refused(codec: Any, arguments: dict[str, object]) -> str:
    with pytest.raises(BadRequest) as caught:
        written(codec, arguments)
    return caught.value.detail


def test_soap_11_quotes_its_action_and_soap_12_has_it_in_its_media_type() -> None:
    old, new = sent(a_codec(), {}), sent(a_codec(version="1.2"), {})
    assert old.headers["SOAPAction"] == '"urn:made#Ask"'
    assert old.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert new.headers["Content-Type"] == 'application/soap+xml; charset=utf-8; action="urn:made#Ask"'
    assert "SOAPAction" not in new.headers
    assert etree.fromstring(old.body).tag == f"{{{SOAP11}}}Envelope"
    assert etree.fromstring(new.body).tag == f"{{{SOAP12}}}Envelope"
    assert sent(a_codec(action=""), {}).headers["SOAPAction"] == '""'


def test_header_arguments_are_header_blocks_and_stand_nowhere_in_the_body() -> None:
    session = element("Session", a_type("Session", element("id")), required=False)
    codec = a_codec(element("name"), headers={"Session": session})
    root = etree.fromstring(written(codec, {"Session": {"id": "s1"}, "name": "a"}))
    assert root.findtext("{*}Header/{urn:made}Session/{urn:made}id") == "s1"
    assert root.find("{*}Body//{urn:made}Session") is None
    assert etree.fromstring(written(codec, {"name": "a"})).find("{*}Header") is None


def test_parts_of_rpc_have_no_namespace_inside_a_wrapper_that_has() -> None:
    part = Member("n", "n", INT)
    found = body(a_codec(part, rpc=True), {"n": 7})
    assert [node.tag for node in found[0].iter()] == ["{urn:made}Ask", "n"]


def test_encoded_messages_say_every_type_and_their_encoding() -> None:
    person = a_type("Person", Member("name", "name", TEXT, type_tag=f"{{{XSD}}}string"))
    part = Member("who", "who", person, type_tag=f"{{{SPACE}}}Person", nillable=True)
    root = etree.fromstring(written(a_codec(part, rpc=True, encoded=True), {"who": {"name": "A"}}))
    wrapper = root.find("{*}Body")[0]  # type: ignore[index]  # it is there
    assert wrapper.get(f"{{{SOAP11}}}encodingStyle") == SOAP_ENCODING
    types = {node.tag: node.get(XSI_TYPE) for node in wrapper.iter()}
    spelled = {tag: said.split(":") for tag, said in types.items() if said}
    assert root.nsmap[spelled["who"][0]] == SPACE
    assert spelled["who"][1] == "Person"
    assert spelled["name"] == ["xs", "string"]


def test_arrays_say_their_size_and_items_their_types() -> None:
    item = Member("item", "item", INT, nillable=True, type_tag=f"{{{XSD}}}int")
    table = Member("table", "table", Array(item, f"{{{XSD}}}int", dimensions=2))
    lists = Member("lists", "lists", Array(Member("item", "item", Array(item, f"{{{XSD}}}int")), f"{{{XSD}}}int", "[]"))
    codec = a_codec(table, lists, rpc=True, encoded=True)
    found = body(codec, {"table": [[1, 2, 3], [4, None, 6]], "lists": [[1], []]})
    said = f"{{{SOAP_ENCODING}}}arrayType"
    assert found[0][0].get(said) == "xs:int[2,3]"
    assert found[0][1].get(said) == "xs:int[][2]"
    assert [node.get(said) for node in found[0][1]] == ["xs:int[1]", "xs:int[0]"]
    assert len(found[0][0]) == 6
    assert refused(codec, {"table": [[1], [2, 3]], "lists": []}) == "table: the lists inside of it must be equally long"
    assert refused(codec, {"table": [[1, "x"]], "lists": []}).startswith("table[0][1]: ")


def test_a_derived_type_is_named_by_a_prefix_that_is_declared() -> None:
    base = a_type("Animal", element("name"), plain_name="PlainAnimal")
    dog = a_type("Dog", element("name"), element("barks", simple("boolean")), tag="{urn:dogs}Dog", base=base)
    base.derived = (dog,)
    codec = a_codec(element("pet", base))
    [pet] = body(codec, {"pet": {"Dog": {"name": "A", "barks": True}}})[0]
    prefix, _, name = pet.get(XSI_TYPE).partition(":")
    assert (pet.nsmap[prefix], name) == ("urn:dogs", "Dog")
    [pet] = body(codec, {"pet": {"PlainAnimal": {"name": "A"}}})[0]
    assert pet.get(XSI_TYPE) is None
    assert refused(codec, {"pet": {"Cat": {}}}) == "pet.Cat: there is no such field"
    assert refused(codec, {"pet": {"Dog": {}, "PlainAnimal": {}}}) == "pet: exactly one of the fields is expected"


def test_an_element_that_stands_for_another_has_its_own_tag() -> None:
    circle = element("Circle", a_type("Circle", element("radius", INT)))
    codec = a_codec(element("Shape", a_type("Shape"), many=True, substitutes={circle.tag: circle}))
    assert [node.tag for node in body(codec, {"Shape": [{"Circle": {"radius": 1}}]})[0]] == ["{urn:made}Circle"]


FIXED = element("version", fixed="1.0")


def test_a_fixed_value_is_sent_by_itself_and_no_other_is() -> None:
    codec = a_codec(
        FIXED, element("unit", default="m"), element("size", simple("decimal"), fixed="1.50", required=False)
    )
    assert [node.text for node in body(codec, {})[0]] == ["1.0", "m"]
    assert [node.text for node in body(codec, {"size": Decimal("1.5")})[0]] == ["1.0", "m", "1.5"]
    assert refused(codec, {"version": "2.0"}) == "version: it is always 1.0"


FACETS: list[tuple[str, Facets, object, str]] = [
    ("string", Facets(most_length=3), "abcd", "at most 3 characters are allowed"),
    ("string", Facets(least_length=2, most_length=2), "a", "exactly 2 characters are needed"),
    ("base64Binary", Facets(most_length=3), b"1234", "at most 3 bytes are allowed"),
    ("hexBinary", Facets(least_length=2), "AB", "at least 2 bytes are needed"),
    ("int", Facets(least="0", most="9"), 10, "at most 9"),
    ("int", Facets(least="0", least_exclusive=True), 0, "more than 0 is needed"),
    ("decimal", Facets(fraction_digits=2), "1.001", "at most 2 digits after the point are allowed"),
    ("decimal", Facets(total_digits=3), "12.34", "at most 3 digits are allowed"),
    ("date", Facets(least="2026-01-01"), "2025-12-31", "at least 2026-01-01"),
    ("dateTime", Facets(most="2026-01-01T00:00:00Z"), "2026-01-01T01:30:00+01:00", "at most 2026-01-01T00:00:00Z"),
]


@pytest.mark.parametrize("case", FACETS, ids=lambda case: f"{case[0]} {case[2]!r}")
def test_a_facet_is_told_with_the_path_and_what_is_allowed(case: tuple[str, Facets, object, str]) -> None:
    builtin, facets, value, complaint = case
    inner = a_type("Row", element("cell", simple(builtin, facets=facets)))
    detail = refused(a_codec(element("rows", inner, many=True)), {"rows": [{"cell": value}]})
    assert detail == f"rows[0].cell: {complaint}"


@pytest.mark.parametrize(
    ("builtin", "value"),
    [
        ("byte", 128), ("unsignedShort", -1), ("long", 2**63), ("positiveInteger", 0), ("duration", "P"),
        ("gYear", "26"), ("hexBinary", "ABC"), ("date", "1.1.2026"), ("QName", "p:a"), ("language", "not a language"),
        ("decimal", "NaN"), ("double", float("inf")), ("dateTime", "2026-01-01"),
    ],
)  # fmt: skip
def test_a_value_outside_of_its_built_in_type_is_refused(builtin: str, value: object) -> None:
    assert refused(a_codec(element("x", simple(builtin))), {"x": value}).startswith("x: ")


def test_patterns_are_never_held_against_anyone() -> None:
    codec = a_codec(element("x", simple("string", facets=Facets(patterns=(r"\i\c*",)))))
    assert body(codec, {"x": "1"})[0][0].text == "1"


def test_a_qualified_name_declares_its_namespace_where_it_stands() -> None:
    codec = a_codec(element("kind", simple("QName")))
    [node] = body(codec, {"kind": "{urn:kinds}big"})[0]
    prefix, _, name = node.text.partition(":")
    assert (node.nsmap[prefix], name) == ("urn:kinds", "big")


def test_a_union_takes_the_spelling_of_any_of_its_types() -> None:
    union = simple("string", union=(simple("int", facets=Facets(most="9")), simple("date")))
    codec = a_codec(element("x", union))
    assert body(codec, {"x": "7"})[0][0].text == "7"
    assert body(codec, {"x": "2026-01-01"})[0][0].text == "2026-01-01"
    assert refused(codec, {"x": "10"}) == "x: not a value of any of the types that are allowed"


def test_nil_is_kept_apart_from_absent_and_required_from_both() -> None:
    codec = a_codec(element("a", nillable=True), element("b", required=False), element("c"))
    said: tuple[dict[str, object], ...] = ({"a": None, "c": ""}, {"c": ""})
    for arguments in said:  # what must be there and is not said is nil
        assert etree.tostring(body(codec, arguments)[0]).count(b":nil=") == 1
    assert [node.tag for node in body(codec, {"c": ""})[0]] == ["{urn:made}a", "{urn:made}c"]
    assert refused(codec, {"a": ""}) == "c: it is required"
    assert refused(codec, {"a": "", "b": None, "c": ""}) == "b: it cannot be null"


def test_attributes_are_qualified_where_they_are_declared_so() -> None:
    shape = a_type("Row", attribute("plain"), attribute("far", tag="{urn:far}far"), attribute("lang", tag=XML_LANG))
    [row] = body(a_codec(element("row", shape)), {"row": {"plain": '<"', "far": "&\n", "lang": "en"}})[0]
    assert dict(row.attrib) == {"plain": '<"', "{urn:far}far": "&\n", XML_LANG: "en"}


XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def test_a_wildcard_takes_elements_attributes_and_namespaces() -> None:
    codec = a_codec(element("row", a_type("Row", element("id", INT), ANY)))
    given = {"id": 1, "rest": {"@x": "1", "{urn:far}a": [1, "<b>"], "c": {"@d": "e", "#text": "f"}}}
    [row] = body(codec, {"row": given})[0]
    assert row.get("x") == "1"
    assert [node.text for node in row.findall("{urn:far}a")] == ["1", "<b>"]
    assert all(node.get(XSI_TYPE) is None for node in row)
    assert refused(codec, {"row": {"id": 1, "rest": {"a b": 1}}}) == "row.rest: a key is not the name of an element"
    deep: object = "x"
    for _ in range(200):
        deep = {"a": deep}
    assert refused(codec, {"row": {"id": 1, "rest": deep}}).endswith("it is nested too deeply")


@pytest.mark.parametrize("text", ["</x><evil/>", "]]>", "<!DOCTYPE a>", "&amp;", "<?pi?>", "<!-- -->"])
def test_whatever_a_value_holds_it_stays_a_value(text: str) -> None:
    codec = a_codec(element("x"), element("any", Opaque()), result=None)
    [x, anything] = body(codec, {"x": text, "any": {"a": text}})[0]
    assert (x.text, len(x), anything[0].text, len(anything[0])) == (text, 0, text, 0)


@pytest.mark.parametrize("text", ["\x00", "\x0b", "\ud800", "\uffff"])
def test_what_xml_cannot_carry_is_refused_wherever_it_stands(text: str) -> None:
    codec = a_codec(
        element("x", required=False), element("any", Opaque(), required=False),
        element("row", a_type("Row", attribute("a"), ANY), required=False),
    )  # fmt: skip
    given: list[dict[str, object]] = [
        {"x": text}, {"any": {"a": text}}, {"any": {text: 1}}, {"row": {"a": text}}, {"row": {"rest": {"@a": text}}},
    ]  # fmt: skip
    for arguments in given:
        assert text not in refused(codec, arguments)


def parts(message: Any) -> list[Any]:
    """The parts by the email package, which is not ours."""
    head = f"Content-Type: {message.headers['Content-Type']}\r\n\r\n".encode()
    return list(email.message_from_bytes(head + message.body, policy=email.policy.HTTP).iter_parts())


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_mtom_sends_large_bytes_beside_the_envelope_and_small_ones_in_it(version: str) -> None:
    codec = a_codec(element("small", simple("base64Binary")), element("large", simple("base64Binary")), mtom=True)
    codec = a_codec(*codec.parts.values(), mtom=True, version=version)
    large = bytes(range(256)) * 16 + b"\r\n--x"
    message = sent(codec, {"small": b"ab", "large": large})
    root, attached = parts(message)
    plain = "text/xml" if version == "1.1" else "application/soap+xml"
    content_type = message.headers["Content-Type"]
    assert 'type="application/xop+xml"' in content_type
    assert f'start-info="{plain}"' in content_type
    assert root.get_content_type() == "application/xop+xml"
    assert root.get_param("type") == plain
    assert attached.get_payload(decode=True) == large
    xml = etree.fromstring(root.get_payload(decode=True))
    assert xml.findtext("{*}Body/*/{urn:made}small") == "YWI="
    include = xml.find("{*}Body/*/{urn:made}large/{http://www.w3.org/2004/08/xop/include}Include")
    assert include is not None
    assert f"<{include.get('href', '')[4:]}>" == attached["Content-ID"]
    assert opened(content_type, message.body).files == {attached["Content-ID"].strip("<>"): large}


def test_an_upload_is_an_attachment_whose_identifier_begins_with_its_part() -> None:
    photo = Attachment("photo", "the photo", ("image/*",))
    message = sent(a_codec(attachments={"photo": photo}), {"photo": File(b"\xff\xd8", "p.jpg", "image/jpeg")})
    root, attached = parts(message)
    assert root.get_content_type() == "text/xml"
    assert attached.get_content_type() == "image/jpeg"
    assert attached["Content-ID"].startswith("<the%20photo=")
    assert attached.get_payload(decode=True) == b"\xff\xd8"
    assert refused(a_codec(attachments={"photo": photo}), {}) == "photo: it is required"


def test_an_upload_is_base64_in_the_envelope_where_nothing_else_is_said() -> None:
    assert body(a_codec(element("x", simple("base64Binary"))), {"x": File(b"ab", "a", "b/c")})[0][0].text == "YWI="


def test_the_seam_for_header_blocks_is_given_the_envelope_before_it_is_bytes() -> None:
    def prepare(envelope: Any) -> None:
        envelope.insert(0, etree.Element(f"{{{SOAP11}}}Header"))

    assert etree.fromstring(encode(a_codec(), {}, prepare).body)[0].tag == f"{{{SOAP11}}}Header"


def test_what_is_written_by_threads_at_once_is_not_mixed() -> None:
    codec = a_codec(element("x", many=True), result=element("Ask", a_type("T", element("x", many=True))))

    async def all_of_them() -> list[bytes]:
        rows = [[str(number)] * 50 for number in range(20)]
        return await asyncio.gather(*(asyncio.to_thread(written, codec, {"x": row}) for row in rows))

    for number, content in enumerate(asyncio.run(all_of_them())):
        assert read(codec, content) == {"x": [str(number)] * 50}


def test_texts_of_a_list_are_written_as_they_are_or_refused_with_the_place_of_the_one_that_cannot_be() -> None:
    codec = a_codec(element("key", many=True))
    texts = ["a", "", '<b> & "c"', "é\n\U0001f600"]
    assert [node.text or "" for node in body(codec, {"key": texts})[0]] == texts
    assert refused(codec, {"key": ["a", "b\0"]}) == "key[1]: the text has a character that XML cannot carry"
