"""``additionalProperties`` and ``patternProperties`` become lists of entries: an object whose keys nobody knows."""

from __future__ import annotations

from resolvers.model import Argument, Field, InputType, ListRef, NamedRef, ObjectType, Scalar, ScalarRef, TypeRef
from resolvers.rest.documents.tree import Node, members, token
from resolvers.rest.schemas.merge import Spot, spot
from resolvers.rest.schemas.registry import Registry, Side

KEY, VALUE = "key", "value"


def value_schema(node: Node, pointer: str) -> Spot | None:
    """The schema of the members beyond the named ones; ``None`` where nothing is said of them."""
    found = [
        spot(schema, f"{pointer}/patternProperties/{token(key)}")
        for key, schema in members(node.get("patternProperties")).items()
        if isinstance(schema, dict) and schema
    ]
    more = node.get("additionalProperties")
    if isinstance(more, dict) and more:
        found.append(spot(more, f"{pointer}/additionalProperties"))
    if len(found) > 1 and any(schema != found[0][0] for schema, _ in found):
        return {"anyOf": [schema for schema, _ in found]}, f"{pointer}/patternProperties"
    return found[0] if found else None


def entries(registry: Registry, value: TypeRef, side: Side, *, text: bool) -> ListRef:
    """The list of entries for values of a type; ``text``: numbers among them travel as strings."""
    title = title_of(value)
    text = text and _numbers(value)
    name = registry.name(f"#entry/{title}{'/text' if text else ''}", f"{title}Entry")
    known = registry.types if side == "output" else registry.inputs
    if name not in known:
        key = ScalarRef(Scalar.STRING)
        held = optional(value)
        if side == "output":
            fields = {KEY: Field(KEY, key), VALUE: Field(VALUE, held, required=False)}
            registry.types[name] = ObjectType(name, fields)
        else:
            given = {KEY: Argument(KEY, key, required=True), VALUE: Argument(VALUE, held)}
            registry.inputs[name] = InputType(name, given)
            if text:
                registry.texts.add((name, VALUE))
        registry.maps[side].add(name)
        registry.made.add(name)
    return ListRef(NamedRef(name))


def _numbers(ref: TypeRef) -> bool:
    """Whether values, or the items of lists, are numbers that JSON may have as strings."""
    while isinstance(ref, ListRef):
        ref = ref.item
    return isinstance(ref, ScalarRef) and ref.scalar in {Scalar.DECIMAL, Scalar.BIG_INT}


def title_of(ref: TypeRef) -> str:
    """A type as the first part of the name of another: ``String``, ``Order``, ``OrderList``."""
    if isinstance(ref, ListRef):
        return f"{title_of(ref.item)}List"
    return ref.scalar.value if isinstance(ref, ScalarRef) else ref.name


def optional(ref: TypeRef) -> TypeRef:
    """The same type, which may be null."""
    if isinstance(ref, ScalarRef):
        return ScalarRef(ref.scalar, nullable=True)
    return ListRef(ref.item, nullable=True) if isinstance(ref, ListRef) else NamedRef(ref.name, nullable=True)
