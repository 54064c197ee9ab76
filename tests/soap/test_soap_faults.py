"""Faults of both versions: what a caller sees of them, and what only the log does."""

from __future__ import annotations

from typing import Any

import pytest

from resolvers.errors import SourceFault
from resolvers.soap.replies.envelope import decode
from tests.soap.made import TEXT, XML, a_type, answers, element, reply, simple

PROBLEM = element("Problem", a_type(
    "Problem", element("code", simple("long")), element("amount", simple("decimal")), element("when", simple("date")),
))  # fmt: skip
DETAIL = "<t:Problem><t:code>9007199254740993</t:code><t:amount>0.10</t:amount><t:when>soon</t:when></t:Problem>"
SECRET = "ORA-00942 at db-7.internal"


def fault(inside: bytes, *, told: bool = False, **changes: Any) -> SourceFault:
    codec = answers(TEXT, faults={PROBLEM.tag: PROBLEM}, **changes)
    with pytest.raises(SourceFault) as caught:
        decode(codec, 200, XML, inside, told=told, repeatable=False)
    assert SECRET not in str(dict(caught.value.extensions))
    return caught.value


def fault11(code: str, detail: str = "") -> bytes:
    return reply(f"<s:Fault><faultcode>{code}</faultcode><faultstring>{SECRET}</faultstring>{detail}</s:Fault>")


def test_a_declared_detail_is_named_and_its_fields_are_told_where_that_is_allowed() -> None:
    content = fault11("s:Server", f"<detail>{DETAIL}<t:Stack>{SECRET}</t:Stack></detail>")
    assert fault(content).extensions == {"faultCode": "Server", "fault": "Problem"}
    shown = fault(content, told=True)
    assert shown.extensions["detail"] == {"code": "9007199254740993", "amount": "0.10"}
    assert SECRET in shown.detail


def test_a_large_detail_is_not_shown_at_all() -> None:
    codec = answers(TEXT, faults={"{urn:made}Big": element("Big")})
    with pytest.raises(SourceFault) as caught:
        decode(codec, 500, XML, fault11("s:Server", f"<detail><t:Big>{'x' * 5000}</t:Big></detail>"), told=True)
    assert caught.value.extensions == {"faultCode": "Server", "fault": "Big"}


CODES: list[tuple[str, dict[str, str]]] = [
    ("s:Client", {"faultCode": "Client"}), ("s:Client.Auth", {"faultCode": "Client"}),
    ("Server", {"faultCode": "Server"}),
    ("t:OutOfStock", {"faultSubcode": "OutOfStock"}), ("t:db-7.internal", {}), ("unknown:OutOfStock", {}),
    (f"t:{'x' * 65}", {}), ("t:a b", {}), ("", {}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "shown"), CODES)
def test_codes_of_soap_11_are_shown_where_they_are_names(code: str, shown: dict[str, str]) -> None:
    assert fault(fault11(code)).extensions == shown


def test_soap_12_has_subcodes() -> None:
    inside = (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{}</s:Value></s:Subcode></s:Code>"
        f"<s:Reason><s:Text xml:lang='en'>{SECRET}</s:Text></s:Reason><s:Detail>{DETAIL}</s:Detail></s:Fault>"
    )
    shown = fault(reply(inside.format("t:Late"), version="1.2"), version="1.2").extensions
    assert shown == {"faultCode": "Sender", "faultSubcode": "Late", "fault": "Problem"}
    assert "faultSubcode" not in fault(reply(inside.format("t:db-7"), version="1.2")).extensions


def test_the_detail_of_a_header_fault_stands_in_the_header() -> None:
    content = reply(
        f"<s:Fault><faultcode>s:Client</faultcode><faultstring>{SECRET}</faultstring></s:Fault>", header=DETAIL
    )
    assert fault(content).extensions == {"faultCode": "Client", "fault": "Problem"}
