"""Small untidy WSDLs for the reader's tests: a schema around which the rest is made, and what is read of it."""

from __future__ import annotations

from resolvers.documents import Document
from resolvers.model import LeftOut, SourceModel
from resolvers.soap.operations.wsdl import Description, read
from resolvers.soap.shapes import Choice, Complex, Member

NAMESPACES = (
    'xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
    'xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    'xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" '
    'xmlns:mime="http://schemas.xmlsoap.org/wsdl/mime/" xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" '
    'xmlns:apache="http://xml.apache.org/xml-soap" xmlns:t="urn:t"'
)
SERVICE = """
  <message name="In"><part name="body" element="t:Ask"/></message>
  <message name="Out"><part name="body" element="t:Answer"/></message>
  <portType name="Desk"><operation name="Ask"><input message="t:In"/><output message="t:Out"/></operation></portType>
  <binding name="DeskSoap" type="t:Desk">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Ask"><soap:operation soapAction="urn:t#Ask"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>
  </binding>
  <service name="Desk"><port name="DeskSoap" binding="t:DeskSoap"><soap:address location="http://h.test/a"/></port>
  </service>
"""


def wsdl(types: str, service: str = SERVICE) -> str:
    """A document whose one schema, of ``urn:t``, holds ``types``."""
    schema = f'<xs:schema targetNamespace="urn:t" elementFormDefault="qualified">{types}</xs:schema>'
    return f'<definitions targetNamespace="urn:t" {NAMESPACES}><types>{schema}</types>{service}</definitions>'


def described(document: str, *, port: str | None = None, version: str | None = None, **more: str) -> Description:
    """What is read of a document; ``more``: others, by file name without its ending ``.xsd``."""
    others = {f"{name}.xsd": Document(f"{name}.xsd", text.encode()) for name, text in more.items()}
    return read(
        "desk", {"a.wsdl": Document("a.wsdl", document.encode()), **others}, "a.wsdl", port=port, version=version
    )


def asked(types: str, answer: str = "", **more: str) -> Description:
    """``Ask`` whose element has ``types`` declared beside it; without one of its own, ``Answer`` holds the same."""
    answer = answer or '<xs:element name="Answer" type="xs:string"/>'
    return described(wsdl(types + answer), **more)


def given(description: Description, name: str) -> Complex:
    """The complex type of an argument of ``Ask``."""
    member = description.codecs["Ask"].parts[name]
    assert isinstance(member, Member)
    assert isinstance(member.shape, Complex)
    return member.shape


def choice_of(shape: Complex, place: int = 0) -> Choice:
    content = shape.content[place]
    assert isinstance(content, Choice)
    return content


def notes(model: SourceModel) -> dict[str, str]:
    """What is served as less than is declared, by coordinate."""
    return {item.operation: item.reason for item in model.left_out if item.degraded}


def refusals(model: SourceModel) -> list[LeftOut]:
    return [item for item in model.left_out if not item.degraded]
