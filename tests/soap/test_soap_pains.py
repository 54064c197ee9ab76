"""What other gateways were asked to mend for years, each pain by its name; those of reading a description."""

from __future__ import annotations

import pytest

from resolvers.model import Effect, Scalar, ScalarRef
from resolvers.soap.shapes import Array, Member
from tests.soap.reading import SERVICE, asked, described, refusals, wsdl
from tests.soap.test_soap_messages import ELEMENTS, PORTS

ANSWER = '<xs:element name="Answer" type="xs:string"/>'


def test_elements_are_in_the_namespace_of_their_own_schema_qualified_only_where_that_is_said() -> None:
    other = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:other">
      <xs:element name="far" type="xs:int"/><xs:complexType name="Far"><xs:sequence>
        <xs:element name="plain" type="xs:int"/><xs:element name="full" type="xs:int" form="qualified"/>
        <xs:element ref="o:far" xmlns:o="urn:other"/></xs:sequence></xs:complexType></xs:schema>"""
    types = """<xs:import namespace="urn:other" schemaLocation="other.xsd"/>
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="x" type="o:Far" xmlns:o="urn:other"/></xs:sequence></xs:complexType></xs:element>"""
    part = asked(types, other=other).codecs["Ask"].parts["x"]
    assert isinstance(part, Member)
    assert part.tag == "{urn:t}x"
    members = part.shape.members  # type: ignore[union-attr]
    assert [member.tag for member in members] == ["plain", "{urn:other}full", "{urn:other}far"]


def test_header_parts_are_headers_and_never_parts_of_the_body() -> None:
    service = SERVICE.replace(
        '<input><soap:body use="literal"/>',
        '<input><soap:body use="literal"/><soap:header message="t:In" part="key" use="literal"/>',
    ).replace('element="t:Ask"/>', 'element="t:Ask"/><part name="key" element="t:Session"/>')
    codec = described(wsdl(ELEMENTS, service)).codecs["Ask"]
    assert (list(codec.parts), list(codec.headers)) == (["a"], ["Session"])


def test_items_of_arrays_are_elements_of_a_name_and_not_of_a_number() -> None:
    types = """<xs:complexType name="Names"><xs:complexContent><xs:restriction base="soapenc:Array">
        <xs:attribute ref="soapenc:arrayType" wsdl:arrayType="xs:string[]"/></xs:restriction></xs:complexContent>
      </xs:complexType><xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="names" type="t:Names"/></xs:sequence></xs:complexType></xs:element>"""
    part = asked(types).codecs["Ask"].parts["names"]
    assert isinstance(part, Member)
    assert isinstance(part.shape, Array)
    assert part.shape.item.tag == "item"


@pytest.mark.parametrize(
    "name", ["anySimpleType", "anyURI", "duration", "gMonthDay", "NMTOKENS", "QName", "unsignedByte"]
)
def test_no_built_in_type_crashes_the_reader_or_falls_back_to_json(name: str) -> None:
    types = f"""<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="xs:{name}"/>
      </xs:sequence></xs:complexType></xs:element>"""
    found = asked(types).model.operations["Ask"].arguments["x"].type
    assert ScalarRef(Scalar.JSON) not in {found, getattr(found, "item", None)}


def test_style_and_use_are_read_of_each_operation() -> None:
    service = SERVICE.replace('soapAction="urn:t#Ask"', 'soapAction="urn:t#Ask" style="rpc"').replace(
        'use="literal"', 'use="encoded" namespace="urn:n"'
    )
    codec = described(wsdl(ELEMENTS, service)).codecs["Ask"]
    assert (codec.rpc, codec.encoded, codec.wrapper) == (True, True, "{urn:n}Ask")


def test_a_one_way_operation_and_lists_and_unions_do_not_break_the_reader() -> None:
    types = """<xs:simpleType name="L"><xs:list><xs:simpleType><xs:restriction base="xs:int"/></xs:simpleType></xs:list>
      </xs:simpleType><xs:simpleType name="U"><xs:union memberTypes="xs:int t:L"/></xs:simpleType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="l" type="t:L"/>
        <xs:element name="u" type="t:U"/></xs:sequence></xs:complexType></xs:element>"""
    service = SERVICE.replace('<output message="t:Out"/>', "").replace(
        '<output><soap:body use="literal"/></output>', ""
    )
    description = described(wsdl(types, service))
    assert description.codecs["Ask"].one_way
    assert list(description.codecs["Ask"].parts) == ["l", "u"]


def test_soap_1_2_is_spoken_by_the_operations_of_its_own_ports_alone() -> None:
    more = PORTS.replace(
        'portType name="Desk">',
        """portType name="Desk"><operation name="Late">
      <input message="t:In"/></operation>""",
    )
    start = more.index('<binding name="DeskSoap12"')
    late = """<operation name="Late"><soap12:operation soapAction="l"/><input><soap12:body use="literal"/></input>
      </operation>"""
    more = more[:start] + more[start:].replace("</operation></binding>", f"</operation>{late}</binding>", 1)
    codecs = described(wsdl(ELEMENTS, more)).codecs
    assert {name: codec.version for name, codec in codecs.items()} == {"Ask": "1.1", "Late": "1.2"}


def test_several_ports_add_no_copies() -> None:
    model = described(wsdl(ELEMENTS, PORTS)).model
    assert (list(model.operations), model.declared, refusals(model)) == (["Ask"], 1, [])


@pytest.mark.parametrize("name", ["Getaway", "Issue", "Checkout", "HashAll", "listen"])
def test_a_name_that_merely_begins_with_the_letters_of_a_verb_is_no_read(name: str) -> None:
    document = wsdl(ELEMENTS, SERVICE.replace('operation name="Ask"', f'operation name="{name}"'))
    assert described(document).model.operations[name].effect is Effect.WRITE


def test_one_broken_operation_costs_no_other() -> None:
    service = SERVICE.replace(
        "</operation></portType>",
        '</operation><operation name="Bad"><input message="t:Gone"/></operation></portType>',
    ).replace("</operation>\n  </binding>", '</operation><operation name="Bad"><input/></operation></binding>')
    model = described(wsdl(ELEMENTS, service)).model
    assert list(model.operations) == ["Ask"]
    assert [item.operation for item in refusals(model)] == ["Bad"]
