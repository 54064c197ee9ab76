"""A schema without references and combinations: ``allOf`` merged, null told apart from the other alternatives.

What remains of ``oneOf`` and ``anyOf`` is handed on as choices; which types those become is decided in ``unions.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from resolvers.rest.documents.tree import Node, Tree, Unserved, items, members, token

FACETS = ("type", "format", "items", "prefixItems", "enum", "const", "maximum", "minimum", "additionalProperties")
STRUCTURE = {
    "$ref", "properties", "items", "prefixItems", "enum", "allOf", "oneOf", "anyOf", "const", "additionalProperties",
    "patternProperties",
}  # fmt: skip
"""What gives a schema a type of its own, beside ``type`` itself."""
OWN = ("properties", "items", "enum", "const", "additionalProperties", "patternProperties")

Spot = tuple[object, str]
"""A schema and the pointer where it stands."""


class Placed(dict[str, object]):
    """A schema taken out of its place, which remembers the pointer where it was written."""

    def __init__(self, schema: object, pointer: str) -> None:
        super().__init__(members(schema))
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Plain:
    """``node`` has neither references nor combinations, and one ``type`` at most.

    ``choices``: the alternatives where there are several; then ``node`` says no more than what they share.
    """

    node: Node
    pointer: str
    nullable: bool
    choices: tuple[Spot, ...] = ()
    discriminator: Node = field(default_factory=dict)


MAX_PARTS = 5000
"""Of one schema, with the parts of its parts: a few short schemas that each name another twice say billions."""


class Merge:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._left = MAX_PARTS

    def plain(self, schema: object, pointer: str, above: frozenset[str] = frozenset()) -> Plain:
        """The plain form of a schema; ``above``: pointers of what is being merged, which no part may be made of.

        Raises:
            Unserved: a reference leads nowhere, or a schema is made of itself.
        """
        self._left = self._left - 1 if above else MAX_PARTS
        if self._left < 0:
            raise Unserved("a schema of too many parts", pointer)
        nullable = False
        seen: set[str] = set()
        schema = {} if schema is True else schema
        while True:
            node, pointer = self._tree.follow(schema, pointer)
            if pointer in seen:
                raise Unserved("a schema that is nothing but itself", pointer)
            seen.add(pointer)
            choices, with_null = self._alternatives(node, pointer, above)
            nullable = nullable or with_null or is_nullable(node)
            parts = [spot(part, f"{pointer}/allOf/{index}") for index, part in items(node.get("allOf"))]
            if len(choices) == 1:
                parts, choices = parts + choices, []
            if not parts:
                return self._several(node, pointer, choices, above, nullable=nullable)
            real = [part for part in parts if not is_constraint(part[0])]
            alone = len(real) == 1 and not choices and not any(word in node for word in OWN)
            if alone and not self._narrowed(node, parts, real[0], above | frozenset(seen)):
                schema, pointer = real[0]
                continue
            merged = self._merge(node, parts, pointer, above | frozenset(seen))
            nullable = nullable or merged.nullable
            if choices:
                kinds = self._several(merged.node, pointer, choices, above, nullable=nullable)
                return replace(kinds, discriminator=members(node.get("discriminator")))
            return replace(merged, nullable=nullable)

    def _narrowed(self, node: Node, parts: list[Spot], real: Spot, above: frozenset[str]) -> bool:
        """Whether something is required around the one part that it does not require itself."""
        wanted = set(_required(node)) | {name for part, _ in parts if part is not real[0] for name in _required(part)}
        if not wanted:
            return False
        _, target = self._tree.follow(*real)
        if target in above:
            raise Unserved("a schema that is made of itself", target)
        inner = self.plain(*real, above)
        return bool(wanted & members(inner.node.get("properties")).keys() - set(_required(inner.node)))

    def _alternatives(self, node: Node, pointer: str, above: frozenset[str]) -> tuple[list[Spot], bool]:
        """The alternatives that have a type, and whether null is one more."""
        found = [
            spot(part, f"{pointer}/{word}/{index}")
            for word in ("oneOf", "anyOf")
            for index, part in items(node.get(word))
            if not is_constraint(part) and not ("properties" in node and _is_bare(part))
        ]
        kind = node.get("type")
        if not found and isinstance(kind, list):
            kinds = [item for item in kind if item != "null"]
            if len(kinds) > 1:
                return [({**node, "type": item}, f"{pointer}/type/{index}") for index, item in enumerate(kinds)], False
        others = [item for item in found if not self._is_null(item, alone=len(found) == 1)]
        if above and any(self._target(item) in above for item in others):
            others = []  # a base that lists its own kinds, being merged into one of them
        return others, len(others) < len(found)

    def _several(
        self, node: Node, pointer: str, choices: list[Spot], above: frozenset[str], *, nullable: bool
    ) -> Plain:
        kind = node.get("type")
        if isinstance(kind, list):
            kinds = [item for item in kind if item != "null"]
            node = {**node, "type": kinds[0] if kinds else "null"}
        if not choices:
            return Plain(node, pointer, nullable)
        extending = f"{pointer}?"
        if members(node.get("properties")) and extending not in above:
            base = {key: value for key, value in node.items() if key not in {"oneOf", "anyOf", "allOf", "nullable"}}
            choices = [self._extended(base, pointer, choice, above | {extending}) for choice in choices]
        return Plain(node, pointer, nullable, tuple(choices), members(node.get("discriminator")))

    def _extended(self, base: Node, pointer: str, choice: Spot, above: frozenset[str]) -> Spot:
        """An alternative with what stands beside the alternatives; the alternative itself where it has all of it."""
        inner = self.plain(*choice, above)
        if members(base.get("properties")).keys() <= members(inner.node.get("properties")).keys():
            return choice
        return {"allOf": [Placed(base, pointer), Placed(*choice)]}, f"{choice[1]}/allOf"

    def _merge(self, node: Node, parts: list[Spot], pointer: str, above: frozenset[str]) -> Plain:
        properties: dict[str, object] = {}
        required: list[str] = []
        merged: dict[str, object] = {}
        nullable = bool(parts)
        choices: tuple[Spot, ...] = ()
        discriminator: Node = {}
        for part, where in parts:
            if is_constraint(part):
                required += _required(part)
                continue
            _, target = self._tree.follow(part, where)
            if target in above:
                raise Unserved("a schema that is made of itself", pointer)
            plain = self.plain(part, where, above | {target})
            # The members keep the place where they were written: a nested object is then one type wherever it is used.
            _lay_over(properties, members(plain.node.get("properties")), plain.pointer)
            required += _required(plain.node)
            merged |= {key: plain.node[key] for key in FACETS if key in plain.node}
            nullable = nullable and plain.nullable
            if plain.choices and choices:
                raise Unserved("several alternatives at once", pointer)
            if plain.choices:
                choices, discriminator = plain.choices, plain.discriminator
        _lay_over(properties, members(node.get("properties")), pointer)
        required += _required(node)
        merged |= {key: node[key] for key in FACETS if key in node}
        if "description" in node:
            merged["description"] = node["description"]
        if properties:
            merged |= {"properties": properties, "required": required}
        if not choices:
            return Plain(merged, pointer, nullable)
        kinds = self._several(merged, pointer, list(choices), above, nullable=nullable)
        return replace(kinds, discriminator=discriminator)

    def _target(self, choice: Spot) -> str:
        try:
            return self._tree.follow(*choice)[1]
        except Unserved:
            return ""

    def _is_null(self, choice: Spot, *, alone: bool) -> bool:
        try:
            node, _ = self._tree.follow(*choice)
        except Unserved:
            return False
        if node.get("type") == "null" or node.get("enum") == [None] or ("const" in node and node["const"] is None):
            return True
        # What tools that read OData write for null beside a reference.
        empty = node.get("type") == "object" and not node.keys() - {"type", "nullable", "description"}
        return not alone and empty and node.get("nullable") is True


def spot(schema: object, pointer: str) -> Spot:
    """A schema and its place: the one it remembers, or ``pointer``."""
    return schema, schema.pointer if isinstance(schema, Placed) else pointer


def properties_of(node: Node, pointer: str) -> list[tuple[str, object, str]]:
    """The members of an object's schema: name, schema, pointer."""
    return [
        (key, *spot(schema, f"{pointer}/properties/{token(key)}"))
        for key, schema in members(node.get("properties")).items()
    ]


def is_nullable(node: Node) -> bool:
    kind = node.get("type")
    if node.get("nullable") is True or kind == "null" or (isinstance(kind, list) and "null" in kind):
        return True
    values = node.get("enum")
    return isinstance(values, list) and None in values


def is_constraint(schema: object) -> bool:
    """A part that only narrows (``required`` of what stands elsewhere) and has no type of its own."""
    return isinstance(schema, dict) and bool(schema) and "type" not in schema and not STRUCTURE & schema.keys()


def _is_bare(schema: object) -> bool:
    return isinstance(schema, dict) and not STRUCTURE & schema.keys()


def _required(node: object) -> list[str]:
    return [name for _, name in items(members(node).get("required")) if isinstance(name, str)]


def _lay_over(properties: dict[str, object], more: Node, pointer: str) -> None:
    """Adds members; one that is there already must be both, unless it is written twice in the same words."""
    for key, schema in more.items():
        placed = schema if isinstance(schema, Placed) else Placed(schema, f"{pointer}/properties/{token(key)}")
        earlier = properties.get(key)
        if isinstance(earlier, Placed) and earlier != placed:
            placed = _both(earlier, placed)
        properties[key] = placed


def _both(earlier: Placed, later: Placed) -> Placed:
    """Of two objects their members together; of anything else the later one, unless it only says something of it."""
    if "properties" in earlier and "properties" in later:
        return Placed({"allOf": [earlier, later]}, f"{later.pointer}/allOf")
    if is_constraint(later):
        return Placed({**earlier, **later}, earlier.pointer)
    return later
