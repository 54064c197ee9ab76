"""Members of complex types: the elements and attributes that the content of each declares, its base's first.

It follows XML Schema 1.0 part 1. What a type or an element is called, and what a simple type allows, is ``xsd.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from resolvers.model import LeftOut, Scalar
from resolvers.soap.builtins import XML, XSD
from resolvers.soap.schemas.types import NESTING, Schema, Types, is_true, place_of, qname, text_of
from resolvers.soap.shapes import Complex, Member, Opaque, Shape, Simple
from resolvers.xml import Element, local, namespace_of

_PARTICLES = {"sequence", "all", "choice", "group", "element", "any"}


@dataclass(frozen=True, slots=True)
class _Particle:
    """How the groups around an element bear on it."""

    optional: bool = False
    many: bool = False
    choice: bool = False


def settle(types: Types) -> None:
    """Fills every complex shape that ``types`` was asked for, and those that these ask for in turn."""
    while types.unsettled:
        shape, node, schema = types.unsettled.pop(0)
        shape.members = tuple(_Content(types, shape).members(node, schema))
        shape.content = tuple(member for member in shape.members if member.kind != "any")
        shape.by_tag = {member.tag: member for member in shape.members if member.kind == "element"}
        if is_true(node.get("abstract")):
            types.note(shape.name, "an abstract type: only its own members are served", node, schema)


class _Content:
    """The members of one complex type, ``owner``; beside each, whether a choice may leave it out."""

    def __init__(self, types: Types, owner: Complex) -> None:
        self._types = types
        self._owner = owner

    def members(self, node: Element, schema: Schema) -> Iterator[Member]:
        """What the declaration ``node`` of the owner says, one member for each tag."""
        found: list[tuple[Member, bool]] = []
        self._content(node, schema, found, 0)
        return self._distinct(found)

    def _note(self, member: str, reason: str, node: Element, schema: Schema) -> None:
        self._types.note(f"{self._owner.name}.{member}" if member else self._owner.name, reason, node, schema)

    def _hint(self, name: str) -> str:
        """What the type that a member declares inside itself may be called."""
        return self._owner.name + name[:1].upper() + name[1:]

    def _content(self, node: Element, schema: Schema, members: list[tuple[Member, bool]], depth: int) -> None:
        """The members of a complexType: those of its base first, then its own."""
        if depth > NESTING:
            self._note("", "derived from itself", node, schema)
            return
        if is_true(node.get("mixed")):
            self._note("", "mixed content: the text between its elements is not served", node, schema)
        for child in node:
            match local(child.tag):
                case "simpleContent":
                    simple = self._types.text_of_complex(node, schema, 0)
                    if simple.values and not simple.name:
                        simple = replace(simple, name=self._types.free_name(f"{self._owner.name}Value", schema))
                    members.append((Member("value", "", simple, "value", place=place_of(node, schema)), False))
                    self._simple_attributes(node, schema, members, 0)
                case "complexContent":
                    for derivation in child:
                        if local(derivation.tag) in {"extension", "restriction"}:
                            self._derived(derivation, schema, members, depth)
                case _:
                    pass
        self._own(node, schema, members)

    def _simple_attributes(self, node: Element, schema: Schema, members: list[tuple[Member, bool]], depth: int) -> None:
        """The attributes of a simpleContent type and of its bases."""
        for derivation in node.iterfind(f"{{{XSD}}}simpleContent/*"):
            if local(derivation.tag) not in {"extension", "restriction"}:
                continue
            found = self._types.find("type", qname(derivation, derivation.get("base", ""), schema.namespace))
            if found is not None and depth <= NESTING:
                self._simple_attributes(*found, members, depth + 1)
            self._own(derivation, schema, members)

    def _derived(self, node: Element, schema: Schema, members: list[tuple[Member, bool]], depth: int) -> None:
        written = node.get("base", "")
        tag = qname(node, written, schema.namespace)
        found = self._types.find("type", tag)
        inherited: list[tuple[Member, bool]] = []
        if found is not None and local(found[0].tag) == "complexType":
            self._content(*found, inherited, depth + 1)
        elif tag != f"{{{XSD}}}anyType":
            self._note("", f"its base type {local(tag)} is declared nowhere", node, schema)
        if local(node.tag) == "restriction":  # elements are said anew, attributes are inherited
            said = {child.get("name") for child in node if local(child.tag) == "attribute"}
            inherited = [
                (member, choice)
                for member, choice in inherited
                if member.kind == "attribute" and member.name not in said
            ]
        members.extend(inherited)
        self._own(node, schema, members)

    def _own(self, node: Element, schema: Schema, members: list[tuple[Member, bool]]) -> None:
        for child in node:
            if local(child.tag) in _PARTICLES and namespace_of(child.tag) == XSD:
                members.extend(self._particle(child, schema, _Particle(), 0))
        members.extend((member, False) for member in self._attributes(node, schema, 0))

    def _particle(  # noqa: C901 - one case for each particle of XML Schema part 1, section 3.9
        self, node: Element, schema: Schema, around: _Particle, depth: int
    ) -> Iterator[tuple[Member, bool]]:
        if depth > NESTING:
            self._note("", "a group that contains itself", node, schema)
            return
        here = _Particle(
            optional=around.optional or node.get("minOccurs") == "0",
            many=around.many or node.get("maxOccurs", "1") not in {"0", "1"},
            choice=around.choice,
        )
        if node.get("maxOccurs") == "0":
            return
        match local(node.tag):
            case "element":
                yield self._element(node, schema, here), here.choice
            case "any":
                self._note("", "a wildcard (xs:any): read as JSON, never written", node, schema)
                yield Member("any", "", Opaque(), "any", required=False, place=place_of(node, schema)), True
            case "group" if node.get("ref"):
                found = self._types.find("group", qname(node, node.get("ref", ""), schema.namespace))
                if found is None:
                    self._note("", f"the group {node.get('ref')} is declared nowhere", node, schema)
                    return
                for child in found[0]:
                    if local(child.tag) in _PARTICLES:
                        yield from self._particle(child, found[1], here, depth + 1)
            case kind:
                children = [child for child in node if local(child.tag) in _PARTICLES]
                if kind == "choice":
                    here = replace(here, optional=True, choice=True)
                elif here.many and len(children) > 1 and node.get("maxOccurs", "1") not in {"0", "1"}:
                    self._note("", "a repeated sequence: its elements are served as lists apart", node, schema)
                for child in children:
                    yield from self._particle(child, schema, here, depth + 1)

    def _element(self, node: Element, schema: Schema, around: _Particle) -> Member:
        written = node.get("ref")
        if written is None:
            name = node.get("name", "")
            form = node.get("form")
            qualified = form == "qualified" if form else schema.qualified
            tag = f"{{{schema.namespace}}}{name}" if qualified and schema.namespace else name
            shape = self._types.shape_of_element(node, schema, self._hint(name))
            nillable = is_true(node.get("nillable"))
            description = text_of(node)
        else:
            tag = qname(node, written, schema.namespace)
            name = local(tag)
            found = self._types.element(tag)
            shape, nillable, description = (
                (Opaque(tag), False, "") if found is None else (found.shape, found.nillable, found.description)
            )
            if self._types.is_head(tag):
                self._note(name, "elements that may stand for it are not served", node, schema)
        if isinstance(shape, Opaque):
            reason = f"the type {local(shape.missing)} is declared nowhere" if shape.missing else "may hold anything"
            self._note(name, f"{reason}: served as JSON", node, schema)
        return Member(
            name,
            tag,
            shape,
            "element",
            many=around.many,
            required=not around.optional,
            nillable=nillable,
            place=place_of(node, schema),
            description=description,
        )

    def _attributes(self, node: Element, schema: Schema, depth: int) -> Iterator[Member]:
        for child in node:
            kind = local(child.tag)
            if kind == "attribute" and child.get("use") != "prohibited":
                yield self._attribute(child, schema)
            elif kind == "attributeGroup" and depth <= NESTING:
                found = self._types.find("attributeGroup", qname(child, child.get("ref", ""), schema.namespace))
                if found is None:
                    self._note("", f"the attribute group {child.get('ref')} is declared nowhere", child, schema)
                else:
                    yield from self._attributes(*found, depth + 1)

    def _attribute(self, node: Element, schema: Schema) -> Member:
        written, declared, context = node.get("ref"), node, schema
        if written is not None:
            tag = qname(node, written, schema.namespace)
            found = self._types.find("attribute", tag)
            if found is not None:
                declared, context = found
            elif namespace_of(tag) != XML:
                self._note(local(tag), "an attribute declared nowhere: served as text", node, schema)
        else:
            name = node.get("name", "")
            form = node.get("form")
            qualified = form == "qualified" if form else schema.attributes_qualified
            tag = f"{{{schema.namespace}}}{name}" if qualified and schema.namespace else name
        name = local(tag)
        typed = declared.get("type")
        inner = declared.find(f"{{{XSD}}}simpleType")
        shape: Shape = Simple(Scalar.STRING, "string")
        if typed is not None:
            shape = self._types.named_type(declared, context, typed)
        elif inner is not None:
            shape = self._types.type_of(inner, context, self._hint(name))
        if not isinstance(shape, Simple):
            shape = Simple(Scalar.STRING, "string")
        return Member(
            name,
            tag,
            shape,
            "attribute",
            required=node.get("use") == "required",
            place=place_of(node, schema),
            description=text_of(node),
        )

    def _distinct(self, members: list[tuple[Member, bool]]) -> Iterator[Member]:
        """One member for each tag, each with a field name of its own."""
        merged: dict[tuple[str, str], tuple[Member, bool]] = {}
        for member, choice in members:
            key = (member.kind, member.tag)
            known = merged.get(key)
            if known is None or member.kind == "attribute":
                merged[key] = (member, choice)
                continue
            first, in_choice = known
            shape = first.shape
            if shape is not member.shape and not _alike(shape, member.shape):
                coordinate = f"{self._owner.name}.{member.name}"
                reason = "declared with two types: read as JSON, never written"
                self._types.degraded.append(LeftOut(coordinate, reason, member.place, degraded=True))
                shape = Opaque("two types")
            merged[key] = (
                replace(
                    first,
                    shape=shape,
                    required=first.required or member.required,
                    many=first.many or member.many or (member.kind == "element" and not (choice and in_choice)),
                    nillable=first.nillable or member.nillable,
                ),
                choice and in_choice,
            )
        taken = {member.name for member, _ in merged.values() if member.kind in {"element", "value"}}
        used: set[str] = set()
        for member, _ in merged.values():
            name = member.name
            if member.kind in {"attribute", "any"} and name in taken:
                name += "Attribute" if member.kind == "attribute" else "Other"
            free, number = name, 2
            while free in used:
                free, number = f"{name}{number}", number + 1
            used.add(free)
            yield member if free == member.name else replace(member, name=free)


def _alike(one: Shape, other: Shape) -> bool:
    if isinstance(one, Simple) and isinstance(other, Simple):
        return (one.scalar, one.builtin, one.values, one.many) == (
            other.scalar,
            other.builtin,
            other.values,
            other.many,
        )
    return False
