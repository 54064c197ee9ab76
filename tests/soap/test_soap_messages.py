"""Messages and bindings: RPC, several parts, headers, faults, attachments, one-way, ports, versions and policies."""

from __future__ import annotations

import pytest

from resolvers.documents import DescriptionError
from resolvers.model import Effect, NamedRef, ObjectType, Scalar, ScalarRef
from resolvers.soap import SoapSettings
from resolvers.soap.shapes import Attachment, Complex, Member, OperationCodec
from resolvers.stated import apply
from tests.soap.reading import SERVICE, described, notes, refusals, wsdl

ELEMENTS = """
  <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence>
  </xs:complexType></xs:element>
  <xs:element name="Answer" type="xs:string"/>
  <xs:element name="Session"><xs:complexType><xs:sequence><xs:element name="id" type="xs:string"/></xs:sequence>
  </xs:complexType></xs:element>
  <xs:element name="Broken"><xs:complexType><xs:sequence><xs:element name="why" type="xs:string"/></xs:sequence>
  </xs:complexType></xs:element>
  <xs:element name="Expired"><xs:complexType><xs:sequence><xs:element name="at" type="xs:dateTime"/></xs:sequence>
  </xs:complexType></xs:element>
  <xs:complexType name="Row"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
"""


def service(messages: str, operation: str, bound: str, *, style: str = "document", more: str = "") -> str:
    """One operation ``Ask`` of one port type, bound once over HTTP."""
    return f"""{messages}
      <portType name="Desk"><operation name="Ask">{operation}</operation></portType>
      <binding name="B" type="t:Desk">
      <soap:binding style="{style}" transport="http://schemas.xmlsoap.org/soap/http"/>{more}
        <operation name="Ask"><soap:operation soapAction="urn:t#Ask"/>{bound}</operation></binding>
      <service name="S"><port name="P" binding="t:B"><soap:address location=" http://h.test/a "/></port></service>"""


def message(name: str, *parts: str) -> str:
    return f'<message name="{name}">{"".join(f"<part {part}/>" for part in parts)}</message>'


BOTH = '<input message="t:In"/><output message="t:Out"/>'
ELEMENT_OUT = message("Out", 'name="b" element="t:Answer"')


def codec(written: str) -> OperationCodec:
    return described(wsdl(ELEMENTS, written)).codecs["Ask"]


def bodies(attributes: str) -> str:
    return f"<input><soap:body {attributes}/></input><output><soap:body {attributes}/></output>"


def test_parts_of_rpc_are_children_of_no_namespace_inside_a_wrapper_of_the_body_s_namespace() -> None:
    messages = message("In", 'name="x" type="xs:int"', 'name="row" type="t:Row"') + message(
        "Out", 'name="return" type="t:Row"'
    )
    description = described(
        wsdl(ELEMENTS, service(messages, BOTH, bodies('use="literal" namespace="urn:rpc"'), style="rpc"))
    )
    found = description.codecs["Ask"]
    assert (found.rpc, found.encoded, found.wrapper, found.reply_wrapper) == (
        True, False, "{urn:rpc}Ask", "{urn:rpc}AskResponse",
    )  # fmt: skip
    assert [part.tag for part in found.parts.values() if isinstance(part, Member)] == ["x", "row"]
    assert found.result is not None
    assert found.result.tag == ""
    assert isinstance(found.result.shape, Complex)
    assert set(found.result.shape.by_tag) == {"return"}
    answer = description.model.types["Out"]
    assert isinstance(answer, ObjectType)
    assert answer.fields["return"].type == NamedRef("Row")


def test_parts_of_encoded_messages_say_their_types_and_may_be_null() -> None:
    messages = message("In", 'name="x" type="xs:int"') + message("Out", 'name="return" type="soapenc:string"')
    found = codec(service(messages, BOTH, bodies('use="encoded" namespace="urn:rpc"'), style="rpc"))
    assert found.encoded
    part = found.parts["x"]
    assert isinstance(part, Member)
    assert (part.type_tag, part.nillable) == ("{http://www.w3.org/2001/XMLSchema}int", True)


def test_parameter_order_is_the_order_of_the_parts() -> None:
    messages = message("In", 'name="b" type="xs:int"', 'name="a" type="xs:int"') + ELEMENT_OUT
    ordered = service(messages, BOTH, bodies('use="literal"'), style="rpc").replace(
        '<operation name="Ask"><input m', '<operation name="Ask" parameterOrder="a b"><input m'
    )
    assert list(codec(ordered).parts) == ["a", "b"]


def test_several_parts_of_a_document_stand_side_by_side_in_the_body() -> None:
    messages = message("In", 'name="p" element="t:Session"', 'name="q" type="xs:int"') + message(
        "Out", 'name="b" element="t:Answer"', 'name="c" element="t:Session"'
    )
    description = described(wsdl(ELEMENTS, service(messages, BOTH, bodies('use="literal"'))))
    found = description.codecs["Ask"]
    assert found.wrapper == ""
    assert [part.tag for part in found.parts.values() if isinstance(part, Member)] == ["{urn:t}Session", "q"]
    assert found.result is not None
    assert (found.result.tag, found.reply_wrapper) == ("", "")
    answer = description.model.types["Out"]
    assert isinstance(answer, ObjectType)
    assert {name: field.type for name, field in answer.fields.items()} == {
        "Answer": ScalarRef(Scalar.STRING), "Session": NamedRef("Session"),
    }  # fmt: skip


def test_headers_are_arguments_of_their_own_and_needed_only_where_that_is_said() -> None:
    messages = message("In", 'name="b" element="t:Ask"') + ELEMENT_OUT + message("Head", 'name="s" element="t:Session"')
    bound = """<input><soap:body use="literal"/><soap:header message="t:Head" part="s" use="literal"{}/></input>
      <output><soap:body use="literal"/><soap:header message="t:Head" part="s" use="literal"/></output>"""
    description = described(wsdl(ELEMENTS, service(messages, BOTH, bound.format(""))))
    found = description.codecs["Ask"]
    assert (list(found.parts), list(found.headers)) == (["a"], ["Session"])
    argument = description.model.operations["Ask"].arguments["Session"]
    assert (argument.type, argument.required) == (NamedRef("Session"), False)
    assert "the header Session of its reply is not served" in notes(description.model).values()
    assert codec(service(messages, BOTH, bound.format(' wsdl:required="true"'))).headers["Session"].required


def test_a_part_of_the_message_that_travels_as_a_header_is_not_sent_a_second_time() -> None:
    messages = message("In", 'name="b" element="t:Ask"', 'name="s" element="t:Session"') + ELEMENT_OUT
    bound = """<input><soap:body use="literal"/><soap:header message="t:In" part="s" use="literal"/></input>
      <output><soap:body use="literal"/></output>"""
    found = codec(service(messages, BOTH, bound))
    assert (list(found.parts), list(found.headers)) == (["a"], ["Session"])


def test_every_declared_fault_is_typed_those_of_headers_too() -> None:
    messages = (
        message("In", 'name="b" element="t:Ask"') + ELEMENT_OUT + message("Head", 'name="s" element="t:Session"')
        + message("Late", 'name="f" element="t:Expired"') + message("Bad", 'name="f" element="t:Broken"')
        + message("Plain", 'name="oops" type="t:Row"') + message("Lost", 'name="f" element="t:Gone"')
    )  # fmt: skip
    bound = """<input><soap:body use="literal"/><soap:header message="t:Head" part="s" use="literal">
      <soap:headerfault message="t:Late" part="f" use="literal"/></soap:header></input>
      <output><soap:body use="literal"/></output>"""
    faults = "".join(f'<fault name="{name}" message="t:{name}"/>' for name in ("Bad", "Plain", "Lost"))
    description = described(wsdl(ELEMENTS, service(messages, BOTH + faults, bound)))
    assert list(description.codecs["Ask"].faults) == ["{urn:t}Broken", "oops", "{urn:t}Expired"]
    assert description.model.operations["Ask"].errors == ("Broken", "Row", "Expired")
    assert notes(description.model)["Lost"] == "the detail of this fault is declared nowhere"


def test_what_has_no_output_is_one_way_and_what_answers_nothing_is_not() -> None:
    given = message("In", 'name="b" element="t:Ask"')
    one_way = codec(service(given, '<input message="t:In"/>', '<input><soap:body use="literal"/></input>'))
    assert (one_way.one_way, one_way.result) == (True, None)
    empty = codec(service(given + message("Out"), BOTH, bodies('use="literal"')))
    assert (empty.one_way, empty.result) == (False, None)


def test_what_the_service_sends_is_refused() -> None:
    document = wsdl(ELEMENTS, service(ELEMENT_OUT, '<output message="t:Out"/>', bodies('use="literal"')))
    [refused] = refusals(described(document).model)
    assert refused.reason == "it is sent by the service, not by a client"


def test_attachments_are_parts_of_their_own() -> None:
    messages = message("In", 'name="b" element="t:Ask"', 'name="photo" type="xs:base64Binary"') + message(
        "Out", 'name="c" element="t:Answer"', 'name="scan" type="xs:base64Binary"'
    )
    related = """<mime:multipartRelated><mime:part><soap:body parts="{}" use="literal"/></mime:part>
      <mime:part><mime:content part="{}" type="image/png"/><mime:content part="{}" type="image/gif"/></mime:part>
      </mime:multipartRelated>"""
    bound = f"""<input>{related.format("b", "photo", "photo")}</input>
      <output>{related.format("c", "scan", "scan")}</output>"""
    description = described(wsdl(ELEMENTS, service(messages, BOTH, bound)))
    found = description.codecs["Ask"]
    assert list(found.parts) == ["Ask"]
    photo = found.attachments["photo"]
    assert isinstance(photo, Attachment)
    assert (photo.part, photo.media) == ("photo", ("image/png", "image/gif"))
    assert description.model.operations["Ask"].arguments["photo"].type == ScalarRef(Scalar.BASE64)
    answer = description.model.types["Out"]
    assert isinstance(answer, ObjectType)
    assert answer.fields["scan"].type == ScalarRef(Scalar.BASE64, nullable=True)
    assert list(found.reply_attachments) == ["scan"]


PORTS = SERVICE.replace("</service>", """
    <port name="DeskSoap12" binding="t:DeskSoap12"><soap12:address location="http://h.test/b"/></port>
    <port name="DeskGet" binding="t:DeskGet"><http:address location="http://h.test/c"/></port></service>
  <binding name="DeskSoap12" type="t:Desk">
    <soap12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Ask"><soap12:operation soapAction="urn:t#Ask12"/>
      <input><soap12:body use="literal"/></input><output><soap12:body use="literal"/></output></operation></binding>
  <binding name="DeskGet" type="t:Desk"><http:binding verb="GET"/>
    <operation name="Ask"><http:operation location="/Ask"/><input><http:urlEncoded/></input></operation>
    </binding>""")  # fmt: skip


def test_several_ports_are_one_set_of_operations_and_soap_1_1_comes_first() -> None:
    description = described(wsdl(ELEMENTS, PORTS))
    assert list(description.model.operations) == ["Ask"]
    assert (description.model.declared, refusals(description.model)) == (1, [])
    found = description.codecs["Ask"]
    assert (found.version, found.address, found.action) == ("1.1", "http://h.test/a", "urn:t#Ask")


@pytest.mark.parametrize(("port", "version"), [("DeskSoap12", None), (None, "1.2")])
def test_a_port_or_a_version_can_be_asked_for(port: str | None, version: str | None) -> None:
    found = described(wsdl(ELEMENTS, PORTS), port=port, version=version).codecs["Ask"]
    assert (found.version, found.address, found.action) == ("1.2", "http://h.test/b", "urn:t#Ask12")


def test_a_port_or_version_that_is_not_there_is_refused_with_how_to_mend_it() -> None:
    with pytest.raises(DescriptionError) as raised:
        described(wsdl(ELEMENTS, PORTS), port="DeskSoap21")
    problem = raised.value.problem
    assert (problem.where, problem.mend) == (("port",), 'did you mean "DeskSoap12"')
    with pytest.raises(DescriptionError) as raised:
        described(wsdl(ELEMENTS), version="1.2")
    assert raised.value.problem.where == ("soap_version",)


def test_an_operation_of_plain_http_alone_is_left_out_with_its_reason() -> None:
    [refused] = refusals(described(wsdl(ELEMENTS, PORTS), port="DeskGet").model)
    assert refused.reason == "no SOAP binding, only one of plain HTTP"
    assert refused.place.line


def test_another_transport_than_http_is_refused() -> None:
    document = wsdl(
        ELEMENTS, SERVICE.replace("http://schemas.xmlsoap.org/soap/http", "http://www.w3.org/2010/soapjms/")
    )
    [refused] = refusals(described(document).model)
    assert refused.reason == "a transport other than HTTP"


@pytest.mark.parametrize(
    ("more", "addressing", "mtom"),
    [
        ('<w:UsingAddressing xmlns:w="http://www.w3.org/2006/05/addressing/wsdl"/>', True, False),
        ('<p:PolicyReference xmlns:p="http://www.w3.org/ns/ws-policy" URI="#P"/>', True, True),
        ('<p:PolicyReference xmlns:p="http://www.w3.org/ns/ws-policy" URI="#Gone"/>', False, False),
        ("", False, False),
    ],
)
def test_what_a_binding_asks_for_is_found_in_itself_and_in_the_policies_it_names(
    more: str, *, addressing: bool, mtom: bool
) -> None:
    policy = """<p:Policy xmlns:p="http://www.w3.org/ns/ws-policy"
      xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" u:Id="P"><p:All>
      <m:OptimizedMimeSerialization xmlns:m="http://schemas.xmlsoap.org/ws/2004/09/policy/optimizedmimeserialization"/>
      <a:Addressing xmlns:a="http://www.w3.org/2007/05/addressing/metadata"/></p:All></p:Policy>"""
    messages = policy + message("In", 'name="b" element="t:Ask"') + ELEMENT_OUT
    found = codec(service(messages, BOTH, bodies('use="literal"'), more=more))
    assert (found.addressing, found.mtom) == (addressing, mtom)


def test_the_action_of_ws_addressing_is_said_or_made_of_names() -> None:
    messages = message("In", 'name="b" element="t:Ask"') + ELEMENT_OUT
    said = BOTH.replace("<input", '<input xmlns:w="http://www.w3.org/2007/05/addressing/metadata" w:Action="urn:said"')
    assert codec(service(messages, said, bodies('use="literal"'))).wsa_action == "urn:said"
    assert codec(service(messages, BOTH, bodies('use="literal"'))).wsa_action == "urn:t#Ask"
    silent = service(messages, BOTH, bodies('use="literal"')).replace("urn:t#Ask", "")
    assert codec(silent).wsa_action == "urn:t:Desk:AskRequest"


def test_a_reply_whose_element_is_declared_nowhere_is_json_and_counted() -> None:
    document = wsdl(ELEMENTS.replace('name="Answer"', 'name="Other"'))
    model = described(document).model
    assert model.operations["Ask"].result == ScalarRef(Scalar.JSON)
    [fallback] = model.fallbacks
    assert "Answer is declared nowhere" in fallback.reason


@pytest.mark.parametrize(("name", "sign"), [("GetAsk", ('a read, because its name begins with "Get"',)), ("Ask", ())])
def test_a_read_says_by_which_sign_it_was_taken_for_one(name: str, sign: tuple[str, ...]) -> None:
    document = wsdl(ELEMENTS, SERVICE.replace('operation name="Ask"', f'operation name="{name}"'))
    operation = described(document).model.operations[name]
    assert (operation.evidence, operation.effect) == (sign, Effect.READ if sign else Effect.WRITE)


def test_the_sign_of_a_read_goes_where_the_user_states_the_effect() -> None:
    document = wsdl(ELEMENTS, SERVICE.replace('operation name="Ask"', 'operation name="GetAsk"'))
    settings = SoapSettings.model_validate(
        {"wsdl": "desk.wsdl", "writes": True, "operations": {"GetAsk": {"effect": "write"}}}
    )
    model, problems = apply(described(document).model, settings)
    assert problems == []
    operation = model.operations["GetAsk"]
    assert (operation.effect, operation.evidence) == (Effect.WRITE, ())
