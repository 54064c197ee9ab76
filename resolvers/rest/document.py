"""One OpenAPI document as a tree: references followed, members read with care. It knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from resolvers.documents import DescriptionError, Document
from resolvers.model import Place
from resolvers.problem import Problem
from resolvers.yaml12 import Yaml, YamlError

Node = Mapping[str, object]
MAX_LINED_BYTES = 4 * 1024 * 1024
"""Lines of JSON are worked out by a second reading, which is not worth its time for larger documents."""


class Unserved(Exception):
    """Something in the document cannot be used; ``pointer`` says where it stands."""

    def __init__(self, reason: str, pointer: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pointer = pointer


class Tree:
    """The document's root and ways to move about in it. Pointers are JSON pointers (RFC 6901) with ``#`` in front."""

    def __init__(self, document: Document) -> None:
        self._size = len(document.content)
        self.location = document.location
        try:
            self._text = Yaml(document.content)
        except YamlError as error:
            where = document.location if error.line is None else f"{document.location}:{error.line}"
            raise DescriptionError(Problem(f"the document cannot be read: {error}", document=where)) from error
        root = self._text.value
        if not isinstance(root, dict):
            raise DescriptionError(Problem("the document is not an OpenAPI document", document=document.location))
        self.root: Node = members(root)

    def follow(self, node: object, pointer: str) -> tuple[Node, str]:
        """The mapping that ``node`` is, or that its ``$ref`` leads to, with its own pointer.

        Raises:
            Unserved: the reference leads nowhere, in a circle, or into another document.
        """
        seen: set[str] = set()
        while True:
            if not isinstance(node, dict):
                raise Unserved("an object is expected here", pointer)
            reference = node.get("$ref")
            if reference is None:
                return members(node), pointer
            if not isinstance(reference, str) or not reference.startswith("#"):
                raise Unserved("a reference into another document is not followed", pointer)
            if reference in seen:
                raise Unserved(f"the reference {reference} leads to itself", pointer)
            seen.add(reference)
            node = self._at(reference, pointer)
            pointer = unquote(reference)

    def _at(self, reference: str, pointer: str) -> object:
        node: object = self.root
        for part in unquote(reference[1:]).split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(node, Mapping):
                node = node[key] if key in node else members(node).get(key, _MISSING)
            elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
                node = node[int(key)]
            else:
                node = _MISSING
            if node is _MISSING:
                raise Unserved(f"the reference {reference} leads nowhere", pointer)
        return node

    def lines(self) -> Mapping[str, int]:
        """Pointer → line, empty for large documents."""
        if self._size > MAX_LINED_BYTES:
            return {}
        try:
            found = self._text.lines()
        except YamlError:
            return {}
        return {"#" + "".join(f"/{token(str(key))}" for key in path): line for path, line in found.items()}

    def place(self, pointer: str) -> Place:
        return Place(self.location, pointer)


_MISSING = object()


def token(name: str) -> str:
    """A name as one token of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def members(node: object) -> Node:
    """The members of a mapping with their keys as strings (YAML reads ``200:`` as a number); empty for others."""
    if not isinstance(node, Mapping):
        return {}
    if all(isinstance(key, str) for key in node):
        return node
    return {str(key): value for key, value in node.items()}


def text(node: Node, name: str) -> str:
    """A member that should be text, or an empty string."""
    value = node.get(name)
    return value if isinstance(value, str) else ""


def items(node: object) -> Iterator[tuple[int, object]]:
    """The items of a list with their places; nothing for anything else."""
    return iter(enumerate(node if isinstance(node, list) else ()))
