"""Documents that refer to others: relative, recursive, chameleon, redefined, standard ones, and those that are gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from resolvers.credentials import Credentials
from resolvers.documents import Documents
from resolvers.model import ObjectType, Scalar, ScalarRef
from resolvers.soap.documents.gather import gather
from resolvers.soap.documents.standard import STANDARD
from resolvers.soap.operations.wsdl import read
from resolvers.soap.schemas.declarations import Declarations
from resolvers.xml import parse
from tests.raw_server import Heard, raw_server, reply, says
from tests.soap.reading import SERVICE, asked, described, given, notes, wsdl

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
ASK = """<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="t:Row"/></xs:sequence>
  </xs:complexType></xs:element>"""
ROW = '<xs:complexType name="Row"><xs:sequence><xs:element name="{}" type="xs:int"/></xs:sequence></xs:complexType>'


def schema(content: str, namespace: str = "") -> str:
    target = f' targetNamespace="{namespace}"' if namespace else ""
    return f"<xs:schema {XS}{target}>{content}</xs:schema>"


def test_a_schema_without_a_namespace_takes_that_of_each_that_includes_it() -> None:
    chameleon = schema(ROW.format("a"))
    other = schema('<xs:include schemaLocation="row.xsd"/>', "urn:o")
    types = (
        '<xs:include schemaLocation="row.xsd"/><xs:import namespace="urn:o" schemaLocation="other.xsd"/>'
        + ASK.replace("</xs:sequence>", '<xs:element xmlns:o="urn:o" name="y" type="o:Row"/></xs:sequence>')
    )  # fmt: skip
    description = asked(types, row=chameleon, other=other)
    assert (given(description, "x").tag, given(description, "y").tag) == ("{urn:t}Row", "{urn:o}Row")


def test_schemas_that_import_each_other_come_to_an_end() -> None:
    one = schema('<xs:include schemaLocation="two.xsd"/>' + ROW.format("a"))
    two = schema('<xs:include schemaLocation="one.xsd"/><xs:include schemaLocation="two.xsd"/>')
    assert "Row" in asked('<xs:include schemaLocation="two.xsd"/>' + ASK, one=one, two=two).model.inputs


def test_what_is_redefined_is_what_it_was_and_what_is_added() -> None:
    before = schema(
        ROW.format("a")
        + """<xs:group name="G"><xs:sequence><xs:element name="g" type="xs:int"/>
      </xs:sequence></xs:group>"""
    )
    types = """<xs:redefine schemaLocation="before.xsd">
        <xs:complexType name="Row"><xs:complexContent><xs:extension base="t:Row"><xs:sequence>
          <xs:element name="b" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
        <xs:group name="G"><xs:sequence><xs:group ref="t:G"/><xs:element name="h" type="xs:int"/></xs:sequence>
        </xs:group>
      </xs:redefine>""" + ASK.replace("</xs:sequence>", '<xs:group ref="t:G"/></xs:sequence>')
    description = asked(types, before=before)
    assert [member.name for member in given(description, "x").members] == ["a", "b"]
    assert list(description.codecs["Ask"].parts) == ["x", "g", "h"]
    assert given(description, "x").derived == ()


def test_a_wsdl_may_lie_in_several_documents() -> None:
    start = SERVICE.index("<binding")
    abstract = wsdl(ASK + ROW.format("a") + '<xs:element name="Answer" type="xs:string"/>', SERVICE[:start])
    bound = wsdl("", '<import namespace="urn:t" location="abstract.xsd"/>' + SERVICE[start:])
    assert list(described(bound, abstract=abstract).model.operations) == ["Ask"]


def test_standard_schemas_are_known_though_none_can_be_fetched() -> None:
    types = """<xs:import namespace="http://www.w3.org/2005/08/addressing" schemaLocation="http://gone.test/ws-addr.xsd"/>
      <xs:import namespace="http://www.w3.org/XML/1998/namespace"/>
      <xs:element name="Ask"><xs:complexType><xs:sequence xmlns:w="http://www.w3.org/2005/08/addressing">
        <xs:element name="to" type="w:EndpointReferenceType"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Answer"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence>
        <xs:attribute ref="xml:lang"/></xs:complexType></xs:element>"""
    model = asked(types, " ").model
    assert [item for item in model.left_out if "fetched" in item.reason or "nowhere" in item.reason] == []
    assert list(model.inputs["EndpointReferenceType"].fields) == ["Address", "ReferenceParameters", "Metadata", "any"]
    answer = model.types["Answer"]
    assert isinstance(answer, ObjectType)
    assert answer.fields["lang"].type == ScalarRef(Scalar.STRING)


def test_what_a_document_declares_is_worth_more_than_our_reference() -> None:
    own = schema('<xs:complexType name="EndpointReferenceType"><xs:sequence><xs:element name="own" type="xs:int"/>'
                 "</xs:sequence></xs:complexType>", "http://www.w3.org/2005/08/addressing")  # fmt: skip
    types = """<xs:import namespace="http://www.w3.org/2005/08/addressing" schemaLocation="own.xsd"/>
      <xs:element name="Ask"><xs:complexType><xs:sequence xmlns:w="http://www.w3.org/2005/08/addressing">
        <xs:element name="to" type="w:EndpointReferenceType"/></xs:sequence></xs:complexType></xs:element>"""
    assert list(asked(types, own=own).model.inputs["EndpointReferenceType"].fields) == ["own"]


@pytest.mark.parametrize("namespace", STANDARD)
def test_every_reference_of_ours_is_a_schema_whose_types_are_all_declared(namespace: str) -> None:
    root = parse(STANDARD[namespace].encode())
    names = [child.get("name", "") for child in root]
    assert root.get("targetNamespace") == namespace
    assert names
    declarations = Declarations()
    for node in root.iter():
        for attribute in ("type", "base"):
            prefix, _, name = node.get(attribute, "xs:int").rpartition(":")
            tag = f"{{{node.nsmap[prefix or None]}}}{name}"
            assert prefix == "xs" or declarations.find("type", tag), tag


def test_what_is_gone_is_told_and_the_rest_served() -> None:
    description = asked('<xs:import namespace="urn:gone" schemaLocation="gone.xsd"/>' + ASK + ROW.format("a"))
    assert "Ask" in description.model.operations
    assert notes(description.model)["gone.xsd"] == "the document could not be fetched"


def test_what_is_no_schema_is_told() -> None:
    description = asked('<xs:include schemaLocation="page.xsd"/>' + ASK + ROW.format("a"), page="<html/>")
    assert "neither a WSDL nor an XML Schema" in notes(description.model)["page.xsd"]


def test_the_name_of_an_element_where_a_type_is_wanted_is_that_element_s_type() -> None:
    types = """<xs:element name="Row"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/>
      </xs:sequence></xs:complexType></xs:element>"""
    assert list(asked(types + ASK).model.inputs["Row"].fields) == ["a"]


# --- gathering ---


async def test_schemas_are_found_in_folders_and_beside_the_wsdl_under_their_server_s_names(
    tmp_path: Path,
) -> None:
    (tmp_path / "types").mkdir()
    (tmp_path / "types" / "row.xsd").write_text(schema('<xs:include schemaLocation="../more.xsd"/>' + ROW.format("a")))
    (tmp_path / "more.xsd").write_text(
        schema("""<xs:simpleType name="S"><xs:restriction base="xs:int"/>
      </xs:simpleType>""")
    )
    types = '<xs:include schemaLocation="types/row.xsd"/><xs:include schemaLocation="Desk?xsd=more.xsd"/>' + ASK
    (tmp_path / "desk.wsdl").write_text(wsdl(types + '<xs:element name="Answer" type="t:S"/>'))
    found = await gather(Documents(tmp_path), "desk.wsdl")
    model = read("desk", found, "desk.wsdl").model
    assert model.operations["Ask"].result == ScalarRef(Scalar.INT)
    assert "could not be fetched" not in str(notes(model))


async def test_a_local_wsdl_makes_us_fetch_nothing_from_the_network(tmp_path: Path) -> None:
    async with raw_server(says(reply(b"<a/>"))) as server:
        types = f'<xs:import namespace="urn:o" schemaLocation="{server.url}/o.xsd"/>' + ASK + ROW.format("a")
        (tmp_path / "desk.wsdl").write_text(wsdl(types + '<xs:element name="Answer" type="xs:int"/>'))
        found = await gather(Documents(tmp_path), "desk.wsdl")
        assert list(found) == ["desk.wsdl"]
        assert server.heard == []


async def test_a_wsdl_and_its_schemas_behind_authentication_are_fetched_with_it_and_other_hosts_are_not_asked(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret.xsd").write_text(schema(ROW.format("a")))
    answers: dict[str, str] = {}

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        known = heard.headers.get("authorization") == "Bearer t" and heard.target in answers
        content = answers[heard.target] if known else "<no/>"
        writer.write(reply(content.encode(), status="200 OK" if known else "401 No"))

    async with raw_server(answer) as server, raw_server(says(reply(b"<a/>"))) as other:
        types = (
            '<xs:include schemaLocation="row.xsd?v=1"/>'
            f'<xs:import namespace="urn:o" schemaLocation="{other.url}/o.xsd"/>'
            f'<xs:import namespace="urn:p" schemaLocation="file://{tmp_path}/secret.xsd"/>'
        )
        answers["/s/desk?wsdl"] = wsdl(types + ASK + '<xs:element name="Answer" type="xs:int"/>')
        answers["/s/row.xsd?v=1"] = schema(ROW.format("a"))
        documents = Documents(tmp_path, credentials=Credentials({"authorization": "Bearer t"}))
        where = f"{server.url}/s/desk?wsdl"
        found = await gather(documents, where)
        assert other.heard == []
        assert list(found) == [where, f"{server.url}/s/row.xsd?v=1"]
        description = read("desk", found, where)
        assert "Row" in description.model.inputs
        assert {item.reason for item in description.model.left_out} == {"the document could not be fetched"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
async def test_what_a_document_refers_to_is_found_in_whatever_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "row.xsd").write_text(schema(ROW.format("a")))
    types = '<é:include xmlns:é="http://www.w3.org/2001/XMLSchema" schemaLocation="row.xsd"/>' + ASK
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + wsdl(types + '<xs:element name="Answer" type="xs:int"/>')
    (tmp_path / "desk.wsdl").write_bytes(text.encode(encoding))
    found = await gather(Documents(tmp_path), "desk.wsdl")
    assert list(found) == ["desk.wsdl", "row.xsd"]
