"""The parts of an envelope that header blocks stand in, found or made; what they say is the business of others."""

from __future__ import annotations

import secrets

from lxml import etree

from resolvers.soap.builtins import SOAP11, SOAP12
from resolvers.soap.security.names import ID, SECURITY, WSSE, WSU
from resolvers.xml import Element, namespace_of


def header_of(envelope: Element) -> Element:
    """The header of a request's envelope, made before its body where there is none."""
    tag = f"{{{namespace_of(envelope.tag)}}}Header"
    found = envelope.find(tag)
    if found is None:
        found = etree.Element(tag)
        envelope.insert(0, found)
    return found


def must_be_understood(block: Element, envelope: Element) -> None:
    """``mustUnderstand`` as SOAP 1.1 (section 4.2.3) and SOAP 1.2 (part 1, section 5.2.3) both read it."""
    block.set(f"{{{namespace_of(envelope.tag)}}}mustUnderstand", "1")


def security_of(envelope: Element, *, actor: str | None, must_understand: bool) -> Element:
    """A new, empty ``wsse:Security`` block (WS-Security 1.1.1, section 5)."""
    block = etree.SubElement(header_of(envelope), SECURITY, nsmap={"wsse": WSSE, "wsu": WSU})
    if must_understand:
        must_be_understood(block, envelope)
    if actor is not None:
        space = namespace_of(envelope.tag)
        block.set(f"{{{space}}}{'role' if space == SOAP12 else 'actor'}", actor)
    return block


def identified(node: Element) -> str:
    """The ``wsu:Id`` of an element, given to it where it has none; no two are ever the same."""
    found = node.get(ID)
    if found is None:
        found = f"id-{secrets.token_hex(16)}"
        node.set(ID, found)
    return found


def is_for_us(block: Element) -> bool:
    """False for a block of a reply that names someone on the way as its reader."""
    actor = block.get(f"{{{SOAP11}}}actor") or block.get(f"{{{SOAP12}}}role") or _ULTIMATE
    return actor == _ULTIMATE


_ULTIMATE = f"{SOAP12}/role/ultimateReceiver"
