"""Signatures that are true, and are not over what is read: the attacks of XML signature wrapping, and their kin."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from resolvers.xml import Element
from tests.soap.security.billing import DS, INVOICES, SOAP, WSU
from tests.soap.security.pki import Signatory
from tests.soap.security.signed import NS, by_zeep, outcome, refused

FORGED = INVOICES.replace(">A<", ">FORGED<")


def _body(root: Element) -> Element:
    found = root.find("s:Body", NS)
    assert found is not None
    return found


def _header(root: Element) -> Element:
    found = root.find("s:Header", NS)
    assert found is not None
    return found


def _security(root: Element) -> Element:
    found = root.find(".//wsse:Security", NS)
    assert found is not None
    return found


def _moved_to(root: Element, parent: Element, forged_id: str | None) -> Element:
    """The signed body is put below ``parent``, and a forged one in its place."""
    genuine = _body(root)
    forged = etree.Element(f"{{{SOAP}}}Body")
    forged.append(etree.fromstring(FORGED))
    if forged_id is not None:
        forged.set(f"{WSU}Id", forged_id)
    root.replace(genuine, forged)
    parent.append(genuine)
    return root


def wrapped_in_the_header(root: Element) -> Element:
    return _moved_to(root, etree.SubElement(_header(root), "Wrapper"), "another")


def wrapped_with_the_same_identifier(root: Element) -> Element:
    identifier = _body(root).get(f"{WSU}Id")
    return _moved_to(root, etree.SubElement(_header(root), "Wrapper"), identifier)


def wrapped_with_an_identifier_of_xml(root: Element) -> Element:
    identifier = _body(root).get(f"{WSU}Id", "")
    found = _moved_to(root, etree.SubElement(_header(root), "Wrapper"), None)
    _body(found).set("{http://www.w3.org/XML/1998/namespace}id", identifier)
    return found


def wrapped_in_an_object_of_the_signature(root: Element) -> Element:
    signature = _security(root).find("ds:Signature", NS)
    assert signature is not None
    return _moved_to(root, etree.SubElement(signature, f"{DS}Object"), None)


def wrapped_in_the_forged_body(root: Element) -> Element:
    found = _moved_to(root, etree.SubElement(root, "Wrapper"), None)
    _body(found).append(found[-1])
    return found


def a_second_body(root: Element) -> Element:
    forged = copy.deepcopy(_body(root))
    forged.attrib.clear()
    root.insert(1, forged)
    return root


def a_second_header(root: Element) -> Element:
    root.insert(0, etree.Element(f"{{{SOAP}}}Header"))
    return root


def a_second_security(root: Element) -> Element:
    _header(root).append(copy.deepcopy(_security(root)))
    return root


def an_old_timestamp_moved_away(root: Element) -> Element:
    security = _security(root)
    genuine = security.find("wsu:Timestamp", NS)
    assert genuine is not None
    fresh = copy.deepcopy(genuine)
    fresh.attrib.clear()
    security.replace(genuine, fresh)
    etree.SubElement(_header(root), "Wrapper").append(genuine)
    return root


def without_the_reference_to_the_body(root: Element) -> Element:
    identifier = _body(root).get(f"{WSU}Id")
    for reference in root.iterfind(".//ds:Reference", NS):
        if reference.get("URI") == f"#{identifier}":
            reference.getparent().remove(reference)  # type: ignore[union-attr]
    return root


def of_the_whole_document(root: Element) -> Element:
    for reference in root.iterfind(".//ds:Reference", NS):
        reference.set("URI", "")
    return root


def with_a_transform(algorithm: str) -> Callable[[Element], Element]:
    def change(root: Element) -> Element:
        for transform in root.iterfind(".//ds:Transform", NS):
            transform.set("Algorithm", algorithm)
        return root

    return change


def with_a_secret_that_all_know(root: Element) -> Element:
    method = root.find(".//ds:SignatureMethod", NS)
    assert method is not None
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
    return root


def for_someone_on_the_way(root: Element) -> Element:
    _security(root).set(f"{{{SOAP}}}actor", "urn:proxy")
    return root


def with_a_token_elsewhere(root: Element) -> Element:
    token = _security(root).find("wsse:BinarySecurityToken", NS)
    assert token is not None
    _header(root).append(token)
    return root


ATTACKS = [
    wrapped_in_the_header, wrapped_with_the_same_identifier, wrapped_with_an_identifier_of_xml,
    wrapped_in_an_object_of_the_signature, wrapped_in_the_forged_body, a_second_body, a_second_header,
    a_second_security, an_old_timestamp_moved_away, without_the_reference_to_the_body, of_the_whole_document,
    with_a_transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
    with_a_transform("http://www.w3.org/TR/1999/REC-xpath-19991116"),
    with_a_transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
    with_a_secret_that_all_know, for_someone_on_the_way, with_a_token_elsewhere,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_a_true_signature_over_something_else_is_no_signature(
    room: Path, theirs: Signatory, attack: Callable[[Element], Element]
) -> None:
    await outcome(room, by_zeep(theirs))
    await refused(room, attack(by_zeep(theirs)))


async def test_a_signature_that_refers_to_nothing_is_not_believed(room: Path, theirs: Signatory) -> None:
    root = by_zeep(theirs)
    for reference in root.iterfind(".//ds:Reference", NS):
        reference.set("URI", "#gone")
    assert "not in it" in await refused(room, root)
