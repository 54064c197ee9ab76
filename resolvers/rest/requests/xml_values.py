"""Values in XML by the ``xml`` words of their schemas (OpenAPI 3.1 section 4.8.26): written, and read into JSON.

What is read goes the way of every JSON reply from there on. Parsing is ``resolvers/xml.py``'s, which takes no document
type and no entity. lxml is imported by sources that speak XML only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from resolvers.errors import BadRequest, SourceBadResponse
from resolvers.rest.requests.plain import plain
from resolvers.rest.requests.styles import as_json
from resolvers.rest.shapes import XmlShape
from resolvers.xml import Element, UnsafeXml, local, parse

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_MAX_DIGITS = 1000


def to_xml(value: object, shape: XmlShape) -> bytes:
    """A body, in UTF-8 with its declaration.

    Raises:
        BadRequest: the value has another shape, or holds characters that XML cannot.
    """
    try:
        root = etree.Element(_tag(shape, shape.name), nsmap=_prefixes(shape))
        _write(root, value, shape)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    except (ValueError, RecursionError) as error:
        raise BadRequest("a value that XML cannot say") from error


def _tag(shape: XmlShape, name: str) -> str:
    return f"{{{shape.namespace}}}{name}" if shape.namespace else name


def _prefixes(shape: XmlShape) -> Any:  # lxml's stubs know no default namespace, whose prefix is None
    return {shape.prefix or None: shape.namespace} if shape.namespace else None


def _write(into: Element, value: object, shape: XmlShape) -> None:
    if value is None:
        into.set(_NIL, "true")
    elif shape.item is not None:
        for item in value if isinstance(value, list | tuple) else [value]:
            below = etree.SubElement(into, _tag(shape.item, shape.item.name), nsmap=_prefixes(shape.item))
            _write(below, item, shape.item)
    elif shape.members:
        if not isinstance(value, Mapping):
            raise BadRequest("an object is needed where XML has elements")
        for name, below_shape in shape.members.items():
            if value.get(name) is not None:
                _member(into, value[name], below_shape)
    else:
        into.text = plain(value)


def _member(into: Element, value: object, shape: XmlShape) -> None:
    if shape.attribute:
        into.set(_tag(shape, shape.name), plain(value))
        return
    listed = shape.item is not None and not shape.wrapped
    one = shape.item if listed and shape.item is not None else shape
    for item in value if listed and isinstance(value, list | tuple) else [value]:
        _write(etree.SubElement(into, _tag(one, one.name), nsmap=_prefixes(one)), item, one)


def to_json(body: bytes, charset: str, shape: XmlShape) -> bytes:
    """A reply as the JSON that its schema describes.

    Raises:
        SourceBadResponse: it is not XML, XML of a refused kind, or has another root.
    """
    try:
        root = parse(body, charset=charset or None)
    except UnsafeXml as error:
        raise SourceBadResponse(f"the reply: {error}") from error
    if local(str(root.tag)) != shape.name:
        raise SourceBadResponse("the reply has another root element than was declared")
    return as_json(_read(root, shape))


def _read(node: Element, shape: XmlShape) -> object:
    if node.get(_NIL) in {"true", "1"}:
        return None
    if shape.item is not None:
        return [_read(child, shape.item) for child in node if local(str(child.tag)) == shape.item.name]
    if shape.members:
        found = {name: _found(node, below) for name, below in shape.members.items()}
        return {name: value[0] for name, value in found.items() if value}
    if len(node):
        raise SourceBadResponse("elements where a text was declared")
    return _scalar(node.text or "", shape.kind)


def _found(node: Element, shape: XmlShape) -> list[object]:
    """The value of a member in a list, which is empty where it is absent."""
    if shape.attribute:
        given = node.get(_tag(shape, shape.name))
        return [] if given is None else [_scalar(given, shape.kind)]
    if shape.item is not None and not shape.wrapped:
        item = shape.item
        # Nothing tells a list that is absent from one that is empty.
        return [[_read(child, item) for child in node if local(str(child.tag)) == item.name]]
    children = [child for child in node if local(str(child.tag)) == shape.name]
    if len(children) > 1:
        raise SourceBadResponse("one element was declared, and several came")
    return [_read(child, shape) for child in children]


def _scalar(text: str, kind: str) -> object:
    if kind == "string":
        return text
    told = text.strip()
    if kind == "boolean" and told in _BOOLEANS:
        return _BOOLEANS[told]
    if kind in {"integer", "number"} and len(told) <= _MAX_DIGITS and _NUMBER.fullmatch(told):
        return int(told) if told.lstrip("-").isdecimal() else Decimal(told)
    raise SourceBadResponse(f"the text of an element is no {kind}")
