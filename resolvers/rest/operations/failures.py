"""The bodies of errors that an OpenAPI document declares, and how much of one a caller may see: declared members only.

What an error is called and whether its body may be shown at all is decided elsewhere (``replies/reply.py``,
``settings.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from resolvers.rest.documents.tree import Node, Tree, Unserved, items, members, token
from resolvers.rest.operations.media import is_json
from resolvers.rest.shapes import Outline

MAX_BYTES = 4096
"""Of what is shown, as JSON; a larger body is not shown at all, since half of one would be read as the whole."""
MAX_DEPTH = 10
_NOTHING = object()


class Outlines:
    """Reads the declared errors of a document's operations; schemas that are shared are read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, Outline] = {}

    def of(self, responses: Node, pointer: str) -> Mapping[str, Outline]:
        """Status (``404``, ``4XX``, ``default``) → what its body is declared to hold."""
        found: dict[str, Outline] = {}
        for code, item in responses.items():
            if code[:1] not in {"4", "5"} and code != "default":
                continue
            try:
                response, where = self._tree.follow(item, f"{pointer}/{token(code)}")
            except Unserved:
                continue
            content = members(response.get("content"))
            media = next((name for name in content if is_json(name)), None)
            if media is not None:
                spot = f"{where}/content/{token(media)}/schema"
                found[code.upper()] = self._outline(members(content[media]).get("schema"), spot)
        return found

    def _outline(self, schema: object, pointer: str) -> Outline:
        try:
            node, pointer = self._tree.follow(schema, pointer)
        except Unserved:
            return Outline()
        if pointer in self._known:
            return self._known[pointer]
        made = self._known[pointer] = Outline()
        for word in ("allOf", "oneOf", "anyOf"):
            for index, part in items(node.get(word)):
                below = self._outline(part, f"{pointer}/{word}/{index}")
                made.members |= below.members
                made.item = made.item or below.item
        for name, part in members(node.get("properties")).items():
            made.members[name] = self._outline(part, f"{pointer}/properties/{token(name)}")
        if "items" in node:
            made.item = self._outline(node["items"], f"{pointer}/items")
        return made


def shown(body: bytes, status: int, errors: Mapping[str, Outline]) -> object:
    """What a caller may see of the body of an error, or ``None``."""
    outline = errors.get(str(status)) or errors.get(f"{status // 100}XX") or errors.get("DEFAULT")
    if outline is None or len(body) > 16 * MAX_BYTES:
        return None
    try:
        found = _cut(msgspec.json.decode(body), outline, 0)
        fits = found is not _NOTHING and len(msgspec.json.encode(found)) <= MAX_BYTES
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found if fits else None


def _cut(value: object, outline: Outline, depth: int) -> object:
    if depth > MAX_DEPTH:
        return _NOTHING
    if isinstance(value, dict):
        kept = {name: _cut(value[name], below, depth + 1) for name, below in outline.members.items() if name in value}
        kept = {name: item for name, item in kept.items() if item is not _NOTHING}
        return kept or _NOTHING
    if isinstance(value, list):
        if outline.item is None:
            return _NOTHING
        found = [_cut(item, outline.item, depth + 1) for item in value]
        return [item for item in found if item is not _NOTHING]
    return value if not outline.members and outline.item is None else _NOTHING
