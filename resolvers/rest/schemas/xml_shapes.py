"""How the schemas of an OpenAPI document are spelled in XML, read (OpenAPI 3.1 section 4.8.26). It writes no XML."""

from __future__ import annotations

import re

from resolvers.rest.documents.tree import Node, Tree, Unserved, items, members, text, token
from resolvers.rest.shapes import XmlShape

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_SCALARS = frozenset({"string", "integer", "number", "boolean"})


class XmlShapes:
    """Reads shapes; one that leads to itself is made once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[tuple[str, str], XmlShape] = {}

    def of(self, schema: object, pointer: str) -> XmlShape | None:
        """The shape of an object or a list, or ``None`` where XML cannot be written and read by its schema."""
        try:
            made = self._shape(schema, pointer, "")
        except Unserved:
            self._known.clear()  # shapes that were begun would be taken for whole ones
            return None
        return made if made.members or made.item is not None else None

    def _shape(self, schema: object, pointer: str, name: str) -> XmlShape:
        node, pointer = self._tree.follow(schema, pointer)
        known = self._known.get((pointer, name))
        if known is not None:
            return known
        words = members(node.get("xml"))
        own = text(words, "name") or name or pointer.rpartition("/")[2]
        if not _NAME.fullmatch(own):
            raise Unserved("a name that XML cannot have", pointer)
        made = self._known[pointer, name] = XmlShape(
            own,
            namespace=text(words, "namespace"),
            prefix=text(words, "prefix"),
            attribute=words.get("attribute") is True,
            wrapped=words.get("wrapped") is True,
        )
        if "oneOf" in node or "anyOf" in node:
            raise Unserved("one of several types", pointer)
        kind = node.get("type")
        if kind == "array" or "items" in node:
            # Items without a name of their own bear that of the list: the wrapper's, or the member's.
            outer = own if made.wrapped or not name else name
            made.item = self._shape(node.get("items", {"type": "string"}), f"{pointer}/items", outer)
            return made
        self._members(node, pointer, made, frozenset({pointer}))
        if not made.members:
            if kind not in _SCALARS:
                raise Unserved("no type that XML could have", pointer)
            made.kind = str(kind)
        return made

    def _members(self, node: Node, pointer: str, made: XmlShape, above: frozenset[str]) -> None:
        for index, part in items(node.get("allOf")):
            below, where = self._tree.follow(part, f"{pointer}/allOf/{index}")
            if where in above:
                raise Unserved("a schema that is made of itself", pointer)
            self._members(below, where, made, above | {where})
        for key, part in members(node.get("properties")).items():
            made.members[key] = self._shape(part, f"{pointer}/properties/{token(key)}", key)
