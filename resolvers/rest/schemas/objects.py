"""Objects and inputs: their fields, what of them is required, read-only or write-only, and members beyond them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from resolvers.model import Argument, Bounds, Field, InputType, NamedRef, ObjectType, Scalar, ScalarRef, TypeRef
from resolvers.naming import joined
from resolvers.rest.documents.tree import Node, Unserved, items, members, text
from resolvers.rest.schemas.maps import entries, value_schema
from resolvers.rest.schemas.merge import Merge, Spot, properties_of
from resolvers.rest.schemas.registry import Registry, Side, TypeOf, deprecation, with_default
from resolvers.rest.schemas.scalars import places

MORE = "additionalProperties"
"""The field of the members beyond the named ones, under OpenAPI's own name for them."""
_NONE: frozenset[str] = frozenset()


class Objects:
    def __init__(self, registry: Registry, merge: Merge, type_of: TypeOf) -> None:
        self._registry = registry
        self._merge = merge
        self._type_of = type_of

    def type_of(self, node: Node, pointer: str, name: str, side: Side) -> TypeRef:
        """The type of an object that names members; its fields follow later. Without any on this side: ``JSON``."""
        if not any(True for _ in self._served(node, pointer, side)):
            return ScalarRef(Scalar.JSON)
        registry = self._registry
        name = registry.name(pointer, name)
        known = registry.types if side == "output" else registry.inputs
        if name not in known:
            place = registry.tree.place(pointer)
            if side == "output":
                registry.types[name] = ObjectType(name, {}, description=text(node, "description"), place=place)
                registry.waiting.append(partial(self._read_output, node, pointer, name))
            else:
                registry.inputs[name] = InputType(name, {}, description=text(node, "description"), place=place)
                registry.waiting.append(partial(self._read_input, node, pointer, name))
        return NamedRef(name)

    def travels_as_text(self, schema: object, pointer: str) -> bool:
        """True when the schema, or the items of its list, is a string for JSON."""
        try:
            plain = self._merge.plain(schema, pointer)
        except Unserved:
            return False
        if plain.node.get("type") == "array":
            return self.travels_as_text(plain.node.get("items"), f"{plain.pointer}/items")
        return plain.node.get("type") == "string"

    def _served(self, node: Node, pointer: str, side: Side) -> Iterator[tuple[str, Node, Spot]]:
        """The members that this side has: name, schema as it is written or referred to, schema and pointer."""
        hidden = "writeOnly" if side == "output" else "readOnly"
        for key, schema, where in properties_of(node, pointer):
            said = self._said(schema, where)
            if said.get(hidden) is not True:
                yield key, said, (schema, where)

    def _said(self, schema: object, pointer: str) -> Node:
        """What is said of a member: beside the reference, or by what it refers to."""
        given = members(schema)
        if "$ref" not in given:
            return given
        try:
            target, _ = self._registry.tree.follow(schema, pointer)
        except Unserved:
            return given
        words = {} if "properties" in target else {"description": text(target, "description")}
        return {**{key: target[key] for key in ("readOnly", "writeOnly") if key in target}, **words, **given}

    def _read_output(self, node: Node, pointer: str, name: str) -> None:
        registry = self._registry
        required = {item for _, item in items(node.get("required"))}
        fields = {
            key: Field(
                key,
                self._type_of(schema, where, name + joined(key), "output", _NONE),
                required=key in required,
                description=text(said, "description"),
                deprecated=deprecation(said),
                place=registry.tree.place(where),
            )
            for key, said, (schema, where) in self._served(node, pointer, "output")
        }
        more = self._more(node, pointer, name, "output")
        if more is not None and MORE not in fields:
            fields[MORE] = Field(MORE, more, description="Members beyond the named ones.")
            registry.more["output"][name] = MORE
        definition = registry.types[name]
        assert isinstance(definition, ObjectType)
        registry.types[name] = replace(definition, fields=fields)

    def _read_input(self, node: Node, pointer: str, name: str) -> None:
        registry = self._registry
        fields: dict[str, Argument] = {}
        required = {item for _, item in items(node.get("required"))}
        for key, said, (schema, where) in self._served(node, pointer, "input"):
            fields[key] = Argument(
                key,
                self._type_of(schema, where, name + joined(key), "input", _NONE),
                required=key in required,
                description=with_default(text(said, "description"), said),
                deprecated=deprecation(said) if key not in required else None,
                place=registry.tree.place(where),
                bounds=Bounds(holds=places(registry.tree, schema, where)),
            )
            if self.travels_as_text(schema, where):
                registry.texts.add((name, key))
        more = self._more(node, pointer, name, "input")
        if more is not None and MORE not in fields:
            fields[MORE] = Argument(MORE, more, description="Members beyond the named ones.")
            registry.more["input"][name] = MORE
        registry.inputs[name] = replace(registry.inputs[name], fields=fields)

    def _more(self, node: Node, pointer: str, name: str, side: Side) -> TypeRef | None:
        """The entries for members beyond the named ones, where the document says what they are."""
        found = value_schema(node, pointer)
        if found is None:
            return None
        value = self._type_of(*found, f"{name}Value", side, _NONE)
        return entries(self._registry, value, side, text=side == "input" and self.travels_as_text(*found))
