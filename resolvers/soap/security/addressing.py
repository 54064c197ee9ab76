"""WS-Addressing 1.0 (SOAP binding): the header blocks of a request, and whether a reply answers that very request.

Replies come back on the connection that asked; other endpoints are never named.
"""

from __future__ import annotations

import uuid

from lxml import etree

from resolvers.errors import SourceBadResponse
from resolvers.soap.security.header import header_of, must_be_understood
from resolvers.soap.security.names import WSA
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import Element, namespace_of

_REPLY = frozenset({f"{WSA}/reply", ""})


def action_of(codec: OperationCodec) -> str:
    """The action of a request; empty where the description names none."""
    return codec.wsa_action or codec.action


def address(envelope: Element, codec: OperationCodec, to: str) -> str:
    """Adds the blocks; gives the identifier of the message (core specification, section 3.2)."""
    header = header_of(envelope)
    message = f"urn:uuid:{uuid.uuid4()}"
    back = f"{WSA}/{'none' if codec.one_way else 'anonymous'}"
    action = etree.SubElement(header, f"{{{WSA}}}Action", nsmap={"wsa": WSA})
    action.text = action_of(codec)
    must_be_understood(action, envelope)
    for name, text in (("MessageID", message), ("To", to), ("ReplyTo", "")):
        block = etree.SubElement(header, f"{{{WSA}}}{name}", nsmap={"wsa": WSA})
        if text:
            block.text = text
        else:
            etree.SubElement(block, f"{{{WSA}}}Address").text = back
    return message


def check_relation(envelope: Element, message: str) -> None:
    """Looks whether the reply says that it answers ``message``, where it says what it answers.

    Raises:
        SourceBadResponse: it answers another one.
    """
    header = envelope.find(f"{{{namespace_of(envelope.tag)}}}Header")
    related = [] if header is None else header.findall(f"{{{WSA}}}RelatesTo")
    said = [(node.text or "").strip() for node in related if node.get("RelationshipType", "") in _REPLY]
    if said and said != [message]:
        raise SourceBadResponse("the reply says that it answers another request (wsa:RelatesTo)")
