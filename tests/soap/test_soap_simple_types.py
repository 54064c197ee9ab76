"""Simple types: facets, enumerations, lists, unions, defaults, and text with attributes."""

from __future__ import annotations

import pytest

from resolvers.model import ListRef, NamedRef, Scalar, ScalarRef
from resolvers.soap.shapes import Content, Facets, Member, Simple
from tests.soap.reading import asked


def simple(types: str, declared: str) -> Simple:
    """The shape of one element ``x``; ``declared``: what stands in its declaration, ``types``: beside it."""
    return simple_of(asked(types + ask(declared)).codecs["Ask"].parts["x"])


def simple_of(content: Content) -> Simple:
    assert isinstance(content, Member)
    assert isinstance(content.shape, Simple)
    return content.shape


def ask(declared: str) -> str:
    return f'<xs:element name="Ask"><xs:complexType><xs:sequence>{declared}</xs:sequence></xs:complexType></xs:element>'


def restricted(base: str, facets: str) -> str:
    return f"""<xs:element name="x"><xs:simpleType><xs:restriction base="{base}">{facets}</xs:restriction>
      </xs:simpleType></xs:element>"""


@pytest.mark.parametrize(
    ("base", "facets", "expected"),
    [
        ("xs:string", '<xs:minLength value="1"/><xs:maxLength value="9"/>', Facets(least_length=1, most_length=9)),
        ("xs:string", '<xs:length value="3"/>', Facets(least_length=3, most_length=3)),
        ("xs:string", '<xs:pattern value="a+"/><xs:pattern value="b"/>', Facets(patterns=("a+", "b"))),
        ("xs:int", '<xs:minInclusive value="1"/><xs:maxExclusive value="9"/>',
         Facets(least="1", most="9", most_exclusive=True)),
        ("xs:decimal", '<xs:totalDigits value="9"/><xs:fractionDigits value="2"/>',
         Facets(total_digits=9, fraction_digits=2)),
        ("xs:string", '<xs:maxLength value="many"/>', Facets()),
    ],
)  # fmt: skip
def test_facets_are_kept(base: str, facets: str, expected: Facets) -> None:
    assert simple("", restricted(base, facets)).facets == expected


def test_a_later_step_of_derivation_adds_to_the_facets_of_the_first() -> None:
    types = """<xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:maxLength value="9"/>
        <xs:pattern value="[A-Z]+"/></xs:restriction></xs:simpleType>"""
    found = simple(types, restricted("t:Code", '<xs:maxLength value="3"/>'))
    assert found.facets == Facets(most_length=3, patterns=("[A-Z]+",))


def test_facets_and_defaults_are_told_in_the_description() -> None:
    types = """<xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:maxLength value="9"/></xs:restriction>
      </xs:simpleType>"""
    description = asked(
        types
        + ask("""
      <xs:element name="a" type="t:Code" default="x"><xs:annotation><xs:documentation> Which
        one. </xs:documentation></xs:annotation></xs:element>
      <xs:element name="b" type="xs:int" fixed="7"/><xs:element name="c" type="xs:int"/>""")
    )
    arguments = description.model.operations["Ask"].arguments
    assert {name: argument.description for name, argument in arguments.items()} == {
        "a": 'Which one.\n\nDefault of the source: "x"; at most 9 letters', "b": 'Always "7"', "c": "",
    }  # fmt: skip
    parts = description.codecs["Ask"].parts
    assert [(part.default, part.fixed) for part in parts.values() if isinstance(part, Member)] == [
        ("x", None), (None, "7"), (None, None),
    ]  # fmt: skip


COLOURS = """<xs:simpleType name="Colour"><xs:restriction base="xs:token"><xs:enumeration value="red"/>
  <xs:enumeration value="light blue"/><xs:enumeration value="red"/></xs:restriction></xs:simpleType>"""


def test_an_enumeration_is_one_type_wherever_it_stands() -> None:
    description = asked(COLOURS + ask('<xs:element name="x" type="t:Colour"/><xs:element name="y" type="t:Colour"/>'))
    arguments = description.model.operations["Ask"].arguments
    assert arguments["x"].type == arguments["y"].type == NamedRef("Colour")
    assert [value.value for value in description.model.enums["Colour"].values] == ["red", "light blue"]
    assert list(description.model.enums) == ["Colour"]


def test_an_enumeration_that_restricts_another_is_one_of_its_own() -> None:
    description = asked(COLOURS + ask(restricted("t:Colour", '<xs:enumeration value="red"/>')))
    assert description.model.operations["Ask"].arguments["x"].type == NamedRef("AskX")
    assert [value.value for value in description.model.enums["AskX"].values] == ["red"]


def test_a_list_is_a_list_and_one_of_a_nillable_element_may_be_null() -> None:
    types = '<xs:simpleType name="Sizes"><xs:list itemType="xs:short"/></xs:simpleType>'
    description = asked(types + ask('<xs:element name="x" type="t:Sizes" nillable="true" maxOccurs="2"/>'))
    argument = description.model.operations["Ask"].arguments["x"]
    assert argument.type == ListRef(ListRef(ScalarRef(Scalar.INT), nullable=True))


def test_a_union_of_enumerations_is_one_enumeration() -> None:
    types = (
        COLOURS
        + """<xs:simpleType name="Paint"><xs:union memberTypes="t:Colour"><xs:simpleType>
      <xs:restriction base="xs:string"><xs:enumeration value="none"/></xs:restriction></xs:simpleType></xs:union>
      </xs:simpleType>"""
    )
    description = asked(types + ask('<xs:element name="x" type="t:Paint"/>'))
    assert [value.value for value in description.model.enums["Paint"].values] == ["red", "light blue", "none"]


def test_a_union_of_different_types_is_text_that_is_any_of_them() -> None:
    found = simple('<xs:simpleType name="U"><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>',
                   '<xs:element name="x" type="t:U"/>')  # fmt: skip
    assert found.scalar is Scalar.STRING
    assert [member.builtin for member in found.union] == ["int", "date"]


def test_a_union_of_one_type_in_two_ranges_is_that_type() -> None:
    types = "".join(
        f"""<xs:simpleType name="{name}"><xs:restriction base="xs:int"><xs:minInclusive value="{least}"/>
          </xs:restriction>"""
        "</xs:simpleType>"
        for name, least in (("A", 1), ("B", 5))
    )
    found = simple(types + '<xs:simpleType name="U"><xs:union memberTypes="t:A t:B"/></xs:simpleType>',
                   '<xs:element name="x" type="t:U"/>')  # fmt: skip
    assert (found.scalar, found.facets, found.union) == (Scalar.INT, Facets(), ())


def test_text_with_attributes_is_an_object_with_a_value() -> None:
    types = """<xs:complexType name="Money"><xs:simpleContent><xs:extension base="t:Amount">
        <xs:attributeGroup ref="t:Currency"/><xs:attribute name="value" type="xs:string"/></xs:extension>
        </xs:simpleContent>
        </xs:complexType>
      <xs:simpleType name="Amount"><xs:restriction base="xs:decimal"/></xs:simpleType>
      <xs:attributeGroup name="Currency"><xs:attribute name="currency" type="xs:NMTOKEN" use="required"/>
      </xs:attributeGroup>"""
    fields = asked(types + ask('<xs:element name="x" type="t:Money"/>')).model.inputs["Money"].fields
    assert {name: (field.type, field.required) for name, field in fields.items()} == {
        "value": (ScalarRef(Scalar.DECIMAL), True),
        "currency": (ScalarRef(Scalar.STRING), True),
        "valueAttribute": (ScalarRef(Scalar.STRING), False),
    }


def test_nil_and_absent_are_two_things() -> None:
    types = ask("""<xs:element name="a" type="xs:int" nillable="true"/>
      <xs:element name="b" type="xs:int" minOccurs="0"/>""")
    arguments = asked(types).model.operations["Ask"].arguments
    assert (arguments["a"].required, arguments["a"].type) == (True, ScalarRef(Scalar.INT, nullable=True))
    assert (arguments["b"].required, arguments["b"].type) == (False, ScalarRef(Scalar.INT))


@pytest.mark.parametrize(
    ("written", "scalar"),
    [
        ("xs:anySimpleType", Scalar.STRING), ("xs:gYear", Scalar.STRING), ("xs:hexBinary", Scalar.STRING),
        ("xs:base64Binary", Scalar.BASE64), ("xs:unsignedLong", Scalar.BIG_INT), ("xs:byte", Scalar.INT),
        ("soapenc:int", Scalar.INT), ("soapenc:base64", Scalar.BASE64), ("xs:IDREFS", Scalar.STRING),
    ],
)  # fmt: skip
def test_built_in_types_have_their_scalars(written: str, scalar: Scalar) -> None:
    assert simple("", f'<xs:element name="x" type="{written}"/>').scalar is scalar


def test_an_attribute_is_optional_unless_it_is_required_and_has_the_form_that_it_says() -> None:
    types = ask("""<xs:element name="x"><xs:complexType>
      <xs:attribute name="a" type="xs:int" form="qualified" default="1"/>"""
                '<xs:attribute ref="t:b" use="required"/><xs:attribute name="c" use="prohibited"/></xs:complexType>'
                "</xs:element>") + '<xs:attribute name="b" type="xs:date"/>'  # fmt: skip
    content = asked(types).codecs["Ask"].parts["x"]
    assert isinstance(content, Member)
    members = content.shape.members  # type: ignore[union-attr]
    assert [(member.tag, member.required, member.default) for member in members] == [
        ("{urn:t}a", False, "1"), ("{urn:t}b", True, None),
    ]  # fmt: skip
