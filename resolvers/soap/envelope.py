"""SOAP 1.1 envelopes: arguments written into a request, a reply read into values (document/literal).

Both ways are pure. What a source says in a fault goes into the error's ``detail``, which only the log sees; values of
a caller and requests are never quoted anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from functools import lru_cache

from lxml import etree

from resolvers.errors import (
    BadRequest,
    OutcomeUnknown,
    RateLimited,
    SourceBadResponse,
    SourceFault,
    SourceRejected,
    SourceUnavailable,
)
from resolvers.soap.builtins import XSD, XSI
from resolvers.soap.lexical import legal, value_of, written
from resolvers.soap.reader import NIL, Readers, check_nil, is_nil, says_nil
from resolvers.soap.shapes import Complex, Member, Opaque, OperationCodec, Shape, Simple
from resolvers.source import EVERYTHING, Selection
from resolvers.xml import Element, UnsafeXml, local, namespace_of, parse

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

_TYPE = f"{{{XSI}}}type"
_CODES = frozenset({"Client", "Server", "VersionMismatch", "MustUnderstand", "Sender", "Receiver"})
_LOGGED = 2000


# --- requests ------------------------------------------------------------------------------------------------------


def encode(codec: OperationCodec, arguments: Mapping[str, object]) -> bytes:
    """The envelope of a request, in UTF-8. Elements stand in the schema's order, whatever the arguments' is.

    Raises:
        BadRequest: a required member is missing, a value does not fit its type, or XML cannot carry it.
    """
    envelope = etree.Element(f"{{{SOAP11}}}Envelope", nsmap={"soap": SOAP11, "xsi": XSI, "xs": XSD})
    body = etree.SubElement(envelope, f"{{{SOAP11}}}Body")
    unknown = arguments.keys() - codec.parts.keys()
    if unknown:
        raise BadRequest(f"{codec.name} has no argument {min(unknown)}")
    parent = etree.SubElement(body, codec.wrapper, nsmap=_own(codec.wrapper)) if codec.wrapper else body
    for member in codec.parts.values():
        _write_member(parent, member, arguments, member.name)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


@lru_cache(maxsize=4096)
def _own(tag: str) -> dict[str, str] | None:
    space = namespace_of(tag)
    return {"n": space} if space else None


def _write_member(parent: Element, member: Member, values: Mapping[str, object], path: str) -> None:
    if member.name not in values:
        if member.required:
            raise BadRequest(f"{path} is required")
        return
    value = values[member.name]
    if member.kind == "element" and member.many:
        if not isinstance(value, list | tuple):
            raise BadRequest(f"{path}: a list is expected")
        if member.required and not value:
            raise BadRequest(f"{path} needs at least one item")
        for item in value:
            _write_element(parent, member, item, path)
    elif member.kind == "element":
        _write_element(parent, member, value, path)
    else:
        _write_text(parent, member, value, path)


def _write_text(parent: Element, member: Member, value: object, path: str) -> None:
    """An attribute, or the text of an element that has attributes."""
    if value is None:
        raise BadRequest(f"{path} cannot be null")
    assert isinstance(member.shape, Simple)
    text = written(member.shape, value, path)
    if member.kind == "attribute":
        parent.set(member.tag, text)
    else:
        parent.text = text


def _write_element(parent: Element, member: Member, value: object, path: str) -> None:
    node = etree.SubElement(parent, member.tag, nsmap=_own(member.tag))
    if value is None:
        if not member.nillable:
            raise BadRequest(f"{path} cannot be null")
        node.set(NIL, "true")
        return
    match member.shape:
        case Simple() as simple:
            node.text = written(simple, value, path)
        case Complex() as shape:
            _write_complex(node, shape, value, path)
        case Opaque(missing=missing):
            if missing:
                raise BadRequest(f"{path} cannot be written: its type is not declared")
            _write_anything(node, value, path)


def _write_complex(node: Element, shape: Complex, value: object, path: str) -> None:
    if not isinstance(value, Mapping):
        raise BadRequest(f"{path}: an object is expected")
    members = [member for member in shape.members if member.kind != "any"]
    if value.keys() - {member.name for member in members}:
        raise BadRequest(f"{path} has a field that its type does not have")
    for member in members:
        _write_member(node, member, value, f"{path}.{member.name}")


def _write_anything(node: Element, value: object, path: str) -> None:
    """An xs:anyType: text says its type by xsi:type, an object becomes elements of no namespace."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            for item in below if isinstance(below, list) else (below,):
                try:
                    child = etree.SubElement(node, etree.QName(None, str(name)))
                except ValueError:
                    raise BadRequest(f"{path}: a key is not the name of an element") from None
                _write_anything(child, item, path)
        return
    match value:
        case None:
            node.set(NIL, "true")
        case bool():
            node.set(_TYPE, "xs:boolean")
            node.text = "true" if value else "false"
        case int():
            node.set(_TYPE, "xs:integer")
            node.text = str(value)
        case float():
            node.set(_TYPE, "xs:double")
            node.text = repr(value)
        case str():
            node.set(_TYPE, "xs:string")
            node.text = legal(value, path)
        case _:
            raise BadRequest(f"{path}: a list stands only under a key")


# --- replies -------------------------------------------------------------------------------------------------------


def readers() -> Readers:
    """The readers of one source, none of them made yet."""
    return Readers(_read_element, lambda held, child: _put(held, local(child.tag), _read_anything(child)))


def decode(
    codec: OperationCodec,
    status: int,
    content_type: str,
    body: bytes,
    *,
    repeatable: bool = True,
    selection: Selection = EVERYTHING,
    made: Readers | None = None,
) -> object:
    """The value of a reply: rows are dicts by field name, ``None`` for an operation that answers nothing.

    Of the value only what ``selection`` asks is read and checked, by readers out of ``made``; without them all of it.

    ``repeatable``: a read. For anything else a reply that is no answer of the operation says nothing about what became
    of it: a gateway's error page, a page with status 200 or half an envelope may stand in front of work that was done.

    Raises:
        SourceFault: a fault, whatever the status; or 5xx without one.
        SourceRejected: 4xx without a fault. RateLimited: 429. SourceUnavailable: 503.
        SourceBadResponse: not an envelope, not the element that is declared, or a value that does not fit.
        OutcomeUnknown: what is not ``repeatable`` got neither a fault, nor a refusal (4xx), nor its declared answer.
    """
    media, charset = _media(content_type)
    parts, problem = _open(body, media, charset)
    for part in parts or ():
        if part.tag in {f"{{{SOAP11}}}Fault", f"{{{SOAP12}}}Fault"}:
            raise _fault(codec, part)
    try:
        _check_status(status)
        answer = _answer(codec, parts, problem, empty=not body.strip())
        if answer is None or codec.result is None:
            return None
        if selection.everything or made is None:
            return _read_element(answer, codec.result, codec.result.name)
        nils = says_nil(body, answer.getroottree().docinfo.encoding)
        return made.of(codec.result, selection, nils=nils)(answer)
    except (SourceBadResponse, SourceFault, SourceUnavailable) as error:
        if repeatable:
            raise
        raise OutcomeUnknown(error.detail) from error


def _answer(codec: OperationCodec, parts: list[Element] | None, problem: str, *, empty: bool) -> Element | None:
    """The element that is to be read; ``None`` where there is nothing to read."""
    if codec.result is None and (parts is not None or empty):
        return None
    if parts is None or codec.result is None:
        raise SourceBadResponse(problem)
    if not parts or parts[0].tag != codec.result.tag:
        raise SourceBadResponse(f"the body does not hold the element {local(codec.result.tag)} that is declared")
    if isinstance(codec.result.shape, Complex) and not codec.result.shape.members:
        return None
    if is_nil(parts[0]) and not codec.result.nillable:
        raise SourceBadResponse(f"the element {local(codec.result.tag)} is nil, which is not declared")
    return parts[0]


@lru_cache(maxsize=256)
def _media(content_type: str) -> tuple[str, str | None]:
    """The media type without parameters, and its ``charset``."""
    message = Message()
    message["Content-Type"] = content_type
    charset = message.get_param("charset")
    return content_type.partition(";")[0].strip().lower(), charset if isinstance(charset, str) else None


def _open(body: bytes, media: str, charset: str | None) -> tuple[list[Element] | None, str]:
    """The elements inside the envelope's body; or ``None`` and what is wrong with the reply."""
    if not body.strip():
        return None, "the reply is empty"
    try:
        root = parse(body, charset=charset)
    except UnsafeXml as error:
        return None, f"the reply is no XML that is accepted ({media or 'no media type'}): {error}"
    return _body_of(root), f"the reply is no SOAP envelope ({media or 'no media type'})"


def _check_status(status: int) -> None:
    if status == 503:
        raise SourceUnavailable("the source answered 503")
    if status == 429:
        raise RateLimited("the source answered 429")
    if status >= 500:
        raise SourceFault(f"the source answered {status} without a fault")
    if status >= 400:
        raise SourceRejected(f"the source answered {status}", extensions={"status": status})
    if not 200 <= status < 300:
        raise SourceBadResponse(f"the source answered {status}")


def _body_of(root: Element) -> list[Element] | None:
    if root.tag not in {f"{{{SOAP11}}}Envelope", f"{{{SOAP12}}}Envelope"}:
        return None
    body = root.find(f"{{{namespace_of(root.tag)}}}Body")
    return None if body is None else list(body)


def _read_element(node: Element, member: Member, path: str) -> object:
    if is_nil(node):
        check_nil(node, path)
        return None
    match member.shape:
        case Simple() as simple:
            if len(node):
                raise SourceBadResponse(f"{path}: elements where text is declared")
            return value_of(simple, node.text or "", path)
        case Complex() as shape:
            return _read_complex(node, shape, path)
        case Opaque():
            return _read_anything(node)


def _read_complex(node: Element, shape: Complex, path: str) -> dict[str, object]:
    row = _read_attributes(node, shape, path)
    wildcard: dict[str, object] = {}
    for child in node:
        found = shape.by_tag.get(child.tag)
        if found is None:
            _put(wildcard, local(child.tag), _read_anything(child))
            continue
        value = _read_element(child, found, f"{path}.{found.name}")
        if found.many:
            items = row[found.name]
            assert isinstance(items, list)
            items.append(value)
        elif found.name in row:
            raise SourceBadResponse(f"{path}.{found.name}: more than one where one is declared")
        else:
            row[found.name] = value
    for member in shape.members:
        if member.kind == "any" and wildcard:
            row[member.name] = wildcard
    return row


def _read_attributes(node: Element, shape: Complex, path: str) -> dict[str, object]:
    """What an element holds besides elements, and an empty list for each element that may be repeated."""
    row: dict[str, object] = {}
    for member in shape.members:
        if member.kind == "element" and member.many:
            row[member.name] = []
        elif member.kind in {"attribute", "value"}:
            text = node.get(member.tag) if member.kind == "attribute" else node.text or ""
            if text is not None:
                row[member.name] = _read_text(member.shape, text, f"{path}.{member.name}")
    return row


def _read_text(shape: Shape, text: str, path: str) -> object:
    return value_of(shape, text, path) if isinstance(shape, Simple) else text


def _read_anything(node: Element) -> object:
    """An element without a declared type as JSON: text, or an object of what it holds."""
    if is_nil(node):
        return None
    attributes = {local(str(name)): value for name, value in node.attrib.items() if namespace_of(str(name)) != XSI}
    if not len(node) and not attributes:
        return node.text or ""
    held: dict[str, object] = {f"@{name}": value for name, value in attributes.items()}
    for child in node:
        _put(held, local(child.tag), _read_anything(child))
    if node.text and node.text.strip():
        held["#text"] = node.text
    return held


def _put(held: dict[str, object], name: str, value: object) -> None:
    if name not in held:
        held[name] = value
        return
    known = held[name]
    if isinstance(known, list):
        known.append(value)
    else:
        held[name] = [known, value]


# --- faults --------------------------------------------------------------------------------------------------------


def _fault(codec: OperationCodec, fault: Element) -> SourceFault:
    """A fault of SOAP 1.1 (section 4.4) or 1.2 (part 1, section 5.4) as an error."""
    space = namespace_of(fault.tag)
    if space == SOAP12:
        code = fault.findtext(f"{{{space}}}Code/{{{space}}}Value", "")
        text = fault.findtext(f"{{{space}}}Reason/{{{space}}}Text", "")
        detail = fault.find(f"{{{space}}}Detail")
    else:
        code, text, detail = fault.findtext("faultcode", ""), fault.findtext("faultstring", ""), fault.find("detail")
    extensions: dict[str, object] = {}
    short = code.strip().rpartition(":")[2].partition(".")[0]
    if short in _CODES:
        extensions["faultCode"] = short
    said = f"fault {short}: {' '.join(text.split())}"
    for child in detail if detail is not None else ():
        member = codec.faults.get(child.tag)
        if member is not None:
            extensions["fault"] = member.name
            try:
                said += f"; {member.name}: {_read_element(child, member, member.name)}"
            except SourceBadResponse:
                said += f"; {member.name}: does not fit its declaration"
            break
    return SourceFault(said[:_LOGGED], extensions=extensions)
