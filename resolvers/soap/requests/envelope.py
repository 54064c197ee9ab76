"""Requests: arguments written into an envelope (SOAP 1.1, document/literal). A caller's values are never quoted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lxml import etree

from resolvers.errors import BadRequest
from resolvers.soap.builtins import NIL, SOAP11, XSD, XSI, XSI_TYPE
from resolvers.soap.lexical import legal, written
from resolvers.soap.shapes import Array, Choice, Complex, Content, Member, Opaque, OperationCodec, Simple
from resolvers.xml import Element, namespace_of


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
        _write_content(parent, member, arguments, member.name)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


@lru_cache(maxsize=4096)
def _own(tag: str) -> dict[str, str] | None:
    space = namespace_of(tag)
    return {"n": space} if space else None


def _write_content(parent: Element, content: Content, values: Mapping[str, object], path: str) -> None:
    if isinstance(content, Member):
        _write_member(parent, content, values, path)
    elif not content.name:
        _write_choice(parent, content, values, path)
    elif values.get(content.name) is not None:
        value = values[content.name]
        for one in value if isinstance(value, list | tuple) and content.many else (value,):
            _write_choice(parent, content, one, path)
    elif content.required:
        raise BadRequest(f"{path} is required")


def _write_choice(parent: Element, choice: Choice, value: object, path: str) -> None:
    """One branch of a choice; an object with each of its elements where it has several."""
    if not isinstance(value, Mapping) or len(value) != 1:
        raise BadRequest(f"{path}: exactly one of the fields is expected")
    (name, below), *_ = value.items()
    branch = next((branch for branch in choice.branches if branch.name == name), None)
    if branch is None:
        raise BadRequest(f"{path} has a field that its type does not have")
    if len(branch.content) == 1:
        _write_content(parent, branch.content[0], {branch.content[0].name: below}, f"{path}.{name}")
        return
    if not isinstance(below, Mapping):
        raise BadRequest(f"{path}.{name}: an object is expected")
    for content in branch.content:
        _write_content(parent, content, below, f"{path}.{name}.{content.name}")


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
        case Array() as array:
            if not isinstance(value, list | tuple):
                raise BadRequest(f"{path}: a list is expected")
            for item in value:
                _write_element(node, array.item, item, path)
        case Opaque(missing=missing):
            if missing:
                raise BadRequest(f"{path} cannot be written: its type is not declared")
            _write_anything(node, value, path)


def _write_complex(node: Element, shape: Complex, value: object, path: str) -> None:
    if not isinstance(value, Mapping):
        raise BadRequest(f"{path}: an object is expected")
    known = {content.name for content in shape.content}
    if "" not in known and value.keys() - known:
        raise BadRequest(f"{path} has a field that its type does not have")
    for content in shape.content:
        _write_content(node, content, value, f"{path}.{content.name}" if content.name else path)


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
            node.set(XSI_TYPE, "xs:boolean")
            node.text = "true" if value else "false"
        case int():
            node.set(XSI_TYPE, "xs:integer")
            node.text = str(value)
        case float():
            node.set(XSI_TYPE, "xs:double")
            node.text = repr(value)
        case str():
            node.set(XSI_TYPE, "xs:string")
            node.text = legal(value, path)
        case _:
            raise BadRequest(f"{path}: a list stands only under a key")
