"""``oneOf`` and ``anyOf`` become unions of results and one-of inputs, or the one scalar that all alternatives share.

Which alternative a value is, is decided by ``replies/choose.py`` from the facts that are gathered here: the
discriminator, the kind of JSON value, required members and members with few values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from resolvers.model import (
    Argument,
    Field,
    InputType,
    ListRef,
    NamedRef,
    ObjectType,
    Scalar,
    ScalarRef,
    TypeRef,
    UnionType,
)
from resolvers.naming import joined
from resolvers.rest.documents.tree import Node, Unserved, items, members, text
from resolvers.rest.schemas.enums import values_of
from resolvers.rest.schemas.maps import optional, title_of
from resolvers.rest.schemas.merge import Merge, Placed, Plain, Spot, properties_of
from resolvers.rest.schemas.registry import Registry, Side, TypeOf, own_name
from resolvers.rest.shapes import Choice, JsonKind, Variant

Sort = str
"""What an alternative is: ``object``, ``map``, ``free`` (any object), ``array``, ``string``, ``number``, ``boolean``,
``any``."""
SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
FEW = 10
"""A member with more values than these tells no alternatives apart: it is an enumeration, not a tag."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative, in its plain form and as it was written."""

    sort: Sort
    plain: Plain
    spot: Spot


def sort_of(node: Node) -> Sort:
    """What values a plain schema describes."""
    kind = node.get("type")
    if kind == "array" or (kind is None and ("items" in node or "prefixItems" in node)):
        return "array"
    if kind == "object" or (kind is None and ("properties" in node or "additionalProperties" in node)):
        if members(node.get("properties")):
            return "object"
        return (
            "map" if any(members(node.get(word)) for word in ("additionalProperties", "patternProperties")) else "free"
        )
    values = values_of(node)
    if values:
        kinds = {
            "boolean" if isinstance(item, bool) else "string" if isinstance(item, str) else "number" for item in values
        }
        return kinds.pop() if len(kinds) == 1 else "any"
    return SCALARS.get(str(kind), "any")


class Unions:
    def __init__(self, registry: Registry, merge: Merge, type_of: TypeOf) -> None:
        self._registry = registry
        self._merge = merge
        self._type_of = type_of

    def type_of(self, plain: Plain, name: str, side: Side, above: frozenset[str]) -> TypeRef:
        """The type of a schema with several alternatives.

        Raises:
            Unserved: no type says what they have in common.
        """
        branches: dict[str, Branch] = {}
        nullable = self._branches(plain.choices, branches, {plain.pointer}) or plain.nullable
        found = list(branches.values())
        sorts = {branch.sort for branch in found}
        if not found or "any" in sorts:
            return ScalarRef(Scalar.JSON, nullable=True)
        made: TypeRef
        if len(found) == 1:
            made = self._type_of(*found[0].spot, name, side, above)
        elif sorts <= set(SCALARS.values()):
            made = self._scalar(found, plain.pointer, name, side)
        elif sorts <= set(SCALARS.values()) | {"free"}:
            return ScalarRef(Scalar.JSON, nullable)  # a word or anything at all: no type says more
        elif sorts == {"array"}:
            made = self._type_of(*self._one_list(found, plain.pointer), name, side, above)
        elif len([branch for branch in found if branch.sort == "map"]) > 1:
            raise Unserved("one of several kinds of maps", plain.pointer)
        else:
            made = self._union(plain, found, name, side)
        return optional(made) if nullable else made

    def _branches(self, choices: Iterable[Spot], into: dict[str, Branch], seen: set[str]) -> bool:
        """Gathers the alternatives, those of alternatives too, each once; true when one may be null."""
        nullable = False
        for choice in choices:
            plain = self._merge.plain(*choice)
            nullable = nullable or plain.nullable
            if plain.choices:
                if plain.pointer not in seen:
                    seen.add(plain.pointer)
                    nullable = self._branches(plain.choices, into, seen) or nullable
            else:
                into.setdefault(plain.pointer, Branch(sort_of(plain.node), plain, choice))
        return nullable

    def _scalar(self, branches: list[Branch], pointer: str, name: str, side: Side) -> TypeRef:
        """The scalar that all alternatives share."""
        if len({branch.sort for branch in branches}) > 1:
            kinds = dict.fromkeys(str(branch.plain.node.get("type", branch.sort)) for branch in branches)
            raise Unserved(f"one of several scalars: {', '.join(kinds)}", pointer)
        sort = branches[0].sort
        listed = [values_of(branch.plain.node) for branch in branches]
        if all(listed):
            values = [value for found in listed for value in found or ()]
            return self._type_of({"type": sort, "enum": values}, pointer, name, side, frozenset())
        refs = {self._type_of(*branch.spot, name, side, frozenset()) for branch in branches}
        scalars = {ref.scalar if isinstance(ref, ScalarRef) else Scalar.STRING for ref in refs}
        if len(scalars) == 1:
            return ScalarRef(scalars.pop())
        if sort == "number":
            return ScalarRef(Scalar.BIG_INT if scalars <= {Scalar.INT, Scalar.BIG_INT} else Scalar.FLOAT)
        return ScalarRef(Scalar.STRING)

    @staticmethod
    def _one_list(branches: list[Branch], pointer: str) -> Spot:
        """Several lists as a list of several: whose items are which cannot be told for an empty one anyway."""
        parts = [Placed(branch.plain.node.get("items", {}), f"{branch.plain.pointer}/items") for branch in branches]
        return {"type": "array", "items": Placed({"anyOf": parts}, f"{pointer}/items")}, f"{pointer}/array"

    def _union(self, plain: Plain, branches: list[Branch], name: str, side: Side) -> TypeRef:
        registry = self._registry
        name = registry.name(plain.pointer, name)
        place = registry.tree.place(plain.pointer)
        told = text(plain.node, "description")
        if side == "output" and name not in registry.types:
            registry.types[name] = UnionType(name, (), description=told, place=place)
            registry.waiting.append(partial(self._read_output, plain, branches, name))
        elif side == "input" and name not in registry.inputs:
            registry.inputs[name] = InputType(name, {}, one_of=True, description=told, place=place)
            registry.waiting.append(partial(self._read_input, plain, branches, name))
        return NamedRef(name)

    def _read_output(self, plain: Plain, branches: list[Branch], name: str) -> None:
        registry = self._registry
        variants: dict[str, Variant] = {}
        targets: dict[str, str] = {}
        for title, branch, ref in self._members(branches, name, "output"):
            variant = self._variant(title, branch, ref)
            variants.setdefault(variant.type, variant)
            targets[branch.plain.pointer] = variant.type
        tag, mapping = self._mapping(plain, targets)
        choice = Choice(tuple(variants.values()), tag, mapping)
        registry.choices[name] = choice
        registry.types[name] = UnionType(
            name, tuple(variants), description=text(plain.node, "description"), place=registry.tree.place(plain.pointer)
        )
        if not tag:
            self._guessed(choice, name, plain.pointer)

    def _read_input(self, plain: Plain, branches: list[Branch], name: str) -> None:
        registry = self._registry
        fields: dict[str, Argument] = {}
        targets: dict[str, str] = {}
        for title, branch, ref in self._members(branches, name, "input"):
            short = title.removeprefix(name) if isinstance(ref, NamedRef) else self._kind(title, ref)
            key = next((key for key in (short, title) if key and key not in fields), _titled(ref, branch.sort))
            fields.setdefault(key, Argument(key, ref, place=registry.tree.place(branch.plain.pointer)))
            targets[branch.plain.pointer] = key
            if branch.sort == "string" and isinstance(ref, ScalarRef):
                registry.texts.add((name, key))
        tag, mapping = self._mapping(plain, targets)
        registry.tagged[name] = (tag, {key: value for value, key in reversed(mapping.items())})
        given = registry.inputs[name]
        registry.inputs[name] = InputType(name, fields, one_of=True, description=given.description, place=given.place)

    def _kind(self, title: str, ref: TypeRef) -> str:
        """``title``, or only what it says of the kind: of a list whose items have no name of their own, ``List``."""
        while isinstance(ref, ListRef):
            ref = ref.item
        made_here = isinstance(ref, NamedRef) and not self._registry.is_component(ref.name)
        return "List" if made_here and title.endswith("List") else title

    def _members(self, branches: list[Branch], name: str, side: Side) -> Iterable[tuple[str, Branch, TypeRef]]:
        """Each alternative with its type; scalars of one JSON kind are one, and so are lists."""
        alone = len([branch for branch in branches if branch.sort == "object"]) == 1
        groups: dict[str, list[Branch]] = {}
        for number, branch in enumerate(branches):
            groups.setdefault(f"object {number}" if branch.sort == "object" else branch.sort, []).append(branch)
        for key, group in groups.items():
            first, title = group[0], ""
            if first.sort == "object":
                title = own_name(first.plain.pointer) or _extended_name(first) or _title(first, name, alone=alone)
                ref = self._type_of(*first.spot, title, side, frozenset())
            elif first.sort == "free":
                ref = ScalarRef(Scalar.JSON)
            elif first.sort == "array":
                spot = first.spot if len(group) == 1 else self._one_list(group, first.plain.pointer)
                ref = self._type_of(*spot, name, side, frozenset())
            elif first.sort == "map" or len(group) == 1:
                ref = self._type_of(*first.spot, f"{name}Value", side, frozenset())
            else:
                ref = self._scalar(group, f"{first.plain.pointer}/{key}", f"{name}Value", side)
            yield title if isinstance(ref, NamedRef) and title else _titled(ref, first.sort), first, ref

    def _variant(self, title: str, branch: Branch, ref: TypeRef) -> Variant:
        kind: JsonKind = "object" if branch.sort in {"map", "free"} else cast("JsonKind", branch.sort)
        if branch.sort == "object" and isinstance(ref, NamedRef):
            node = branch.plain.node
            served = [(key, schema, where) for key, schema, where in properties_of(node, branch.plain.pointer)]
            required = frozenset(
                item for _, item in items(node.get("required"))
                if isinstance(item, str) and not _is_write_only(served, item)
            )  # fmt: skip
            fixed = {key: values for key, schema, where in served if (values := self._values(schema, where))}
            return Variant(ref.name, kind, required, frozenset(key for key, _, _ in served), fixed)
        member = "items" if branch.sort == "array" else "entries" if branch.sort == "map" else "value"
        return Variant(self._wrapper(title, member, ref), kind, member=member, inner=ref)

    def _wrapper(self, title: str, member: str, ref: TypeRef) -> str:
        """The object in which a scalar, a list or a map is a member of a union."""
        anything = isinstance(ref, ScalarRef) and ref.scalar is Scalar.JSON
        held = ScalarRef(Scalar.JSON, nullable=True) if anything else _required(ref)
        return self._registry.add(title, lambda name: ObjectType(name, {member: Field(member, held)}))

    def _values(self, schema: object, pointer: str) -> frozenset[object]:
        try:
            values = values_of(self._merge.plain(schema, pointer).node) or ()
        except Unserved:
            return frozenset()
        few = len(values) <= FEW and all(isinstance(value, str | int) for value in values)
        return frozenset(values) if few else frozenset()

    def _mapping(self, plain: Plain, targets: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """The discriminator's name, and its value → what ``targets`` has for the schema that it names."""
        tag = text(plain.discriminator, "propertyName")
        by_name = {own_name(pointer): found for pointer, found in targets.items() if own_name(pointer)}
        mapping: dict[str, str] = {}
        for value, target in members(plain.discriminator.get("mapping")).items():
            found = targets.get(str(target)) or by_name.get(str(target).rpartition("/")[2])
            if found is not None:
                mapping[value] = found
        named = set(mapping.values())
        mapping |= {name: found for name, found in by_name.items() if found not in named}
        return (tag, mapping) if tag and mapping else ("", {})

    def _guessed(self, choice: Choice, name: str, pointer: str) -> None:
        """Says of objects that fit each other that which of them a reply holds is decided by its members."""
        objects = [item for item in choice.variants if item.kind == "object" and item.inner is None]
        for index, one in enumerate(objects):
            for other in objects[index + 1 :]:
                if not _differ(one, other):
                    reason = f"which of {one.type} and {other.type} a reply holds is guessed by its members"
                    self._registry.note(name, reason, pointer)
                    return


def _differ(one: Variant, other: Variant) -> bool:
    if one.required - other.known or other.required - one.known:
        return True
    return any(
        not values & other.fixed[key]
        for key, values in one.fixed.items()
        if key in other.fixed and (key in one.required or key in other.required)
    )


def _is_write_only(served: list[tuple[str, object, str]], name: str) -> bool:
    return any(members(schema).get("writeOnly") is True for key, schema, _ in served if key == name)


def _required(ref: TypeRef) -> TypeRef:
    if isinstance(ref, ScalarRef):
        return ScalarRef(ref.scalar)
    return ListRef(ref.item) if isinstance(ref, ListRef) else NamedRef(ref.name)


def _title(branch: Branch, name: str, *, alone: bool) -> str:
    """The name of an alternative that has none: its title, the one value of its tag, or its place."""
    title = joined(text(branch.plain.node, "title"))
    if title and len(title) <= 40:
        return title
    for schema in members(branch.plain.node.get("properties")).values():
        values = values_of(members(schema))
        if values is not None and len(values) == 1 and isinstance(values[0], str) and joined(values[0]):
            return name + joined(values[0])
    return f"{name}Object" if alone else f"{name}Option"


def _extended_name(branch: Branch) -> str:
    """The component that an alternative is, together with what stands beside the alternatives."""
    parts = [members(part) for _, part in items(members(branch.spot[0]).get("allOf"))]
    return own_name(text(parts[-1], "$ref")) if len(parts) == 2 else ""


def _titled(ref: TypeRef, sort: Sort) -> str:
    """The name of the wrapper, or of the field of a one-of input."""
    if sort == "object" and isinstance(ref, NamedRef):
        return ref.name
    if sort == "map" and isinstance(ref, ListRef):
        return f"{title_of(ref.item).removesuffix('Entry')}Map"
    return title_of(ref) if sort == "array" else f"{title_of(ref)}Value"
