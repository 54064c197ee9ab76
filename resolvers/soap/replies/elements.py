"""Elements of a reply read whole, each by the shape that is declared for it."""

from __future__ import annotations

from resolvers.errors import SourceBadResponse
from resolvers.soap.builtins import XSI
from resolvers.soap.lexical import value_of
from resolvers.soap.replies.reader import check_nil, is_nil
from resolvers.soap.shapes import Array, Complex, Member, Opaque, Shape, Simple
from resolvers.xml import Element, local, namespace_of


def read_element(node: Element, member: Member, path: str) -> object:
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
        case Array() as array:
            return [read_element(child, array.item, path) for child in node]
        case Opaque():
            return read_anything(node)


def _read_complex(node: Element, shape: Complex, path: str) -> dict[str, object]:
    row = _read_attributes(node, shape, path)
    wildcard: dict[str, object] = {}
    for child in node:
        found = shape.by_tag.get(child.tag)
        if found is None:
            put(wildcard, local(child.tag), read_anything(child))
            continue
        value = read_element(child, found, f"{path}.{found.name}")
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


def read_anything(node: Element) -> object:
    """An element without a declared type as JSON: text, or an object of what it holds."""
    if is_nil(node):
        return None
    attributes = {local(str(name)): value for name, value in node.attrib.items() if namespace_of(str(name)) != XSI}
    if not len(node) and not attributes:
        return node.text or ""
    held: dict[str, object] = {f"@{name}": value for name, value in attributes.items()}
    for child in node:
        put(held, local(child.tag), read_anything(child))
    if node.text and node.text.strip():
        held["#text"] = node.text
    return held


def put(held: dict[str, object], name: str, value: object) -> None:
    if name not in held:
        held[name] = value
        return
    known = held[name]
    if isinstance(known, list):
        known.append(value)
    else:
        held[name] = [known, value]
