"""JSON written as elements, where the description declares no type (``xs:anyType``, ``xs:any``).

``@name`` is an attribute, ``#text`` the text; a key is a local name, or ``{namespace}name``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from lxml import etree

from resolvers.soap.builtins import NIL, SOAP11, SOAP12, XOP, XSI, XSI_TYPE
from resolvers.soap.lexical import Unfit, legal
from resolvers.xml import Element

_MOST_DEEP = 90
"""An envelope of ours is never deeper than what we would read ourselves (``resolvers.xml.MAX_DEPTH``)."""

_DECLARED = "a key is the name of what has a field of its own"

_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"
_RESERVED = frozenset({
    SOAP11, SOAP12, XOP, f"{_WSS}secext-1.0.xsd", f"{_WSS}utility-1.0.xsd", "http://www.w3.org/2000/xmlns/",
})  # fmt: skip
"""Namespaces of what speaks of the message: a caller who wrote them could say to whom a part of it is meant, what its
signature covers, or where its bytes are."""


def write_anything(node: Element, value: object) -> None:
    """An ``xs:anyType``: text says its type by ``xsi:type``, an object becomes elements."""
    _write(node, value, typed=True, depth=0)


def write_wildcard(parent: Element, value: object, declared: Collection[str] = ()) -> None:
    """The elements of a wildcard (``xs:any``): an object, whose members are written as children of ``parent``.

    ``declared``: what has a field of its own, with its own type and rules, and is no business of the wildcard.

    Their text says no type, for the service may know one that it was declared with elsewhere.
    """
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise Unfit("an object is expected, whose members are the elements")
    for key in map(str, value) if declared else ():
        if key != "#text" and _tag(key.removeprefix("@")).text in declared:
            raise Unfit(_DECLARED)
    _members(parent, value, typed=False, depth=0)


def _members(node: Element, value: Mapping[object, object], *, typed: bool, depth: int) -> None:
    if depth > _MOST_DEEP:
        raise Unfit("it is nested too deeply")
    for key, below in value.items():
        name = str(key)
        # A key that is no name is not told either: it may hold what not even an error can carry.
        tag = None if name == "#text" else _tag(name.removeprefix("@"))
        try:
            if tag is None:
                node.text = f"{node.text or ''}{_text(below)}"
            elif name.startswith("@"):
                _set(node, tag, _text(below), declared=depth == 0 and not typed)
            else:
                for item in _items(below):
                    _write(etree.SubElement(node, tag), item, typed=typed, depth=depth + 1)
        except Unfit as error:
            raise error.under(name) from None


def _set(node: Element, tag: etree.QName, text: str, *, declared: bool) -> None:
    """Sets an attribute; ``declared``: the type of the element is the description's, and no ``xsi:type`` changes it."""
    if node.get(tag) is not None or (declared and tag.namespace == XSI):
        raise Unfit("an attribute that is set already, or that says which type the element is of")
    node.set(tag, text)


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else (value,)


def _tag(name: str) -> etree.QName:
    try:
        tag = etree.QName(name if name.startswith("{") else None, None if name.startswith("{") else name)
        etree.Element(tag)  # looks at the namespace, which QName does not
    except ValueError:
        raise Unfit("a key is not the name of an element") from None
    if tag.namespace in _RESERVED or tag.text == "xmlns":
        raise Unfit("a key is a name that only the message itself may use")
    return tag


def _write(node: Element, value: object, *, typed: bool, depth: int) -> None:
    if isinstance(value, Mapping):
        _members(node, value, typed=typed, depth=depth)
    elif value is None:
        node.set(NIL, "true")
    else:
        node.text = _text(value)
        if typed:
            node.set(XSI_TYPE, f"xs:{_TYPES[type(value)]}")


_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "double", Decimal: "decimal", str: "string"}


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            if not math.isfinite(value):
                raise Unfit("a finite number is expected")
            return repr(value)
        case Decimal():
            return format(value, "f")
        case str():
            return legal(value)
        case _:
            raise Unfit("text, a number or a boolean is expected here; a list stands only under a key")
