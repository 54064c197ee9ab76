"""Values held against XML, value by value: what was read of an element must be all that it says, and nothing else.

It knows no schema and no shape: names are matched by their letters and digits, so it serves rows of a source and
answers in GraphQL alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from anyascii import anyascii
from lxml import etree

from tests.soap_interop.instances import NIL, TYPE, XSI
from tests.soap_interop.schemas import Node

_MOMENT = re.compile(
    r"(?P<clock>(?:-?\d{4,}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?|\d\d:\d\d:\d\d))(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?"
)
TYPENAMES = ("__typename", "__type")


def flat(name: str) -> str:
    """A name as its letters and digits: how it is spelled in a schema of GraphQL is another's business."""
    return re.sub("[^a-z0-9]", "", anyascii(name).lower())


def differences(node: Node, value: object, path: str = "") -> list[str]:
    """Where ``value`` says something else than the element ``node``, as sentences."""
    path = path or etree.QName(node).localname
    if node.get(NIL, "").strip() in {"true", "1"}:
        return [] if _nothing(value) or _only_attributes(node, value) else [f"{path}: nil is {value!r}"]
    children = [child for child in node if isinstance(child.tag, str)]
    if isinstance(value, Mapping):
        return _object(node, children, value, path)
    if isinstance(value, list | tuple):
        return _items(children, list(value), path) if children else _scalar(node.text or "", value, path)
    if not children and not (attributes(node) and value is not None and not isinstance(value, str)):
        return _scalar(node.text or "", value, path)
    return [f"{path}: {value!r} for an element that holds others"]


def leaves(node: Node) -> int:
    """How many values an element says: texts and attributes."""
    return sum((not len(item)) + len(attributes(item)) for item in node.iter())


def attributes(node: Node) -> dict[str, str]:
    return {str(name): str(text) for name, text in node.attrib.items() if not str(name).startswith(f"{{{XSI}}}")}


def _nothing(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, Mapping) and all(map(_nothing, value.values())))


def _only_attributes(node: Node, value: object) -> bool:
    return isinstance(value, Mapping) and len(attributes(node)) == sum(not _nothing(item) for item in value.values())


def _object(node: Node, children: list[Node], value: Mapping[str, object], path: str) -> list[str]:
    found: list[str] = []
    open_fields = {name: item for name, item in value.items() if name not in TYPENAMES}
    said = next((value[name] for name in TYPENAMES if name in value), None)
    if node.get(TYPE) and said is not None and flat(node.get(TYPE, "").rpartition(":")[2]) not in flat(str(said)):
        found.append(f"{path}: {said} for xsi:type {node.get(TYPE)}")
    for name, text in attributes(node).items():
        local = etree.QName(name).localname
        field = _field(open_fields, (local + "Attribute", local, "@" + local))
        if field is None:
            found.append(f"{path}: the attribute {local} is lost")
        else:
            found += _scalar(text, open_fields.pop(field), f"{path}.{field}")
    groups: dict[str, list[Node]] = {}
    for child in children:
        groups.setdefault(child.tag, []).append(child)
    strange: list[Node] = []
    for tag, same in groups.items():
        local = etree.QName(tag).localname
        field = _field(open_fields, (local,))
        if field is None:
            strange += same
            continue
        item = open_fields.pop(field)
        below = f"{path}.{field}"
        if isinstance(item, list | tuple):
            found += _listed(same, list(item), below)
        elif len(same) == 1:
            found += differences(same[0], item, below)
        else:
            found.append(f"{below}: {item!r} for {len(same)} elements")
    found += _wildcard(strange, open_fields, path)
    text = node.text or ""
    if not children and text:
        field = _field(open_fields, ("value", "text"))
        found += [f"{path}: its text is lost"] if field is None else _scalar(text, open_fields.pop(field), path)
    found += [f"{path}.{name}: {item!r} out of nowhere" for name, item in open_fields.items() if not _empty(name, item)]
    return found


def _empty(name: str, item: object) -> bool:
    return _nothing(item) or (flat(name) == "value" and item == "")


def _listed(nodes: list[Node], items: list[object], path: str) -> list[str]:
    """A list is the elements of one tag, or what one element holds (an array, or items parted by white space)."""
    found = _items(nodes, items, path)
    if found and len(nodes) == 1:
        inside = _items(list(nodes[0]), items, path) if len(nodes[0]) else _scalar(nodes[0].text or "", items, path)
        found = inside and found
    return found


def _wildcard(strange: list[Node], fields: dict[str, object], path: str) -> list[str]:
    if not strange:
        return []
    field = _field(fields, ("any", "anyOther"))
    held = fields.pop(field) if field is not None else None
    if not isinstance(held, Mapping):
        return [f"{path}: {etree.QName(strange[0]).localname} is lost"]
    around = etree.Element("any")
    for child in strange:
        inner = etree.SubElement(around, etree.QName(child).localname)
        inner.text = child.text
        inner.extend(list(child))
    return _object(around, list(around), held, f"{path}.{field}")


def _items(nodes: list[Node], items: list[object], path: str) -> list[str]:
    if len(nodes) != len(items):
        return [f"{path}: {len(items)} items of {len(nodes)}"]
    return [
        difference
        for index, (node, item) in enumerate(zip(nodes, items, strict=True))
        for difference in differences(node, item, f"{path}.{index}")
    ]


def _field(fields: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    """The field that is called so; one with a number behind it only where no other is."""
    for name in names:
        for exact in (lambda field, name=name: field == name, lambda field, name=name: flat(field) == flat(name)):
            for field in fields:
                if exact(field):
                    return field
    for name in names:
        for field in fields:
            if re.fullmatch(re.escape(flat(name)) + r"\d", flat(field)):
                return field
    return None


def _scalar(text: str, value: object, path: str) -> list[str]:
    if isinstance(value, list | tuple):
        words = text.split()
        if len(words) != len(value):
            return [f"{path}: {len(value)} items of {len(words)}"]
        return [found for word, item in zip(words, value, strict=True) for found in _scalar(word, item, path)]
    return [] if _same(text, value) else [f"{path}: {value!r} for {text!r}"]


def _same(text: str, value: object) -> bool:
    if isinstance(value, bool):
        return text.strip() in ({"true", "1"} if value else {"false", "0"})
    if isinstance(value, int | float | Decimal):
        try:
            return Decimal(text.strip()) == (Decimal(repr(value)) if isinstance(value, float) else value)
        except InvalidOperation:
            return False
    if value is None:
        return False
    written = str(value)
    if written == text or (flat(written) == flat(text) != "" and re.fullmatch("[A-Za-z_0-9]+", written) is not None):
        return True
    if _MOMENT.fullmatch(written):
        return canonical(written) == canonical(text)
    try:
        return Decimal(written) == Decimal(text.strip())
    except InvalidOperation:
        return False


def unlike(one: Node, other: Node, path: str = "") -> list[str]:
    """Where two elements say different things, as sentences; the order of elements with different tags is not looked
    at, nor how a number or a truth is spelled.
    """
    path = path or etree.QName(one).localname
    found: list[str] = []
    mine, theirs = attributes(one), attributes(other)
    found += [f"{path}@{name}" for name in mine.keys() ^ theirs.keys()]
    found += [f"{path}@{name}: {theirs[name]!r} for {text!r}" for name, text in mine.items() if not _alike(text, theirs.get(name, text))]
    if (one.get(NIL) or "false") in {"1", "true"} or (other.get(NIL) or "false") in {"1", "true"}:
        return found if one.get(NIL) and other.get(NIL) else [*found, f"{path}: nil"]
    if not len(one) and not len(other):
        return found if _alike(one.text or "", other.text or "") else [*found, f"{path}: {other.text!r} for {one.text!r}"]
    groups: dict[str, tuple[list[Node], list[Node]]] = {}
    for side, node in enumerate((one, other)):
        for child in node:
            groups.setdefault(child.tag, ([], []))[side].append(child)
    for tag, (left, right) in groups.items():
        below = f"{path}.{etree.QName(tag).localname}"
        if len(left) != len(right):
            found.append(f"{below}: {len(right)} of {len(left)}")
        for first, second in zip(left, right, strict=False):
            found += unlike(first, second, below)
    return found


def _alike(one: str, other: str) -> bool:
    if one == other or canonical(one) == canonical(other):
        return True
    words, others = one.split(), other.split()
    if len(words) > 1 and len(words) == len(others):
        return all(map(_alike, words, others))
    try:
        return Decimal(one.strip()) == Decimal(other.strip())
    except InvalidOperation:
        return False


def canonical(text: str) -> str:
    """One spelling of what has several: truths, fractions of a second, UTC."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return {"1": "true", "0": "false"}.get(text.strip(), text.strip())
    fraction = (found["fraction"] or "").rstrip("0").rstrip(".")
    return found["clock"] + fraction + (found["zone"] or "").replace("Z", "+00:00")
