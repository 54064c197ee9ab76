"""Messages of WSDL 1.1 read into what a request holds and a reply is read as, by the style and use of the binding.

It follows WSDL 1.1, section 3 (the SOAP binding) and 5 (MIME). Which binding is obeyed was decided before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from resolvers.model import LeftOut, Scalar
from resolvers.naming import Naming
from resolvers.soap.builtins import WSDL
from resolvers.soap.operations.bindings import SOAP, SOAP12, Bound, RefusedError, extension
from resolvers.soap.operations.definitions import Definitions, place_in
from resolvers.soap.schemas.declarations import is_true, qname
from resolvers.soap.schemas.types import Types
from resolvers.soap.shapes import Attachment, Complex, Member, Opaque, Simple
from resolvers.xml import Element, local

MIME = "http://schemas.xmlsoap.org/wsdl/mime/"
_PART = f"{{{WSDL}}}part"
_REQUIRED = f"{{{WSDL}}}required"


@dataclass(slots=True)
class Message:
    """One direction of an operation. ``parts``: those of the body, in order; ``namespace``: of its wrapper in RPC."""

    parts: list[Member] = field(default_factory=list)
    headers: dict[str, Member] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)
    faults: list[Member] = field(default_factory=list)
    namespace: str = ""
    encoded: bool = False


class Messages:
    """Reads the messages of operations; shapes of their parts are asked of ``types``, and settled by the caller."""

    def __init__(self, definitions: Definitions, types: Types) -> None:
        self._definitions = definitions
        self._types = types
        self.fallbacks: list[LeftOut] = []
        """Replies that are JSON because their element is declared nowhere."""

    def read(self, bound: Bound, abstract: Element, direction: str, *, rpc: bool) -> Message:
        """What an operation's input or output is; an empty message where there is none.

        Raises:
            RefusedError: it cannot be read or written.
        """
        node = abstract.find(f"{{{WSDL}}}{direction}")
        if node is None:
            return Message()
        message, document = self._message(node, node.get("message", ""))
        parts = list(message.iterchildren(_PART))
        said = bound.node.find(f"{{{WSDL}}}{direction}")
        result = Message()
        if said is None:
            ordered = self._ordered(parts, abstract, rpc=rpc)
            result.parts = [self._part(part, document, bound, direction, rpc=rpc, encoded=False) for part in ordered]
            return result
        related = next(iter(said.iterchildren(f"{{{MIME}}}multipartRelated")), None)
        places = [said] if related is None else [said, *related.iterchildren(f"{{{MIME}}}part")]
        body = next((found for place in places if (found := extension(place, "body")) is not None), None)
        attached = self._attached(related, parts)
        own: set[str] = set()
        for place in places:
            for header in place.iterchildren(*_tags("header")):
                block = self._header(header, result, message)
                if block:
                    own.add(block)
        only = body.get("parts") if body is not None else None
        kept = [part for part in parts if part.get("name") not in attached]
        if only is not None:
            kept = [part for part in kept if part.get("name") in only.split()]
        elif not rpc and len(kept) > 1:  # parts that go into headers are not sent a second time
            kept = [part for part in kept if part.get("name") not in own]
        if body is not None:
            result.encoded = body.get("use") == "encoded"
            result.namespace = body.get("namespace", "")
        result.attachments = attached
        if (
            any(local(child.tag) == "content" and child.tag.startswith(f"{{{MIME}}}") for child in said)
            and body is None
        ):
            raise RefusedError(f"its {direction} is no SOAP message but a MIME content", said)
        ordered = self._ordered(kept, abstract, rpc=rpc)
        result.parts = [
            self._part(part, document, bound, direction, rpc=rpc, encoded=result.encoded) for part in ordered
        ]
        return result

    def _message(self, node: Element, written: str) -> tuple[Element, str]:
        tag = qname(node, written)
        found = self._definitions.find("message", tag)
        if found is None:
            raise RefusedError(f"the message {local(tag)} is declared nowhere", node)
        return found

    def _ordered(self, parts: list[Element], abstract: Element, *, rpc: bool) -> list[Element]:
        """The parts as ``parameterOrder`` has them (section 2.4.6), those it does not name behind."""
        order = abstract.get("parameterOrder", "").split() if rpc else []
        places = {name: place for place, name in enumerate(order)}
        return sorted(parts, key=lambda part: places.get(part.get("name", ""), len(places)))

    def _part(self, part: Element, document: str, bound: Bound, direction: str, *, rpc: bool, encoded: bool) -> Member:
        name = part.get("name", "")
        written, typed = part.get("element"), part.get("type")
        if written is not None:
            tag = qname(part, written)
            member = self._types.element(tag)
            if member is None and direction == "input":
                raise RefusedError(f"the element {local(tag)} is declared nowhere", part)
            if member is None:
                reason = f"the element {local(tag)} is declared nowhere: its reply is read as JSON"
                note = LeftOut(bound.name, reason, place_in(part, document), degraded=True)
                self.fallbacks.append(note)
                member = Member(local(tag), tag, Opaque(tag), place=note.place)
            return replace(member, name=name) if rpc else member
        if typed is None:
            raise RefusedError(f"the part {name} has neither an element nor a type", part)
        tag = qname(part, typed)
        shape = self._types.type_named(tag)
        return Member(name, name, shape, nillable=encoded, type_tag=tag, place=place_in(part, document))

    def _attached(self, related: Element | None, parts: list[Element]) -> dict[str, Attachment]:
        """The parts that travel as MIME parts of their own, each with the media types that it may be of."""
        media: dict[str, list[str]] = {}
        for place in related.iterchildren(f"{{{MIME}}}part") if related is not None else ():
            for content in place.iterchildren(f"{{{MIME}}}content", f"{{{MIME}}}mimeXml"):
                kind = content.get("type", "text/xml" if local(content.tag) == "mimeXml" else "")
                media.setdefault(content.get("part", ""), []).append(kind)
        names = [part.get("name", "") for part in parts]
        return {
            name: Attachment(name, name, tuple(each for each in media[name] if each and each != "*/*"))
            for name in names
            if name in media
        }

    def _header(self, node: Element, result: Message, message: Element) -> str:
        """Takes in a header block; gives the part of this message that it is, if it is of this one."""
        wanted = node.get("message")
        found = self._definitions.find("message", qname(node, wanted)) if wanted else (message, "")
        part = _named_part(found[0], node.get("part", "")) if found is not None else None
        member = self._detail(part) if part is not None and found is not None else None
        if member is None:
            what = node.get("part", "") or local(wanted or "")
            raise RefusedError(f"its header {what} is declared nowhere", node)
        name = member.name
        if name in {part.get("name") for part in message} or name in result.headers:
            name = name if name.lower().endswith("header") else f"{name}Header"
        result.headers[name] = replace(member, name=name, required=is_true(node.get(_REQUIRED)))
        for fault in node.iterchildren(*_tags("headerfault")):
            told = self._definitions.find("message", qname(fault, fault.get("message", "")))
            inner = _named_part(told[0], fault.get("part", "")) if told is not None else None
            detail = self._detail(inner) if inner is not None else None
            if detail is not None:
                result.faults.append(detail)
        assert found is not None
        return node.get("part", "") if found[0] is message else ""

    def _detail(self, part: Element) -> Member | None:
        """A part as a header block or the detail of a fault; ``None`` where its element is declared nowhere."""
        written = part.get("element")
        if written is not None:
            return self._types.element(qname(part, written))
        typed = part.get("type")
        name = part.get("name", "")
        if typed is None:
            return None
        tag = qname(part, typed)
        return Member(name, name, self._types.type_named(tag), type_tag=tag)

    def faults(self, abstract: Element, document: str) -> Iterator[Member]:
        """The details of the faults that an operation declares, all their parts."""
        for node in abstract.iterchildren(f"{{{WSDL}}}fault"):
            message = self._definitions.find("message", qname(node, node.get("message", "")))
            parts = list(message[0].iterchildren(_PART)) if message is not None else []
            details = [self._detail(part) for part in parts]
            if not details or None in details:
                name = node.get("name", "fault")
                self._definitions.miss(name, "the detail of this fault is declared nowhere", node, document)
            yield from (detail for detail in details if detail is not None)

    def together(self, name: str, parts: Mapping[str, Member], place: Element, document: str) -> Complex:
        """A type that holds the parts of a reply, for which no schema declares one."""
        called = self._types.names.take(name)
        members = tuple(parts.values())
        shape = Complex(
            called, members, members, naming=Naming(f"message {name}", (name,)), place=place_in(place, document)
        )
        shape.by_tag = {member.tag: member for member in members}
        return shape


def attached_field(attachment: Attachment) -> Member:
    """An attachment as a field of a reply."""
    shape = Simple(Scalar.BASE64, "base64Binary")
    told = f"An attachment: {', '.join(attachment.media)}" if attachment.media else "An attachment"
    return Member(attachment.name, "", shape, required=False, nillable=True, description=told)


def _named_part(message: Element, name: str) -> Element | None:
    parts = list(message.iterchildren(_PART))
    return next((part for part in parts if part.get("name") == name), parts[0] if len(parts) == 1 else None)


def _tags(name: str) -> tuple[str, str]:
    return f"{{{SOAP}}}{name}", f"{{{SOAP12}}}{name}"
