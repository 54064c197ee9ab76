"""Which fields are served as JSON although the document says more: found by reading the document again at their places.

It judges the model that was made and knows nothing of how it was made, so that no part of the reader can forget to
report what it gave up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from resolvers.model import (
    Argument,
    Field,
    InputType,
    LeftOut,
    ListRef,
    Operation,
    OutputType,
    Place,
    Scalar,
    ScalarRef,
    TypeRef,
    UnionType,
)
from resolvers.rest.documents.pointers import token
from resolvers.rest.documents.tree import Node, Tree, Unserved, items, members

PLAIN = frozenset({"string", "integer", "number", "boolean"})
_DEEPEST = 12


def fallbacks(
    tree: Tree,
    types: Mapping[str, OutputType],
    inputs: Mapping[str, InputType],
    operations: Mapping[str, Operation],
) -> tuple[LeftOut, ...]:
    """One entry for every field, argument and result, by its coordinate in the source's own spelling."""
    return tuple(_found(_Judge(tree), types, inputs, operations))


def _found(
    judge: _Judge,
    types: Mapping[str, OutputType],
    inputs: Mapping[str, InputType],
    operations: Mapping[str, Operation],
) -> Iterator[LeftOut]:
    for name, definition in types.items():
        if not isinstance(definition, UnionType):
            yield from judge.members(name, definition.fields.values())
    for name, given in inputs.items():
        yield from judge.members(name, given.fields.values())
    for name, operation in operations.items():
        for argument in operation.arguments.values():
            if _is_json(argument.type):
                said = judge.body(operation) if argument.place == operation.place else judge.field(argument)
                if said:
                    yield LeftOut(f"{name}({argument.name}:)", said, argument.place, degraded=True)
        if operation.result is not None and _is_json(operation.result):
            said = judge.answer(operation)
            if said:
                yield LeftOut(name, said, operation.place, degraded=True)


class _Judge:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def members(self, owner: str, fields: Iterable[Field | Argument]) -> Iterator[LeftOut]:
        for item in fields:
            if _is_json(item.type):
                said = self.field(item)
                if said:
                    yield LeftOut(f"{owner}.{item.name}", said, item.place, degraded=True)

    def field(self, item: Field | Argument) -> str:
        node, pointer = self._node(item.place)
        if node is None:
            return ""
        if "in" in node and "name" in node:  # a parameter; what it says of its value stands below it, or (2.0) in it
            if "schema" in node:
                node, pointer = members(node["schema"]), f"{pointer}/schema"
            elif "content" in node:
                media, described = next(iter(members(node["content"]).items()), ("", {}))
                node, pointer = members(members(described).get("schema")), f"{pointer}/content/{token(media)}/schema"
        return self._more(node, pointer, item.type)

    def body(self, operation: Operation) -> str:
        node, pointer = self._node(operation.place)
        if node is None or "requestBody" not in node:
            return ""
        return self._content(node["requestBody"], f"{pointer}/requestBody", operation.arguments["body"].type)

    def answer(self, operation: Operation) -> str:
        node, pointer = self._node(operation.place)
        assert operation.result is not None
        for code, response in sorted(members((node or {}).get("responses")).items()):
            if code.startswith("2") or code == "default":
                said = self._content(response, f"{pointer}/responses/{token(code)}", operation.result)
                if said or code.startswith("2"):
                    return said
        return ""

    def _content(self, holder: object, pointer: str, ref: TypeRef) -> str:
        try:
            node, pointer = self._tree.follow(holder, pointer)
        except Unserved:
            return ""
        if "schema" in node:  # Swagger 2.0
            return self._more(members(node["schema"]), f"{pointer}/schema", ref)
        for media, described in members(node.get("content")).items():
            if "json" in media:
                where = f"{pointer}/content/{token(media)}/schema"
                return self._more(members(members(described).get("schema")), where, ref)
        return ""

    def _node(self, place: Place) -> tuple[Node | None, str]:
        found = self._tree.find(place)
        if found is None:
            return None, ""
        try:
            return self._tree.follow(*found)
        except Unserved:
            return None, ""

    def _more(self, schema: object, pointer: str, ref: TypeRef, depth: int = 0) -> str:
        """What a schema says that JSON does not; empty where it says nothing, or cannot be had."""
        try:
            node, pointer = self._tree.follow(schema, pointer)
        except Unserved:
            return ""
        if depth > _DEEPEST:
            return "it is nested deeply"
        return self._of_parts(node, pointer, ref, depth) or self._of_kind(node, pointer, ref, depth)

    def _of_parts(self, node: Node, pointer: str, ref: TypeRef, depth: int) -> str:
        for word in ("allOf", "oneOf", "anyOf"):
            for index, part in items(node.get(word)):
                said = self._more(part, f"{pointer}/{word}/{index}", ref, depth + 1)
                if said:
                    return said if word == "allOf" else f"{word}: {said}"
        return ""

    def _of_kind(self, node: Node, pointer: str, ref: TypeRef, depth: int) -> str:
        kind = node.get("type")
        kinds = [item for item in (kind if isinstance(kind, list) else [kind]) if item not in {None, "null"}]
        said = ""
        if "enum" in node or "const" in node:
            said = "an enumeration"
        elif len(kinds) > 1:
            said = f"one of several types: {', '.join(map(str, kinds))}"
        elif "array" in kinds or "items" in node:
            below = ref.item if isinstance(ref, ListRef) else ref
            said = self._more(node.get("items"), f"{pointer}/items", below, depth + 1)
        elif members(node.get("properties")):
            said = "an object with properties"
        elif members(node.get("additionalProperties")):
            said = self._more(node["additionalProperties"], f"{pointer}/additionalProperties", ref, depth + 1)
            said = f"a map: {said}" if said else ""
        elif kinds and kinds[0] in PLAIN:
            said = f"a {kinds[0]}"
        return said


def _is_json(ref: TypeRef) -> bool:
    while isinstance(ref, ListRef):
        ref = ref.item
    return isinstance(ref, ScalarRef) and ref.scalar is Scalar.JSON
