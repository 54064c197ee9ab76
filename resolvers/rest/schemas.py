"""JSON Schema as OpenAPI 3.0 and 3.1 use it becomes model types: objects, inputs, enums and scalars.

Whatever a schema says that the model cannot say is served as ``JSON`` and reported, never guessed. Operations are read
in ``openapi.py``.

Objects are registered by the pointer of their schema before their fields are read, so recursive schemas end, and
fields are read from a queue, so deep ones do not exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from resolvers.model import (
    Argument,
    EnumType,
    EnumValue,
    Field,
    InputType,
    LeftOut,
    ListRef,
    NamedRef,
    ObjectType,
    OutputType,
    Scalar,
    ScalarRef,
    TypeRef,
)
from resolvers.rest.document import Node, Tree, Unserved, items, members, text, token
from resolvers.rest.naming import joined, singular
from resolvers.rest.pointers import split
from resolvers.rest.scalars import integer, scalar_of

Side = Literal["output", "input"]
COMPONENT = "#/components/schemas/"
DEPRECATED = "Deprecated by the source."
ANYTHING = ScalarRef(Scalar.JSON, nullable=True)

FACETS = ("type", "format", "items", "enum", "maximum", "minimum", "additionalProperties", "description")


class Schemas:
    """Collects the types that operations reach. ``degraded`` says what is served as less than its schema."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.types: dict[str, OutputType] = {}
        self.inputs: dict[str, InputType] = {}
        self.enums: dict[str, EnumType] = {}
        self.degraded: dict[str, LeftOut] = {}
        self.texts: set[tuple[str, str]] = set()
        self._waiting: list[tuple[Node, str, str, Side]] = []
        self._names: dict[str, str] = {}
        components = members(members(tree.root.get("components")).get("schemas"))
        self._taken = {name: COMPONENT + token(name) for name in components}

    def type_of(self, schema: object, pointer: str, name: str, side: Side) -> TypeRef:
        """The type of a schema; ``name`` is given to what has none of its own. Fields follow in ``finish``."""
        return self._type(schema, pointer, name, side, frozenset())

    def finish(self) -> None:
        """Reads the fields of every object met so far, and of those that they lead to."""
        while self._waiting:
            schema, pointer, name, side = self._waiting.pop()
            if side == "output":
                self._read_output(schema, pointer, name)
            else:
                self._read_input(schema, pointer, name)

    def add(self, title: str, make: Callable[[str], OutputType]) -> str:
        """Adds a type that no schema describes and gives its name; one of the same title is shared."""
        name = self._name(f"#/x-made/{token(title)}", title)
        self.types[name] = make(name)
        return name

    def travels_as_text(self, schema: object, pointer: str) -> bool:
        """True when the schema, or the items of its list, is a string for JSON."""
        try:
            node, pointer = self._plain(schema, pointer, frozenset())
        except Unserved:
            return False
        kind = node.get("type")
        if kind == "array":
            return self.travels_as_text(node.get("items"), f"{pointer}/items")
        return kind == "string" or (isinstance(kind, list) and set(kind) <= {"string", "null"})

    def _type(self, schema: object, pointer: str, name: str, side: Side, above: frozenset[str]) -> TypeRef:
        if schema is True or schema == {}:
            return ANYTHING
        try:
            node, pointer = self._plain(schema, pointer, above)
            return self._kind(node, pointer, _own_name(pointer) or name, side, above)
        except Unserved as unserved:
            self._degrade(name, unserved)
            return ANYTHING

    def _degrade(self, name: str, unserved: Unserved) -> None:
        place = self._tree.place(unserved.pointer)
        what = f"served as JSON: {unserved.reason}"
        self.degraded.setdefault(unserved.pointer, LeftOut(name, what, place, degraded=True))

    def _plain(self, schema: object, pointer: str, above: frozenset[str]) -> tuple[Node, str]:
        """The schema without references and combinations; ``nullable`` is set where a null is one of them."""
        nullable = False
        seen: set[str] = set()
        while True:
            node, pointer = self._tree.follow(schema, pointer)
            if pointer in seen:
                raise Unserved("a schema that is nothing but itself", pointer)
            seen.add(pointer)
            nullable = nullable or _nullable(node)
            alternatives = [
                (part, f"{pointer}/{word}/{index}")
                for word in ("oneOf", "anyOf")
                for index, part in items(node.get(word))
                if not _is_constraint(part)
            ]
            others = [(part, where) for part, where in alternatives if not self._is_null(part, where)]
            nullable = nullable or len(others) < len(alternatives)
            if len(others) > 1:
                raise Unserved("one of several types", f"{pointer}/{'oneOf' if 'oneOf' in node else 'anyOf'}")
            parts = [(part, f"{pointer}/allOf/{index}") for index, part in items(node.get("allOf"))] + others
            own = "properties" in node or "items" in node or "enum" in node
            if not parts:
                return ({**node, "nullable": True} if nullable else node), pointer
            real = [(part, where) for part, where in parts if not _is_constraint(part)]
            if own or len(real) != 1:
                merged = self._merge(node, parts, pointer, above | frozenset(seen))
                return {**merged, "nullable": nullable or merged.get("nullable") is True}, pointer
            schema, pointer = real[0]

    def _merge(self, node: Node, parts: list[tuple[object, str]], pointer: str, above: frozenset[str]) -> Node:
        properties: dict[str, object] = {}
        required: list[object] = []
        merged: dict[str, object] = {}
        nullable = bool(parts)
        for part, where in parts:
            _, target = self._tree.follow(part, where)
            if target in above:
                raise Unserved("a schema that is made of itself", pointer)
            plain, target = self._plain(part, where, above | {target})
            # The members keep the place where they were written: a nested object is then one type wherever it is used.
            properties |= {
                key: _Placed(value, f"{target}/properties/{token(key)}") if not isinstance(value, _Placed) else value
                for key, value in members(plain.get("properties")).items()
            }
            required += [name for _, name in items(plain.get("required"))]
            merged |= {key: plain[key] for key in FACETS if key in plain and key != "description"}
            nullable = nullable and plain.get("nullable") is True
        properties |= {
            key: _Placed(value, f"{pointer}/properties/{token(key)}")
            for key, value in members(node.get("properties")).items()
        }
        required += [name for _, name in items(node.get("required"))]
        merged |= {key: node[key] for key in FACETS if key in node}
        if properties:
            merged |= {"properties": properties, "required": required}
        return {**merged, "nullable": nullable}

    def _is_null(self, schema: object, pointer: str) -> bool:
        try:
            node, _ = self._tree.follow(schema, pointer)
        except Unserved:
            return False
        return node.get("type") == "null" or node.get("enum") == [None] or ("const" in node and node["const"] is None)

    def _kind(self, node: Node, pointer: str, name: str, side: Side, above: frozenset[str]) -> TypeRef:
        nullable = _nullable(node)
        kind = node.get("type")
        if isinstance(kind, list):
            kinds = [item for item in kind if item != "null"]
            if len(kinds) > 1:
                raise Unserved(f"one of several types: {', '.join(map(str, kinds))}", pointer)
            kind = kinds[0] if kinds else None
        if kind == "array" or (kind is None and "items" in node):
            if pointer in above:
                raise Unserved("a list that contains itself", pointer)
            above |= {pointer}
            item = self._type(node.get("items", True), f"{pointer}/items", singular(name), side, above)
            return ListRef(item, nullable)
        if kind == "object" or (kind is None and "properties" in node):
            return self._object(node, pointer, name, side, nullable=nullable)
        values = node.get("enum")
        if isinstance(values, list) and kind in {None, "string", "integer"}:
            return self._enum(node, values, pointer, name, nullable=nullable)
        scalar = scalar_of(node, kind, pointer)
        if side == "output" and node.get("format") == "binary":
            scalar = Scalar.STRING  # inside JSON there are no bytes, and nothing says how they would be written
        return ScalarRef(scalar, nullable or (scalar is Scalar.JSON))

    def _object(self, node: Node, pointer: str, name: str, side: Side, *, nullable: bool) -> TypeRef:
        hidden = "writeOnly" if side == "output" else "readOnly"
        if all(_flag(value, hidden) for value in members(node.get("properties")).values()):
            return ScalarRef(Scalar.JSON, nullable)
        name = self._name(pointer, name)
        known: Mapping[str, object] = self.types if side == "output" else self.inputs
        if name not in known:
            description = text(node, "description")
            place = self._tree.place(pointer)
            if side == "output":
                self.types[name] = ObjectType(name, {}, description=description, place=place)
            else:
                self.inputs[name] = InputType(name, {}, description=description, place=place)
            self._waiting.append((node, pointer, name, side))
            if isinstance(node.get("additionalProperties"), dict) and node["additionalProperties"]:
                reason = "members beyond the named ones are not served"
                where = f"{pointer}/additionalProperties"
                self.degraded.setdefault(where, LeftOut(name, reason, self._tree.place(where), degraded=True))
        return NamedRef(name, nullable)

    def _name(self, pointer: str, name: str) -> str:
        if pointer not in self._names:
            candidate, number = name, 2
            while self._taken.setdefault(candidate, pointer) != pointer:
                candidate, number = f"{name}{number}", number + 1
            self._names[pointer] = candidate
        return self._names[pointer]

    def _enum(self, node: Node, values: list[object], pointer: str, name: str, *, nullable: bool) -> TypeRef:
        given = list(dict.fromkeys(value for value in values if isinstance(value, str | int | float)))
        if not given or not all(isinstance(value, str) for value in given):
            if given and all(isinstance(value, int) and not isinstance(value, bool) for value in given):
                return ScalarRef(integer(node), nullable)
            raise Unserved("an enumeration of several types", f"{pointer}/enum")
        name = self._name(pointer, name)
        if name not in self.enums:
            listed = tuple(EnumValue(str(value)) for value in given)
            self.enums[name] = EnumType(name, listed, text(node, "description"), self._tree.place(pointer))
        return NamedRef(name, nullable)

    def _read_output(self, node: Node, pointer: str, name: str) -> None:
        fields: dict[str, Field] = {}
        required = {item for _, item in items(node.get("required"))}
        for key, schema, where in _properties(node, pointer):
            if _flag(schema, "writeOnly"):
                continue
            fields[key] = Field(
                key,
                self._type(schema, where, name + joined(key), "output", frozenset()),
                required=key in required,
                description=text(members(schema), "description"),
                deprecated=DEPRECATED if _flag(schema, "deprecated") else None,
                place=self._tree.place(where),
            )
        made = self.types[name]
        assert isinstance(made, ObjectType)
        self.types[name] = replace(made, fields=fields)

    def _read_input(self, node: Node, pointer: str, name: str) -> None:
        fields: dict[str, Argument] = {}
        required = {item for _, item in items(node.get("required"))}
        for key, schema, where in _properties(node, pointer):
            if _flag(schema, "readOnly"):
                continue
            fields[key] = Argument(
                key,
                self._type(schema, where, name + joined(key), "input", frozenset()),
                required=key in required,
                description=text(members(schema), "description"),
                place=self._tree.place(where),
            )
            if self.travels_as_text(schema, where):
                self.texts.add((name, key))
        self.inputs[name] = replace(self.inputs[name], fields=fields)


class _Placed(dict[str, object]):
    """A member of a merged schema that remembers the pointer where it was written."""

    def __init__(self, schema: object, pointer: str) -> None:
        super().__init__(members(schema))
        self.pointer = pointer


def _properties(node: Node, pointer: str) -> list[tuple[str, object, str]]:
    return [
        (key, schema, schema.pointer if isinstance(schema, _Placed) else f"{pointer}/properties/{token(key)}")
        for key, schema in members(node.get("properties")).items()
    ]


def _own_name(pointer: str) -> str:
    """The name of a component's schema, or an empty string for a schema inside another thing.

    In another file a schema may also stand at the top under its name, or be the file.
    """
    address, inside = split(pointer)
    own = inside.removeprefix(COMPONENT) if inside.startswith(COMPONENT) else "/"
    if address and own == "/":
        stem = address.rpartition("/")[2].partition(".")[0]
        own = inside.removeprefix("#/definitions/").removeprefix("#/") if inside != "#" else stem
    return "" if "/" in own else own.replace("~1", "/").replace("~0", "~")


def _nullable(node: Node) -> bool:
    kind = node.get("type")
    return node.get("nullable") is True or kind == "null" or (isinstance(kind, list) and "null" in kind)


def _is_constraint(schema: object) -> bool:
    """A part that only narrows (``required`` of what stands elsewhere) and has no type of its own."""
    words = {"$ref", "type", "properties", "items", "enum", "allOf", "oneOf", "anyOf", "const", "additionalProperties"}
    return isinstance(schema, dict) and not words & schema.keys()


def _flag(schema: object, name: str) -> bool:
    return members(schema).get(name) is True
