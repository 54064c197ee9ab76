"""Readers of replies, each made once for a type and a selection: what nobody asked for is passed over.

The whole of a reply is the selection of everything. A value that breaks its description becomes a
``SourceBadResponse`` in its own place, and what stands beside it is served; a missing member is a missing key.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from resolvers.errors import SourceBadResponse
from resolvers.model import TYPE_KEY
from resolvers.soap.builtins import XSI_TYPE
from resolvers.soap.replies.anything import read_anything
from resolvers.soap.replies.encoded import array_reader, following
from resolvers.soap.replies.objects import PASSED, Fields, Tags, Taken, object_reader
from resolvers.soap.replies.reading import Read, Reading, check_nil, is_nil, qualified
from resolvers.soap.replies.texts import converter, leaf, needs_node, text_of
from resolvers.soap.shapes import Array, Complex, Member, Shape, Simple, alternatives, object_name
from resolvers.source import EVERYTHING, LEAF, Selection
from resolvers.xml import Element, local

_MOST = 1000
_PLAIN = frozenset({"utf-8", "us-ascii", "iso-8859-1"})
"""Encodings in which the letters of ``nil`` are these three bytes and nothing else is."""


class Mode(NamedTuple):
    """``nils``: false where it is known that no element is nil. ``encoded``: elements may refer to others."""

    nils: bool = True
    encoded: bool = False


class Readers:
    """The readers of one source, kept by the element of the reply and the selection."""

    def __init__(self) -> None:
        self._known: dict[tuple[Member, Selection, Mode], Read] = {}
        self._objects: dict[tuple[Complex, Selection, Mode], Read] = {}

    def of(self, member: Member, selection: Selection, mode: Mode) -> Read:
        """Reads the element of a member. It raises ``SourceBadResponse`` for what is wrong with the element itself."""
        key = (member, selection, mode)
        read = self._known.get(key)
        if read is None:
            if len(self._known) + len(self._objects) >= _MOST:
                self._known.clear()
                self._objects.clear()
            read = self._known[key] = self._element(member, selection, mode)
        return read

    def _element(self, member: Member, selection: Selection, mode: Mode) -> Read:
        inner = self._inside(member, selection, mode)
        if mode.nils:
            inner = _or_nil(inner)
        return following(inner) if mode.encoded else inner

    def _inside(self, member: Member, selection: Selection, mode: Mode) -> Read:
        shape: Shape = member.shape
        if isinstance(shape, Simple):
            return leaf(member, shape, as_sent=selection.as_sent)
        if isinstance(shape, Complex):
            return self._derived(shape, selection, mode) if shape.derived else self._object(shape, selection, mode)
        if isinstance(shape, Array):
            return array_reader(shape, self._element(shape.item, selection, mode))
        return read_anything

    def _derived(self, shape: Complex, selection: Selection, mode: Mode) -> Read:
        """A type in whose place others may stand; what stands there says so by ``xsi:type``."""
        types = alternatives(shape)
        by_tag = {item.tag: (name, item) for name, item in types.items()}
        by_local = _unique([(local(tag), found) for tag, found in by_tag.items()])
        usual = next(iter(by_tag.values())) if len(by_tag) == 1 or not shape.abstract else None  # itself comes first
        made: dict[str, Read] = {}

        def read(node: Element, reading: Reading) -> object:
            said = node.get(XSI_TYPE)
            found = usual
            if said is not None:
                tag = qualified(node, said)
                found = by_tag.get(tag)
                if found is None:
                    found = by_local.get(local(tag).rpartition(":")[2])
                    reading.misnamed += found is not None
                if found is None:
                    raise SourceBadResponse(f"it says that it is of a type that may not stand for {shape.name}")
            if found is None:
                raise SourceBadResponse(f"{shape.name} is abstract, and it does not say of what type it is")
            name, chosen = found
            inner = made.get(name)
            if inner is None:
                inner = made[name] = self._object(chosen, selection, mode)
            row = inner(node, reading)
            assert isinstance(row, dict)
            row[TYPE_KEY] = name
            return row

        return read

    def _object(self, shape: Complex, selection: Selection, mode: Mode) -> Read:
        """The fields of one type; types may hold themselves, so it is known before it is filled."""
        if not _has_fields(shape):
            selection = EVERYTHING
        key = (shape, selection, mode)
        known = self._objects.get(key)
        if known is not None:
            return known
        fields = Fields()
        known = self._objects[key] = object_reader(shape, fields, nils=mode.nils)
        names: Tags = []
        for member in shape.members:
            asked = selection.everything or member.name in selection.fields
            if member.kind == "element":
                below = EVERYTHING if selection.everything else selection.fields.get(member.name, LEAF)
                tags = self._tags(member, below, mode, asked=asked)
                fields.add(member, tags, asked=asked)
                names += [(local(tag), found) for tag, found in tags]
            elif asked and member.kind == "any":
                fields.wildcards.append(member.name)
            elif asked:
                fields.texts.append(text_of(member, as_sent=_sent(selection, member.name)))
        if all(member.kind != "any" for member in shape.members):  # else what is misnamed is the wildcard's
            fields.by_local.update(_unique(names))
        return known

    def _tags(self, member: Member, selection: Selection, mode: Mode, *, asked: bool) -> Tags:
        """The elements that may be this member, by their tags."""
        if not asked:
            return [(tag, PASSED) for tag in {member.tag: None, **member.substitutes}]
        if not member.substitutes:
            return [(member.tag, self._taken(member, member, selection, mode))]
        found: Tags = [(tag, self._taken(member, item, selection, mode)) for tag, item in member.substitutes.items()]
        if member.tag not in member.substitutes:
            found.append((member.tag, Taken(member.name, None, _abstract, member.many)))
        return found

    def _taken(self, member: Member, item: Member, selection: Selection, mode: Mode) -> Taken:
        convert = None
        if isinstance(item.shape, Simple) and not mode.encoded and not needs_node(item.shape):
            convert = converter(item, item.shape, as_sent=selection.as_sent)
        read = self._element(item, selection, mode)
        if member.substitutes and isinstance(item.shape, Complex) and not item.shape.derived:
            read = _named(read, object_name(item.shape))
        return Taken(member.name, convert, read, member.many)


def says_nil(body: bytes, encoding: str | None) -> bool:
    """False where no element of the reply can be nil, because the attribute's name occurs nowhere in its bytes."""
    return b"nil" in body or b"\0" in body or (encoding or "utf-8").lower() not in _PLAIN


_T = TypeVar("_T")


def _unique(names: list[tuple[str, _T]]) -> dict[str, _T]:
    """What has a name that nothing else has."""
    found: dict[str, _T] = {}
    several = set()
    for name, value in names:
        if name in found:
            several.add(name)
        found[name] = value
    return {name: value for name, value in found.items() if name not in several}


def _sent(selection: Selection, name: str) -> bool:
    """Whether a field is asked for as it was sent."""
    below = selection.fields.get(name)
    return below is not None and below.as_sent


def _has_fields(shape: Complex) -> bool:
    """A type that holds nothing but a wildcard is served as JSON, and JSON has no selection."""
    return any(member.kind != "any" for member in shape.members)


def _abstract(_: Element, __: Reading) -> object:
    raise SourceBadResponse("its element is abstract: only others may stand for it")


def _named(read: Read, name: str) -> Read:
    """Rows of elements that stand for another say what they are."""

    def named(node: Element, reading: Reading) -> object:
        row = read(node, reading)
        if isinstance(row, dict):
            row[TYPE_KEY] = name
        return row

    return named


def _or_nil(inner: Read) -> Read:
    def read(node: Element, reading: Reading) -> object:
        if not is_nil(node):
            return inner(node, reading)
        check_nil(node)
        return None

    return read
