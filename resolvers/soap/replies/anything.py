"""Elements of no declared type as JSON: ``@name`` for attributes, ``#text`` for text beside them, lists for repetition.

Where an element says its type by ``xsi:type`` and that is one of XML Schema's own, the value is of that type.
"""

from __future__ import annotations

from collections.abc import Callable

from resolvers.errors import SourceBadResponse
from resolvers.model import Scalar
from resolvers.soap.builtins import APACHE, BUILTINS, SOAP_ENCODING, XSDS, XSI, XSI_TYPE
from resolvers.soap.lexical import Convert, reads
from resolvers.soap.replies.reading import Reading, is_nil, qualified
from resolvers.soap.shapes import Simple
from resolvers.xml import Element, local, namespace_of

_EXACT = 2**53
"""Greater whole numbers are told as text: a reader of JSON may hold numbers as floats."""
_UNDECLARED = frozenset({"id", "href"})


def read_anything(node: Element, reading: Reading) -> object:
    """One element: text, or an object of what it holds."""
    if is_nil(node):
        return None
    target = reading.target(node)
    if target is not None:
        return reading.once(target, read_anything)
    attached = reading.attached(node)
    if attached is not None:
        return attached
    said = node.get(XSI_TYPE)
    typed = None if said is None else _TYPED.get(qualified(node, said))
    if typed is not None:
        return typed(node, reading)
    return _untyped(node, reading)


def _untyped(node: Element, reading: Reading) -> object:
    held: dict[str, object] = {}
    for name, value in attributes(node):
        if reading.targets is None or name not in _UNDECLARED:
            held[f"@{name}"] = value
    if not len(node) and not held:
        return node.text or ""
    for child in node:
        put(held, child, reading)
    text = "".join([node.text or "", *(child.tail or "" for child in node)])
    if text.strip():
        held["#text"] = text
    return held


def attributes(node: Element) -> list[tuple[str, str]]:
    """The local names and values of an element's attributes, what speaks of the message itself left out."""
    return [
        (local(str(name)), str(value))
        for name, value in node.attrib.items()
        if namespace_of(str(name)) not in {XSI, SOAP_ENCODING} and not str(name).endswith("}encodingStyle")
    ]


def put(held: dict[str, object], child: Element, reading: Reading) -> None:
    """Adds an element to what is held, by its local name; those of one name become a list."""
    name, value = local(child.tag), read_anything(child, reading)
    if name not in held:
        held[name] = value
        return
    known = held[name]
    if isinstance(known, list):
        known.append(value)
    else:
        held[name] = [known, value]


def _list(node: Element, reading: Reading) -> object:
    return [read_anything(child, reading) for child in node]


def _map(node: Element, reading: Reading) -> object:
    entries = [{local(part.tag): read_anything(part, reading) for part in child} for child in node]
    return [{"key": entry.get("key"), "value": entry.get("value")} for entry in entries]


def _scalar(name: str) -> Callable[[Element, Reading], object]:
    scalar = BUILTINS[name]
    convert: Convert = reads(Simple(scalar, name))

    def read(node: Element, reading: Reading) -> object:
        if len(node):
            return _untyped(node, reading)
        text = node.text or ""
        try:
            value = convert(text)
        except SourceBadResponse:
            return text
        if scalar is Scalar.DECIMAL or (isinstance(value, int) and abs(value) > _EXACT):
            return text.strip()
        return value

    return read


_TYPED = {
    **{f"{{{space}}}{name}": _scalar(name) for name in BUILTINS for space in (*XSDS, SOAP_ENCODING)},
    f"{{{SOAP_ENCODING}}}Array": _list,
    f"{{{APACHE}}}Map": _map,
    f"{{{APACHE}}}Vector": _list,
}
