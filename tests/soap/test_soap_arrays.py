"""Arrays of SOAP's encoding in the forms in which services declare them, and Apache's maps."""

from __future__ import annotations

import pytest

from resolvers.model import ListRef, NamedRef, ObjectType, Scalar, ScalarRef, TypeRef
from resolvers.soap.operations.wsdl import Description
from resolvers.soap.shapes import Array, Complex, Member, Opaque
from tests.soap.reading import described, wsdl

XS = "{http://www.w3.org/2001/XMLSchema}"
INT = ScalarRef(Scalar.INT, nullable=True)
ROW = '<xs:complexType name="Row"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>'
SERVICE = """
  <message name="In"><part name="x" type="{}"/></message><message name="Out"><part name="return" type="{}"/></message>
  <portType name="Desk"><operation name="Ask"><input message="t:In"/><output message="t:Out"/></operation></portType>
  <binding name="B" type="t:Desk"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Ask"><soap:operation soapAction=""/><input><soap:body use="encoded" namespace="urn:t"/></input>
      <output><soap:body use="encoded" namespace="urn:t"/></output></operation></binding>"""


def described_as(declaration: str, written: str = "t:List") -> Description:
    return described(wsdl(ROW + declaration, SERVICE.format(written, written)))


def array_of(description: Description) -> Array:
    part = description.codecs["Ask"].parts["x"]
    assert isinstance(part, Member)
    assert isinstance(part.shape, Array)
    return part.shape


def restricted(array_type: str) -> str:
    return f"""<xs:complexType name="List"><xs:complexContent><xs:restriction base="soapenc:Array">
      <xs:attribute ref="soapenc:arrayType" wsdl:arrayType="{array_type}"/></xs:restriction></xs:complexContent>
      </xs:complexType>"""


SEQUENCE = """<xs:complexType name="List"><xs:complexContent><xs:restriction base="soapenc:Array"><xs:sequence>
  <xs:element name="entry" type="t:Row" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:restriction>
  </xs:complexContent>
  </xs:complexType>"""
EXTENSION = """<xs:complexType name="List"><xs:complexContent><xs:extension base="soapenc:Array"><xs:sequence>
  <xs:element name="entry" type="t:Row" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:extension>
  </xs:complexContent>
  </xs:complexType>"""


@pytest.mark.parametrize("declaration", [restricted("t:Row[]"), restricted(" t:Row [ ] "), SEQUENCE, EXTENSION])
def test_an_array_is_a_list_of_its_items_however_it_is_declared(declaration: str) -> None:
    description = described_as(declaration)
    assert array_of(description).item_type == "{urn:t}Row"
    assert description.model.operations["Ask"].arguments["x"].type == ListRef(
        NamedRef("Row", nullable=True), nullable=True
    )
    answer = description.model.types["Out"]
    assert isinstance(answer, ObjectType)
    assert answer.fields["return"].type == ListRef(NamedRef("Row", nullable=True), nullable=True)


@pytest.mark.parametrize(
    ("written", "ranks", "dimensions", "typed"),
    [
        ("xs:int[]", "", 1, ListRef(INT, nullable=True)),
        ("xs:int[,]", "", 2, ListRef(ListRef(INT), nullable=True)),
        ("xs:int[][]", "[]", 1, ListRef(ListRef(INT, nullable=True), nullable=True)),
        ("xs:int[,][5]", "[,]", 1, ListRef(ListRef(ListRef(INT), nullable=True), nullable=True)),
    ],
)
def test_arrays_of_several_dimensions_and_of_arrays(written: str, ranks: str, dimensions: int, typed: TypeRef) -> None:
    description = described_as(restricted(written))
    array = array_of(description)
    assert (array.item_type, array.ranks, array.dimensions) == (f"{XS}int", ranks, dimensions)
    assert description.model.operations["Ask"].arguments["x"].type == typed


def test_an_array_of_anything_is_a_list_of_json() -> None:
    array = array_of(described_as("", "soapenc:Array"))
    assert isinstance(array.item.shape, Opaque)
    assert array.item_type == f"{XS}anyType"


def test_a_map_of_apache_is_a_list_of_keys_and_values() -> None:
    array = array_of(described_as("", "apache:Map"))
    assert array.item_type == ""
    assert isinstance(array.item.shape, Complex)
    assert [member.name for member in array.item.shape.members] == ["key", "value"]


def test_an_array_may_hold_arrays_of_its_own_kind() -> None:
    declaration = restricted("t:Box[]") + """<xs:complexType name="Box"><xs:sequence>
      <xs:element name="inner" type="t:List"/></xs:sequence></xs:complexType>"""  # fmt: skip
    description = described_as(declaration)
    box = description.model.types["Box"]
    assert isinstance(box, ObjectType)
    assert box.fields["inner"].type == ListRef(NamedRef("Box", nullable=True))
