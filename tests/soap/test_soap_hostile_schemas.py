"""Schemas that are made to do harm: what doubles at each step, what holds itself, and what has no end."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolvers.documents import Documents
from resolvers.soap.documents.gather import gather
from resolvers.soap.operations.wsdl import read
from tests.raw_server import raw_server, reply, says
from tests.soap.reading import asked, notes, wsdl

ASK = """<xs:element name="Ask"><xs:complexType><xs:sequence>{}</xs:sequence></xs:complexType></xs:element>"""
STEPS = 40


def test_groups_that_double_at_each_step_come_to_an_end() -> None:
    groups = "".join(
        f"""<xs:group name="G{step}"><xs:sequence><xs:group ref="t:G{step + 1}"/><xs:group ref="t:G{step + 1}"/>
        </xs:sequence></xs:group>"""
        for step in range(STEPS)
    )
    last = f'<xs:group name="G{STEPS}"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:group>'
    model = asked(groups + last + ASK.format('<xs:group ref="t:G0"/>')).model
    assert "more than a type can hold" in notes(model)["Ask"]


def test_attribute_groups_that_hold_each_other_come_to_an_end() -> None:
    types = """<xs:attributeGroup name="A"><xs:attributeGroup ref="t:B"/><xs:attributeGroup ref="t:B"/>
      </xs:attributeGroup>
      <xs:attributeGroup name="B"><xs:attributeGroup ref="t:A"/><xs:attribute name="b" type="xs:int"/>
      </xs:attributeGroup>
      <xs:complexType name="X"><xs:attributeGroup ref="t:A"/></xs:complexType>"""
    assert list(asked(types + ASK.format('<xs:element name="x" type="t:X"/>')).model.inputs["X"].fields) == ["b"]


def test_unions_that_double_or_hold_themselves_come_to_an_end() -> None:
    unions = "".join(
        f'<xs:simpleType name="U{step}"><xs:union memberTypes="t:U{step + 1} t:U{step + 1} t:U{step}"/></xs:simpleType>'
        for step in range(STEPS)
    )
    last = f'<xs:simpleType name="U{STEPS}"><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>'
    assert "Ask" in asked(unions + last + ASK.format('<xs:element name="x" type="t:U0"/>')).model.operations


def test_an_array_of_itself_and_a_list_of_itself_come_to_an_end() -> None:
    types = """<xs:complexType name="L"><xs:complexContent><xs:restriction base="soapenc:Array">
        <xs:attribute ref="soapenc:arrayType" wsdl:arrayType="t:L[]"/></xs:restriction></xs:complexContent>
        </xs:complexType>
      <xs:simpleType name="S"><xs:list itemType="t:S"/></xs:simpleType>"""
    elements = '<xs:element name="x" type="t:L"/><xs:element name="s" type="t:S"/>'
    assert list(asked(types + ASK.format(elements)).model.operations["Ask"].arguments) == ["x", "s"]


def test_a_chain_of_types_without_an_end_is_cut_and_told() -> None:
    types = "".join(
        f"""<xs:complexType name="T{step}"><xs:complexContent><xs:extension base="t:T{step + 1}"/></xs:complexContent>
        </xs:complexType>"""
        for step in range(200)
    )
    last = (
        '<xs:complexType name="T200"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>'
    )
    model = asked(types + last + ASK.format('<xs:element name="x" type="t:T0"/>')).model
    assert notes(model)["T0"] == "derived through too many types"


def test_elements_that_stand_for_each_other_come_to_an_end() -> None:
    types = """<xs:element name="A" substitutionGroup="t:B"/><xs:element name="B" substitutionGroup="t:A"/>"""
    assert "Ask" in asked(types + ASK.format('<xs:element ref="t:A"/>')).model.operations


def test_names_that_are_none_and_facets_that_are_none_are_read_all_the_same() -> None:
    types = """<xs:simpleType name="S"><xs:restriction base="nope:int"><xs:length value="-1"/><xs:enumeration/>
      </xs:restriction></xs:simpleType><xs:complexType/><xs:element/><xs:attribute name=""/>"""
    assert "Ask" in asked(types + ASK.format('<xs:element name="x" type="t:S"/><xs:element/>')).model.operations


@pytest.mark.parametrize("ranks", ["[]" * 20_000, f"[{',' * 50_000}]"])
def test_an_array_of_countless_dimensions_is_one_of_anything(ranks: str) -> None:
    types = f"""<xs:complexType name="L"><xs:complexContent><xs:restriction base="soapenc:Array">
      <xs:attribute ref="soapenc:arrayType" wsdl:arrayType="xs:int{ranks}"/></xs:restriction></xs:complexContent>
      </xs:complexType>"""
    assert "Ask" in asked(types + ASK.format('<xs:element name="x" type="t:L"/>')).model.operations


@pytest.mark.parametrize("location", ["http://[::1", "//[x/a.xsd", "file:/etc/passwd", "ftp://h/x"])
async def test_an_import_that_is_no_address_is_left_out_and_told(tmp_path: Path, location: str) -> None:
    document = wsdl(f'<xs:import namespace="urn:x" schemaLocation="{location}"/>' + ASK)
    async with raw_server(says(reply(document.encode(), media="text/xml"))) as server:
        address = f"{server.url}/a?wsdl"
        found = await gather(Documents(tmp_path), address)
        assert list(found) == [address]
        assert location in {entry.operation for entry in read("desk", found, address).model.left_out}
