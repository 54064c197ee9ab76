"""JSON Schema as OpenAPI 3.0 and 3.1 use it becomes model types. Here a schema is sent to the room of its kind.

Whatever a schema says that the model cannot say is served as ``JSON`` and reported, never guessed. Combinations are
resolved in ``merge.py``; objects, maps, unions, enums and scalars have rooms of their own. Operations are read in
``operations/openapi.py``.

Objects are registered by the pointer of their schema before their fields are read, so recursive schemas end, and
fields are read from a queue, so deep ones do not exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resolvers.model import EnumType, InputType, LeftOut, ListRef, OutputType, Scalar, ScalarRef, TypeRef
from resolvers.naming import singular
from resolvers.rest.documents.tree import Node, Tree, Unserved, items
from resolvers.rest.schemas.enums import enum_type, values_of
from resolvers.rest.schemas.maps import entries, optional, value_schema
from resolvers.rest.schemas.merge import Merge, Placed
from resolvers.rest.schemas.objects import Objects
from resolvers.rest.schemas.places import Places
from resolvers.rest.schemas.registry import Registry, Side, own_name
from resolvers.rest.schemas.scalars import scalar_of
from resolvers.rest.schemas.unions import Unions, sort_of
from resolvers.rest.shapes import InputShapes, ResultShapes

ANYTHING = ScalarRef(Scalar.JSON, nullable=True)


class Schemas:
    """Collects the types that operations reach."""

    def __init__(self, tree: Tree) -> None:
        self._registry = Registry(tree)
        self._merge = Merge(tree)
        self._objects = Objects(self._registry, self._merge, self._type)
        self._unions = Unions(self._registry, self._merge, self._type)

    @property
    def types(self) -> Mapping[str, OutputType]:
        return self._registry.types

    @property
    def inputs(self) -> Mapping[str, InputType]:
        return self._registry.inputs

    @property
    def enums(self) -> Mapping[str, EnumType]:
        return self._registry.enums

    @property
    def degraded(self) -> Mapping[str, LeftOut]:
        """What is served as less than its schema, by pointer."""
        return self._registry.degraded

    @property
    def made(self) -> frozenset[str]:
        """The types and inputs that no schema describes; after ``finish``."""
        return frozenset(self._registry.made)

    def results(self) -> ResultShapes:
        """How the results look in JSON; after ``finish``."""
        return self._registry.results()

    def given(self) -> InputShapes:
        """How the inputs look in JSON; after ``finish``."""
        return self._registry.given()

    def type_of(self, schema: object, pointer: str, name: str, side: Side) -> TypeRef:
        """The type of a schema; ``name`` is given to what has none of its own. Fields follow in ``finish``."""
        return self._type(schema, pointer, name, side, frozenset())

    def finish(self) -> None:
        """Reads the fields of every object met so far, and of those that they lead to."""
        while self._registry.waiting:
            self._registry.waiting.pop()()

    def add(self, title: str, make: Callable[[str], OutputType]) -> str:
        """Adds a type that no schema describes and gives its name; one of the same title is shared."""
        return self._registry.add(title, make)

    def call(self, places: Places) -> None:
        """Gives every type its names; after ``finish``."""
        self._registry.call(places)

    def travels_as_text(self, schema: object, pointer: str) -> bool:
        """True when the schema, or the items of its list, is a string for JSON."""
        return self._objects.travels_as_text(schema, pointer)

    def _type(self, schema: object, pointer: str, name: str, side: Side, above: frozenset[str]) -> TypeRef:
        if schema is True or schema == {}:
            return ANYTHING
        try:
            plain = self._merge.plain(schema, pointer)
            name = own_name(plain.pointer) or name
            if plain.choices:
                return self._unions.type_of(plain, name, side, above)
            made = self._kind(plain.node, plain.pointer, name, side, above)
        except Unserved as unserved:
            self._registry.as_json(name, unserved)
            return ANYTHING
        return optional(made) if plain.nullable else made

    def _kind(self, node: Node, pointer: str, name: str, side: Side, above: frozenset[str]) -> TypeRef:
        match sort_of(node):
            case "object":
                return self._objects.type_of(node, pointer, name, side)
            case "free":
                return ScalarRef(Scalar.JSON)
            case "array" | "map" if pointer in above:
                raise Unserved("a list or map that contains itself", pointer)
            case "array":
                return ListRef(self._type(*_item(node, pointer), singular(name), side, above | {pointer}))
            case "map":
                return self._map(node, pointer, name, side, above | {pointer})
        values = values_of(node)
        if values:
            return enum_type(self._registry, node, values, pointer, name)
        scalar = scalar_of(node, node.get("type"), pointer)
        if side == "output" and node.get("format") == "binary":
            scalar = Scalar.STRING  # inside JSON there are no bytes, and nothing says how they would be written
        return ScalarRef(scalar, nullable=scalar is Scalar.JSON)

    def _map(self, node: Node, pointer: str, name: str, side: Side, above: frozenset[str]) -> TypeRef:
        found = value_schema(node, pointer)
        value = ANYTHING if found is None else self._type(*found, singular(name), side, above)
        if found is None or (isinstance(value, ScalarRef) and value.scalar is Scalar.JSON):
            return ScalarRef(Scalar.JSON)
        return entries(self._registry, value, side, text=side == "input" and self.travels_as_text(*found))


def _item(node: Node, pointer: str) -> tuple[object, str]:
    """The schema of a list's items; those of a tuple are any of its members."""
    own = node.get("items", True)
    if "prefixItems" not in node:
        return own, own.pointer if isinstance(own, Placed) else f"{pointer}/items"
    parts: list[object] = [Placed(part, f"{pointer}/prefixItems/{index}") for index, part in items(node["prefixItems"])]
    if isinstance(own, dict):
        parts.append(Placed(own, f"{pointer}/items"))
    elif own is True and "items" in node:
        return True, f"{pointer}/items"
    return {"anyOf": parts}, f"{pointer}/prefixItems"
