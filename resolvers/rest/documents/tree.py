"""One OpenAPI document and its files as a tree: references followed, members read with care.

It knows nothing of what they mean. A pointer is the address of a file (empty for the main document) and a JSON pointer
(RFC 6901) with ``#`` between them; references are resolved against the file that their pointer names, or against the
``$id`` of JSON Schema that they stand under (2020-12 section 8.2).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urljoin

from resolvers.documents import DescriptionError, Document
from resolvers.model import Place
from resolvers.problem import Problem
from resolvers.rest.documents.anchors import Anchors
from resolvers.rest.documents.files import Files, address_of, alone
from resolvers.rest.documents.lines import lines_of
from resolvers.rest.documents.pointers import origin, split, token

__all__ = ["Node", "Tree", "Unserved", "items", "members", "split", "text", "token"]

Node = Mapping[str, object]
STRUCTURE = frozenset({
    "type", "properties", "required", "items", "allOf", "oneOf", "anyOf", "enum", "const", "additionalProperties",
})  # fmt: skip
"""What a schema may say beside a ``$ref`` so that both hold (JSON Schema 2020-12 section 8.2.3.1)."""


class Unserved(Exception):
    """Something in the document cannot be used; ``pointer`` says where it stands."""

    def __init__(self, reason: str, pointer: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pointer = pointer


class Tree:
    """The root of the main document, and ways to move about in it and its files."""

    def __init__(self, source: Document | Files) -> None:
        files = alone(source) if isinstance(source, Document) else source
        self._files = files
        self.location = files.location
        root = files.read[""].value
        if not isinstance(root, dict):
            raise DescriptionError(Problem("the document is not an OpenAPI document", document=self.location))
        self.root: Node = root
        self._moved: Mapping[str, str] = {}
        self._now: Mapping[str, str] = {}
        self._anchors = Anchors(files.read)
        self._siblings = not str(self.root.get("openapi", "3.0")).startswith("3.0")

    def replace(self, root: Node, moved: Mapping[str, str], now: Mapping[str, str]) -> None:
        """Puts another root in the place of the document's own, which is kept for references into what moved.

        ``moved``: pointer in ``root`` → pointer in the document. ``now``: beginnings of references → of pointers.
        """
        self.root = root
        self._moved = moved
        self._now = now

    def follow(self, node: object, pointer: str) -> tuple[Node, str]:
        """The mapping that ``node`` is, or that its ``$ref`` leads to, with its own pointer.

        From OpenAPI 3.1 on, what a schema says beside its ``$ref`` holds too: the two are given as an ``allOf``.

        Raises:
            Unserved: the reference leads nowhere, in a circle, or into a file that cannot be had.
        """
        seen: set[str] = set()
        while True:
            if not isinstance(node, dict):
                raise Unserved("an object is expected here", pointer)
            reference = node.get("$ref")
            if reference is None:
                reference = node.get("$dynamicRef")
                if reference is None:
                    return node, pointer
            if not isinstance(reference, str):
                raise Unserved("a reference is a text", pointer)
            if self._siblings and not STRUCTURE.isdisjoint(node):
                beside = {key: value for key, value in node.items() if key not in {"$ref", "$dynamicRef"}}
                beside["allOf"] = [{"$ref": reference}, *(value for _, value in items(node.get("allOf")))]
                return beside, pointer
            target = self._target(reference, pointer)
            if target in seen:
                raise Unserved(f"the reference {reference} leads to itself", pointer)
            seen.add(target)
            node = self._at(target, reference, pointer)
            pointer = target

    def _target(self, reference: str, pointer: str) -> str:
        """The pointer that a reference, standing at ``pointer``, means."""
        if self._anchors:
            found = self._anchors.target(reference, pointer)
            if found is not None:
                return found
        path, _, fragment = reference.partition("#")
        base = pointer.partition("#")[0]
        address = address_of(path, base, self.location) if path else base
        target = f"{address}#{unquote(fragment)}"
        return target if address else origin(target, self._now)

    def _at(self, target: str, reference: str, pointer: str) -> object:
        address, fragment = split(target)
        file = self._files.read.get(address)
        if file is None:
            reason = self._files.refused.get(address, "the file is not there")
            raise Unserved(f"the reference {reference} is not followed: {reason}", pointer)
        found = _walk(file.value if address else self.root, fragment)
        if found is _MISSING and self._moved and not address:
            found = _walk(file.value, fragment)
        if found is _MISSING:
            raise Unserved(f"the reference {reference} leads nowhere", pointer)
        return found

    def lines(self, places: Iterable[Place]) -> Mapping[Place, int]:
        """The 1-based lines of those of the places that stand in the text."""
        asked: dict[str, list[Place]] = {}
        for place in places:
            asked.setdefault(place.document, []).append(place)
        found: dict[Place, int] = {}
        for address, file in self._files.read.items():
            here = asked.get(self._located(address), [])
            lines = lines_of(file, [place.pointer for place in here]) if here else {}
            found |= {place: lines[place.pointer] for place in here if place.pointer in lines}
        return found

    def place(self, pointer: str) -> Place:
        """Where a part stands in what the user wrote."""
        if self._moved or pointer[:1] != "#":
            address, fragment = split(origin(pointer, self._moved))
            return Place(self._located(address), fragment)
        return Place(self.location, pointer)

    def find(self, place: Place) -> tuple[object, str] | None:
        """What stands at a place of the document or of one of its files as they were written, and its pointer."""
        for address, file in self._files.read.items():
            if self._located(address) == place.document:
                found = _walk(file.value, place.pointer)
                return None if found is _MISSING else (found, f"{address}{place.pointer}")
        return None

    def _located(self, address: str) -> str:
        if not address:
            return self.location
        if self.location.startswith(("http://", "https://")):
            return urljoin(self.location, address)
        return posixpath.join(posixpath.dirname(self.location), address)


_MISSING = object()


def _walk(node: object, fragment: str) -> object:
    for part in fragment.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~") if "~" in part else part
        if isinstance(node, dict):
            node = node.get(key, _MISSING)
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            return _MISSING
    return node


def members(node: object) -> Node:
    """The members of a mapping; empty for others. Their keys are strings: the text was read so."""
    return node if type(node) is dict or isinstance(node, Mapping) else {}  # the first is told faster


def text(node: Node, name: str) -> str:
    """A member that should be text, or an empty string."""
    value = node.get(name)
    return value if isinstance(value, str) else ""


def items(node: object) -> Iterator[tuple[int, object]]:
    """The items of a list with their places; nothing for anything else."""
    return iter(enumerate(node if isinstance(node, list) else ()))
