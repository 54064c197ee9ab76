"""The loop that reads the fields of one type; what they are is decided in ``reader.py``, which hands it in."""

from __future__ import annotations

from operator import attrgetter
from typing import NamedTuple, TypeAlias

from resolvers.errors import SourceBadResponse
from resolvers.soap.lexical import Convert
from resolvers.soap.replies.anything import attributes, put
from resolvers.soap.replies.reading import Read, Reading, qualified
from resolvers.soap.replies.texts import ABSENT, Text, is_name
from resolvers.soap.shapes import Complex, Member
from resolvers.xml import Element, local


class Taken(NamedTuple):
    """How an element of an object is read; ``convert`` does for one that holds nothing but text."""

    name: str
    convert: Convert | None
    read: Read
    many: bool


def _nothing(_: Element, __: Reading) -> object:
    return None


PASSED = Taken("", None, _nothing, many=False)
"""An element that is declared and that nobody asked for."""
Tags: TypeAlias = list[tuple[str, Taken]]
"""The elements that may be one member, by tag."""


class Fields:
    """What of one type is read; it may still be filled when its reader is made, for types may hold themselves.

    ``lists``: fields that are lists, empty where nothing came. ``texts``: attributes and the element's own text.
    ``taken``: the elements that are declared, by their tags; those that nobody asked for are ``PASSED``. ``by_local``:
    the same by local names that no other has, for senders who mistake the namespace.
    ``wildcards``: fields that hold what is not declared.
    """

    __slots__ = ("by_local", "lists", "taken", "texts", "wildcards")

    def __init__(self) -> None:
        self.lists: list[str] = []
        self.texts: list[Text] = []
        self.taken: dict[str, Taken] = {}
        self.by_local: dict[str, Taken] = {}
        self.wildcards: list[str] = []

    def add(self, member: Member, tags: Tags, *, asked: bool) -> None:
        """Takes in an element, which any of ``tags`` may be."""
        if asked and member.many:
            self.lists.append(member.name)
        for tag, found in tags:
            if found is not PASSED or tag not in self.taken:
                self.taken[tag] = found


def object_reader(shape: Complex, fields: Fields, *, nils: bool) -> Read:
    """Reads the fields of one type into a row. What is wrong with a field stands in its place."""
    declared = _loop(shape.name, fields, nils=nils)
    if not nils:
        declared = _flat(shape.name, fields, declared)
    declared = _with_names(declared, shape)
    if all(member.kind != "any" for member in shape.members):
        return declared
    names = {local(member.tag) for member in shape.members if member.kind == "attribute"}
    return _with_wildcard(declared, fields, names)


def _with_names(declared: Read, shape: Complex) -> Read:
    """Qualified names in attributes and in the text of the element itself: their prefixes are declared there."""
    names = [member.name for member in shape.members if member.kind in {"attribute", "value"} and is_name(member.shape)]
    if not names:
        return declared

    def read(node: Element, reading: Reading) -> object:
        row = declared(node, reading)
        assert isinstance(row, dict)
        for name in names:
            value = row.get(name)
            if isinstance(value, str):
                row[name] = qualified(node, value)
        return row

    return read


def _placed(owner: str, name: str, error: SourceBadResponse) -> SourceBadResponse:
    """The error as the value of a field; its detail names the type and the member, and never what was sent."""
    return SourceBadResponse(f"{owner}.{name}: {error.detail}")


def _loop(owner: str, fields: Fields, *, nils: bool) -> Read:  # noqa: C901 - for the function inside of it
    lists, texts, taken, by_local = fields.lists, fields.texts, fields.taken, fields.by_local

    # One function, since most of what a reply costs is spent in it.
    def read(node: Element, reading: Reading) -> object:  # noqa: C901, PLR0912
        row: dict[str, object] = {name: [] for name in lists} if lists else {}
        for name, tag, convert, preset in texts:
            text = node.get(tag) if tag else node.text or ""
            if text is not None:
                try:
                    row[name] = convert(text)
                except SourceBadResponse as error:
                    row[name] = _placed(owner, name, error)
            elif preset is not ABSENT:
                row[name] = preset
        for child in node:
            found = taken.get(child.tag)
            if found is PASSED:
                continue
            if found is None:
                found = by_local.get(local(child.tag))
                if found is None or found is PASSED:
                    continue
                reading.misnamed += 1
            name, quick, read_child, many = found
            value: object
            try:
                if quick is not None and not len(child) and not (nils and child.keys()):
                    value = quick(child.text or "")
                else:
                    value = read_child(child, reading)
            except SourceBadResponse as error:
                value = _placed(owner, name, error)
            if many:
                row[name].append(value)  # type: ignore[attr-defined]  # made above for each that may be repeated
            elif name in row:
                row[name] = SourceBadResponse(f"{owner}.{name}: more than one where one is declared")
            else:
                row[name] = value
        return row

    return read


def _flat(owner: str, fields: Fields, general: Read) -> Read:
    """Reads an object that is nothing but texts, as rows mostly are: each element once, all of them declared. Whatever
    is otherwise is read in the general way.
    """
    asked: list[tuple[str, str, Convert]] | None = None

    def read(node: Element, reading: Reading) -> object:
        nonlocal asked
        if asked is None:  # when the reader was made its fields were not known yet
            asked = _texts_asked(fields)
        found: dict[str, Element] = dict(zip(map(_TAG, node), node, strict=True)) if asked else {}
        if not found or len(found) < len(node) or not found.keys() <= fields.taken.keys():
            return general(node, reading)
        row: dict[str, object] = {}
        for tag, name, convert in asked:
            child = found.get(tag)
            if child is None:
                continue
            if len(child):
                return general(node, reading)
            try:
                row[name] = convert(child.text or "")
            except SourceBadResponse as error:
                row[name] = _placed(owner, name, error)
        return row

    return read


_TAG = attrgetter("tag")


def _texts_asked(fields: Fields) -> list[tuple[str, str, Convert]]:
    """Tag, field and converter of the elements that are asked for; none where one of them is more than a text."""
    if fields.lists or fields.texts or fields.wildcards:
        return []
    asked: list[tuple[str, str, Convert]] = []
    for tag, taken in fields.taken.items():
        if taken is PASSED:
            continue
        if taken.convert is None or taken.many or any(taken.name == name for _, name, _ in asked):
            return []
        asked.append((tag, taken.name, taken.convert))
    return asked


def _with_wildcard(declared: Read, fields: Fields, attributes_known: set[str]) -> Read:
    """What is not declared goes into the wildcard: elements, and attributes by ``@name``."""
    names = fields.wildcards

    def read(node: Element, reading: Reading) -> object:
        row = declared(node, reading)
        if not names:
            return row
        assert isinstance(row, dict)
        held: dict[str, object] = {}
        if node.attrib:
            held.update({f"@{name}": value for name, value in attributes(node) if name not in attributes_known})
        for child in node:
            if child.tag not in fields.taken:
                put(held, child, reading)
        if held:
            row.update(dict.fromkeys(names, held))
        return row

    return read
