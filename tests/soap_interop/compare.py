"""Values held against XML, value by value: what was read of an element must be all that it says, and nothing else.

It knows no schema and no shape: names are matched by their letters and digits, so it serves rows of a source and
answers in GraphQL alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher

from anyascii import anyascii
from lxml import etree

from tests.soap_interop.instances import NIL, TYPE, XSI
from tests.soap_interop.schemas import Node

_MOMENT = re.compile(
    r"(?P<clock>-?\d{4,}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?|\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?"
)
TYPENAMES = ("__typename", "__type")


def flat(name: str) -> str:
    """A name as its letters and digits: how it is spelled in a schema of GraphQL is another's business."""
    return re.sub("[^a-z0-9]", "", anyascii(name).lower())


def attributes(node: Node) -> dict[str, str]:
    """The attributes of an element that say something of its content."""
    return {str(name): str(text) for name, text in node.attrib.items() if not str(name).startswith(f"{{{XSI}}}")}


def is_nil(node: Node) -> bool:
    return node.get(NIL, "").strip() in {"true", "1"}


def leaves(node: Node) -> int:
    """How many values an element says: texts and attributes."""
    return sum((not len(item)) + len(attributes(item)) for item in node.iter())


@dataclass(frozen=True, slots=True)
class Comparison:
    """``heads``: by the tag of an element those that it may stand for, whose fields then hold it."""

    heads: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def differences(self, node: Node, value: object, path: str = "") -> list[str]:
        """Where ``value`` says something else than the element ``node``, as sentences."""
        path = path or etree.QName(node).localname
        if is_nil(node):
            return [] if _nothing(value) or _only_attributes(node, value) else [f"{path}: nil is {value!r}"]
        children = list(node)
        if isinstance(value, Mapping):
            return self._object(node, children, value, path)
        if isinstance(value, list | tuple):
            return self._items(children, list(value), path) if children else _scalar(node, node.text or "", value, path)
        if not children and not (attributes(node) and value is not None and not isinstance(value, str)):
            return _scalar(node, node.text or "", value, path)
        return [f"{path}: {value!r} for an element that holds others"]

    def _object(self, node: Node, children: list[Node], value: Mapping[str, object], path: str) -> list[str]:
        found: list[str] = []
        fields = {name: item for name, item in value.items() if name not in TYPENAMES}
        said = next((value[name] for name in TYPENAMES if name in value), None)
        if node.get(TYPE) and said is not None and _apart(node.get(TYPE, ""), str(said)):
            found.append(f"{path}: {said} for xsi:type {node.get(TYPE)}")
        for name, text in attributes(node).items():
            local = etree.QName(name).localname
            place = _field(fields, (local + "Attribute", local, "@" + local))
            if place is None:
                found.append(f"{path}: the attribute {local} is lost")
            else:
                found += _scalar(node, text, fields.pop(place), f"{path}.{place}")
        found += self._children(children, fields, path)
        text = node.text or ""
        if not children and text:
            place = _field(fields, ("value", "text"))
            if place is None:
                found.append(f"{path}: its text is lost")
            else:
                found += _scalar(node, text, fields.pop(place), path)
        left = {name: item for name, item in fields.items() if not _empty(name, item)}
        return [*found, *(f"{path}.{name}: {item!r} out of nowhere" for name, item in left.items())]

    def _children(self, children: list[Node], fields: dict[str, object], path: str) -> list[str]:
        found: list[str] = []
        groups: dict[str, list[Node]] = {}
        strange: list[Node] = []
        for child in children:
            names = (child.tag, *self.heads.get(child.tag, ()))
            place = _field(fields, tuple(etree.QName(name).localname for name in names))
            if place is None:
                strange.append(child)
            else:
                groups.setdefault(place, []).append(child)
        for place, same in groups.items():
            item = fields.pop(place)
            below = f"{path}.{place}"
            if isinstance(item, list | tuple):
                found += self._listed(same, list(item), below)
            elif len(same) == 1:
                found += self.differences(same[0], item, below)
            else:
                found.append(f"{below}: {item!r} for {len(same)} elements")
        return found + self._wildcard(strange, fields, path)

    def _listed(self, nodes: list[Node], items: list[object], path: str) -> list[str]:
        """A list is the elements of one tag, or what one element holds (an array, or items parted by white space)."""
        found = self._items(nodes, items, path)
        if found and len(nodes) == 1:
            (node,) = nodes
            inside = self._items(list(node), items, path) if len(node) else _scalar(node, node.text or "", items, path)
            found = inside and found
        return found

    def _wildcard(self, strange: list[Node], fields: dict[str, object], path: str) -> list[str]:
        if not strange:
            return []
        place = _field(fields, ("any", "anyOther"))
        held = fields.pop(place) if place is not None else None
        if not isinstance(held, Mapping):
            return [f"{path}: {etree.QName(strange[0]).localname} is lost"]
        around = etree.Element("any")
        for child in strange:
            inner = etree.SubElement(around, etree.QName(child).localname)
            inner.text = child.text
            inner.extend(list(child))
        return self._object(around, list(around), held, f"{path}.{place}")

    def _items(self, nodes: list[Node], items: list[object], path: str) -> list[str]:
        if len(nodes) != len(items):
            return [f"{path}: {len(items)} items of {len(nodes)}"]
        return [
            difference
            for index, (node, item) in enumerate(zip(nodes, items, strict=True))
            for difference in self.differences(node, item, f"{path}.{index}")
        ]


def _apart(written: str, said: str) -> bool:
    """Whether a type's name is not that of a type in GraphQL, which may be shortened or numbered."""
    ratio = SequenceMatcher(None, flat(written.rpartition(":")[2]), flat(said).removeprefix("plain")).ratio()
    return ratio < 0.5


def _nothing(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_nothing(item) for name, item in value.items() if name not in TYPENAMES)
    return value is None or value == []


def _only_attributes(node: Node, value: object) -> bool:
    return isinstance(value, Mapping) and len(attributes(node)) == sum(not _nothing(item) for item in value.values())


def _empty(name: str, item: object) -> bool:
    return _nothing(item) or (flat(name) == "value" and item == "")


def _field(fields: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    """The field that is called so; one with a number behind it only where no other is."""
    for name in names:
        if name in fields:
            return name
        for place in fields:
            if flat(place) == flat(name):
                return place
    for name in names:
        for place in fields:
            if re.fullmatch(re.escape(flat(name)) + r"\d", flat(place)):
                return place
    short = [place for name in names for place in fields if is_shortened(place, name)]
    return max(short, key=len, default=None)


def is_shortened(place: str, name: str) -> bool:
    """Whether a field may be what became of a long name: some of its words, in their order."""
    letters = iter(flat(name))
    return len(name) > 38 and len(flat(place)) > len(name) // 2 and all(letter in letters for letter in flat(place))


def _scalar(node: Node, text: str, value: object, path: str) -> list[str]:
    if isinstance(value, list | tuple):
        words = text.split()
        if len(words) != len(value):
            return [f"{path}: {len(value)} items of {len(words)}"]
        return [found for word, item in zip(words, value, strict=True) for found in _scalar(node, word, item, path)]
    if _same(text, value) or (isinstance(value, str) and value.startswith("{") and value == _whole(node, text)):
        return []
    return [f"{path}: {value!r} for {text!r}"]


def _whole(node: Node, text: str) -> str:
    """A qualified name without its prefix."""
    prefix, _, name = text.strip().rpartition(":")
    return f"{{{node.nsmap.get(prefix or None, '')}}}{name}"


def _same(text: str, value: object) -> bool:  # noqa: PLR0911 - a table of kinds of values
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
    at, nor how a number, a moment or a truth is spelled.
    """
    path = path or etree.QName(one).localname
    mine, theirs = attributes(one), attributes(other)
    found = [f"{path}@{name}" for name in mine.keys() ^ theirs.keys()]
    found += [
        f"{path}@{name}: {theirs[name]!r} for {text!r}"
        for name, text in mine.items()
        if name in theirs and not _alike(text, theirs[name])
    ]
    if is_nil(one) or is_nil(other):
        return found if is_nil(one) and is_nil(other) else [*found, f"{path}: nil"]
    if not len(one) and not len(other):
        same = _alike(one.text or "", other.text or "")
        return found if same else [*found, f"{path}: {other.text!r} for {one.text!r}"]
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
