"""Readers of replies made for one selection: elements and attributes that nobody asked for are passed over.

A reader gives exactly that part of what ``envelope.py`` reads from the whole reply, and names what is wrong in it by
the same sentences. Where everything is asked, or a value has no declared fields, the whole reading is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from resolvers.errors import SourceBadResponse
from resolvers.soap.builtins import NIL
from resolvers.soap.lexical import KEPT, value_of
from resolvers.soap.shapes import Complex, Member, Shape, Simple
from resolvers.source import Selection
from resolvers.xml import Element

_MOST = 1000
_PLAIN = frozenset({"utf-8", "us-ascii", "iso-8859-1"})
"""Encodings in which the letters of ``nil`` are these three bytes and nothing else is."""

Read = Callable[[Element], object]
_Text = Callable[[str], object]
_Taken = tuple[str, Read, bool]
"""The field's name, how its element is read, whether it may be repeated."""


class Whole(Protocol):
    """Reads all of an element; ``path`` is for the sentence of an error."""

    def __call__(self, node: Element, member: Member, path: str) -> object: ...


class Wildcard(Protocol):
    """Adds an element that is not declared to what a wildcard holds."""

    def __call__(self, held: dict[str, object], child: Element) -> None: ...


class Readers:
    """The readers of one source, kept by the element of the reply and the selection."""

    def __init__(self, whole: Whole, wildcard: Wildcard) -> None:
        self._whole = whole
        self._wildcard = wildcard
        self._known: dict[tuple[Member, Selection, bool], Read] = {}

    def of(self, member: Member, selection: Selection, *, nils: bool) -> Read:
        """``nils``: false where it is known that no element of the reply says that it is nil."""
        key = (member, selection, nils)
        read = self._known.get(key)
        if read is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            read = self._known[key] = self._element(member, selection, member.name, nils=nils)
        return read

    def _element(self, member: Member, selection: Selection, path: str, *, nils: bool) -> Read:
        shape = member.shape
        inner: Read
        if isinstance(shape, Simple):
            inner = _leaf(shape, path)
        elif isinstance(shape, Complex) and not selection.everything and _has_fields(shape):
            inner = self._object(shape, selection, path, nils=nils)
        else:
            whole = self._whole
            return lambda node: whole(node, member, path)
        return _or_nil(inner, path) if nils else inner

    def _object(self, shape: Complex, selection: Selection, path: str, *, nils: bool) -> Read:
        asked = [member for member in shape.members if member.name in selection.fields]
        lists = tuple(member.name for member in asked if member.kind == "element" and member.many)
        texts: list[tuple[str, str, _Text]] = []
        taken: dict[str, _Taken] = {}
        wildcards: list[str] = []
        for member in asked:
            below = f"{path}.{member.name}"
            if member.kind == "element":
                read = self._element(member, selection.fields[member.name], below, nils=nils)
                taken[member.tag] = (member.name, read, member.many)
            elif member.kind == "any":
                wildcards.append(member.name)
            else:
                tag = member.tag if member.kind == "attribute" else ""
                texts.append((member.name, tag, _text(member.shape, below)))
        if not wildcards:
            return _reader(lists, texts, taken, path)
        return self._with_wildcard(_reader(lists, texts, taken, path), shape.by_tag, wildcards)

    def _with_wildcard(self, declared: Read, by_tag: Mapping[str, Member], names: list[str]) -> Read:
        put = self._wildcard

        def read(node: Element) -> object:
            row = declared(node)
            assert isinstance(row, dict)
            held: dict[str, object] = {}
            for child in node:
                if child.tag not in by_tag:
                    put(held, child)
            if held:
                row.update(dict.fromkeys(names, held))
            return row

        return read


def says_nil(body: bytes, encoding: str | None) -> bool:
    """False where no element of the reply can be nil, because the attribute's name occurs nowhere in its bytes."""
    return b"nil" in body or b"\0" in body or (encoding or "utf-8").lower() not in _PLAIN


def is_nil(node: Element) -> bool:
    return node.get(NIL, "").strip() in {"true", "1"}


def check_nil(node: Element, path: str) -> None:
    """Looks whether a nil element is empty.

    Raises:
        SourceBadResponse: it holds something.
    """
    if len(node) or (node.text and node.text.strip()):
        raise SourceBadResponse(f"{path}: it is nil and yet holds something")


def _has_fields(shape: Complex) -> bool:
    """A type that holds nothing but a wildcard is served as JSON, and JSON has no selection."""
    return any(member.kind != "any" for member in shape.members)


def _or_nil(inner: Read, path: str) -> Read:
    def read(node: Element) -> object:
        if not is_nil(node):
            return inner(node)
        check_nil(node, path)
        return None

    return read


def _text(shape: Shape, path: str) -> _Text:
    if not isinstance(shape, Simple):
        return str
    if shape.builtin in KEPT and not shape.values and not shape.many:
        return str
    return lambda text: value_of(shape, text, path)


def _leaf(shape: Simple, path: str) -> Read:
    convert = _text(shape, path)

    def read(node: Element) -> object:
        if len(node):
            raise SourceBadResponse(f"{path}: elements where text is declared")
        return convert(node.text or "")

    return read


def _reader(
    lists: tuple[str, ...], texts: list[tuple[str, str, _Text]], taken: Mapping[str, _Taken], path: str
) -> Read:
    def read(node: Element) -> object:
        row: dict[str, object] = {name: [] for name in lists}
        for name, tag, convert in texts:
            text = node.get(tag) if tag else node.text or ""
            if text is not None:
                row[name] = convert(text)
        for child in node:
            found = taken.get(child.tag)
            if found is None:
                continue
            name, read_child, many = found
            value = read_child(child)
            if many:
                row[name].append(value)  # type: ignore[attr-defined]  # made above for each that may be repeated
            elif name in row:
                raise SourceBadResponse(f"{path}.{name}: more than one where one is declared")
            else:
                row[name] = value
        return row

    return read
