"""Types that may stand in the place of others, and elements that may: interfaces, unions and one-of inputs."""

from __future__ import annotations

from resolvers.model import InterfaceType, ListRef, NamedRef, ObjectType, Scalar, ScalarRef, UnionType
from resolvers.soap.operations.wsdl import Description
from resolvers.soap.shapes import Complex, Member, alternatives
from tests.soap.reading import asked, given, notes

PARTIES = """
  <xs:complexType name="Party"{how}><xs:sequence>
    <xs:element name="name" type="xs:string"/><xs:element name="boss" type="t:Party" minOccurs="0"/></xs:sequence>
    <xs:attribute name="id" type="xs:int" use="required"/></xs:complexType>
  <xs:complexType name="Person"><xs:complexContent><xs:extension base="t:Party"><xs:sequence>
    <xs:element name="born" type="xs:date"/><xs:element name="id" type="xs:string" minOccurs="0"/></xs:sequence>
    </xs:extension></xs:complexContent></xs:complexType>
  <xs:complexType name="Firm" abstract="true"><xs:complexContent><xs:extension base="t:Party"><xs:sequence>
    <xs:element name="vat" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:complexType name="Bank"><xs:complexContent><xs:extension base="t:Firm"><xs:sequence>
    <xs:element name="bic" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:element name="Ask"><xs:complexType><xs:sequence>
    <xs:element name="party" type="t:Party"/></xs:sequence></xs:complexType></xs:element>
"""
ANSWER = """<xs:element name="Answer"><xs:complexType><xs:sequence>
  <xs:element name="party" type="t:Party" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
  </xs:element>"""


def parties(how: str = "") -> Description:
    return asked(PARTIES.format(how=how), ANSWER)


def test_a_type_from_which_others_are_derived_is_an_interface_with_a_type_for_each() -> None:
    description = parties()
    types = description.model.types
    assert isinstance(types["Party"], InterfaceType)
    assert list(types["Party"].fields) == ["name", "boss", "idAttribute"]
    for name, own in {"PlainParty": set(), "Person": {"born", "id"}, "Bank": {"vat", "bic"}}.items():
        found = types[name]
        assert isinstance(found, ObjectType)
        assert found.interfaces == ("Party",)
        assert set(found.fields) == {"name", "boss", "idAttribute"} | own
    assert "Firm" not in types  # abstract, and nothing refers to it
    answer = types["Answer"]
    assert isinstance(answer, ObjectType)
    assert answer.fields["party"].type == ListRef(NamedRef("Party"))


def test_the_shape_says_what_may_stand_in_its_place_and_by_which_tag() -> None:
    shape = given(parties(), "party")
    assert {name: each.tag for name, each in alternatives(shape).items()} == {
        "PlainParty": "{urn:t}Party", "Person": "{urn:t}Person", "Bank": "{urn:t}Bank",
    }  # fmt: skip
    bank = alternatives(shape)["Bank"]
    assert bank.base is not None
    assert (bank.base.name, bank.base.abstract) == ("Firm", True)


def test_a_request_says_which_type_it_gives_by_the_one_field() -> None:
    inputs = parties().model.inputs
    assert inputs["Party"].one_of
    assert {name: field.type for name, field in inputs["Party"].fields.items()} == {
        "PlainParty": NamedRef("PlainParty"), "Person": NamedRef("Person"), "Bank": NamedRef("Bank"),
    }  # fmt: skip
    assert set(inputs["Bank"].fields) == {"name", "boss", "idAttribute", "vat", "bic"}


def test_an_abstract_type_is_none_of_its_own_alternatives() -> None:
    description = parties(' abstract="true"')
    assert list(alternatives(given(description, "party"))) == ["Person", "Bank"]
    assert "PlainParty" not in description.model.types


def test_an_abstract_type_from_which_none_is_derived_is_noted() -> None:
    types = """<xs:complexType name="Lone" abstract="true"><xs:sequence><xs:element name="a" type="xs:int"/>
      </xs:sequence>
      </xs:complexType><xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="t:Lone"/>
      </xs:sequence></xs:complexType></xs:element>"""
    assert "from which none is derived" in notes(asked(types).model)["Lone"]


def test_types_that_have_nothing_in_common_are_a_union_and_an_empty_one_still_an_object() -> None:
    types = """<xs:complexType name="Key" abstract="true"/>
      <xs:complexType name="Any"><xs:complexContent><xs:extension base="t:Key"/></xs:complexContent></xs:complexType>
      <xs:complexType name="Id"><xs:complexContent><xs:extension base="t:Key"><xs:sequence>
        <xs:element name="id" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="key" type="t:Key"/></xs:sequence>
      </xs:complexType></xs:element>"""
    model = asked(types, '<xs:element name="Answer" type="t:Key"/>').model
    union = model.types["Key"]
    assert isinstance(union, UnionType)
    assert union.members == ("Any", "Id")
    empty = model.types["Any"]
    assert isinstance(empty, ObjectType)
    assert list(empty.fields) == ["nothing"]
    assert model.inputs["Key"].fields["Any"].type == ScalarRef(Scalar.JSON)


def test_a_restriction_is_read_as_its_base_and_written_as_it_says() -> None:
    types = """
      <xs:complexType name="Base"><xs:sequence>
        <xs:element name="a" type="xs:int" minOccurs="0"/><xs:element name="b" type="xs:int" minOccurs="0"/>
        </xs:sequence>
        <xs:attribute name="kept" type="xs:int"/><xs:attribute name="barred" type="xs:int"/></xs:complexType>
      <xs:complexType name="Less"><xs:complexContent><xs:restriction base="t:Base"><xs:sequence>
        <xs:element name="a" type="xs:int"/></xs:sequence><xs:attribute name="barred" use="prohibited"/>
        </xs:restriction></xs:complexContent></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="t:Less"/></xs:sequence>
      </xs:complexType></xs:element>"""
    shape = given(asked(types), "x")
    assert [member.name for member in shape.members] == ["a", "b", "kept", "barred"]
    assert [(content.name, content.required) for content in shape.content] == [("a", True), ("kept", False)]


def test_a_type_derived_from_itself_or_from_nothing_is_noted() -> None:
    types = """<xs:complexType name="Snake"><xs:complexContent><xs:extension base="t:Tail"/></xs:complexContent>
      </xs:complexType><xs:complexType name="Tail"><xs:complexContent><xs:extension base="t:Snake"><xs:sequence>
        <xs:element name="a" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
      <xs:complexType name="Orphan"><xs:complexContent><xs:extension base="t:Gone"><xs:sequence>
        <xs:element name="a" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="t:Tail" minOccurs="0"/>
        <xs:element name="y" type="t:Orphan"/></xs:sequence></xs:complexType></xs:element>"""
    found = notes(asked(types).model)
    assert found["Orphan"] == "its base type Gone is declared nowhere"
    assert "derived from itself" in found.values()


def test_a_derived_type_that_changes_what_its_base_holds_is_not_served_in_its_place() -> None:
    types = """<xs:complexType name="One"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence>
      </xs:complexType>
      <xs:complexType name="Two"><xs:complexContent><xs:extension base="t:One"><xs:sequence>
        <xs:element name="a" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="t:One"/></xs:sequence>
      </xs:complexType></xs:element>"""
    description = asked(types)
    assert given(description, "x").derived == ()
    assert "not served in its place" in notes(description.model)["Two"]


SHAPES = """
  <xs:element name="Shape" type="t:Shape" abstract="true"/>
  <xs:complexType name="Shape"><xs:sequence><xs:element name="at" type="xs:string"/></xs:sequence></xs:complexType>
  <xs:complexType name="Circle"><xs:complexContent><xs:extension base="t:Shape"><xs:sequence>
    <xs:element name="r" type="xs:double"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:element name="Circle" type="t:Circle" substitutionGroup="t:Shape"/>
  <xs:element name="Disc" substitutionGroup="t:Circle"/>
  <xs:element name="Square" substitutionGroup="t:Shape"><xs:complexType><xs:complexContent>
    <xs:extension base="t:Shape"><xs:attribute name="side" type="xs:double"/></xs:extension>
    </xs:complexContent></xs:complexType></xs:element>
  <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element ref="t:Shape"/></xs:sequence></xs:complexType>
  </xs:element>
  <xs:element name="Answer"><xs:complexType><xs:sequence>
    <xs:element ref="t:Shape" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
"""


def test_elements_of_a_substitution_group_stand_for_their_head() -> None:
    description = asked(SHAPES, " ")
    head = description.codecs["Ask"].parts["Shape"]
    assert isinstance(head, Member)
    assert {tag: member.name for tag, member in head.substitutes.items()} == {
        "{urn:t}Circle": "Circle", "{urn:t}Square": "Square", "{urn:t}Disc": "Disc",
    }  # fmt: skip
    result = description.codecs["Ask"].result
    assert result is not None
    assert isinstance(result.shape, Complex)
    assert set(result.shape.by_tag) >= {"{urn:t}Circle", "{urn:t}Square", "{urn:t}Disc"}


def test_a_substitution_group_is_an_interface_in_replies_and_a_one_of_in_requests() -> None:
    model = asked(SHAPES, " ").model
    answer = model.types["Answer"]
    assert isinstance(answer, ObjectType)
    assert answer.fields["Shape"].type == ListRef(NamedRef("Shape"))
    assert isinstance(model.types["Shape"], InterfaceType)
    for name in ("Circle", "Square"):
        found = model.types[name]
        assert isinstance(found, ObjectType)
        assert "Shape" in found.interfaces
    one = model.inputs["ShapeElementInput"]
    assert one.one_of
    assert list(one.fields) == ["Circle", "Square", "Disc"]


def test_elements_of_one_type_in_a_group_are_not_told_apart_and_that_is_said() -> None:
    assert "replies do not tell them apart" in notes(asked(SHAPES, " ").model)["Answer.Shape"]


def test_a_head_without_a_type_is_a_union_of_what_may_stand_for_it() -> None:
    types = """<xs:element name="Thing" abstract="true"/>
      <xs:element name="Cat" substitutionGroup="t:Thing"><xs:complexType><xs:sequence>
        <xs:element name="lives" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Dog" substitutionGroup="t:Thing"><xs:complexType><xs:sequence>
        <xs:element name="tricks" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Ask" type="xs:string"/>
      <xs:element name="Answer"><xs:complexType><xs:sequence><xs:element ref="t:Thing"/></xs:sequence>
      </xs:complexType></xs:element>"""
    model = asked(types, " ").model
    union = model.types["ThingElement"]
    assert isinstance(union, UnionType)
    assert set(union.members) == {"Cat", "Dog"}


def test_same_names_in_different_namespaces_are_different_types() -> None:
    other = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:other"
      elementFormDefault="qualified">
      <xs:complexType name="Item"><xs:sequence><xs:element name="b" type="xs:int"/></xs:sequence></xs:complexType>
      </xs:schema>"""
    types = """<xs:import namespace="urn:other" schemaLocation="other.xsd"/>
      <xs:complexType name="Item"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="t:Item"/>
        <xs:element xmlns:o="urn:other" name="y" type="o:Item"/></xs:sequence></xs:complexType></xs:element>"""
    inputs = asked(types, other=other).model.inputs
    assert list(inputs["Item"].fields) == ["a"]
    assert list(inputs["ItemOther"].fields) == ["b"]
    assert inputs["ItemOther"].naming is not None
    assert inputs["ItemOther"].naming.place == "{urn:other}Item"
