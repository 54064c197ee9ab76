"""What complex types declare, read into trees: particles with how often they occur, and attributes.

It follows XML Schema 1.0 part 1, sections 3.4 to 3.9. What becomes of a tree is said in ``members.py`` and
``contents.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from resolvers.model import NOWHERE, LeftOut, Place
from resolvers.soap.builtins import SOAP_ENCODINGS, XML, XSD
from resolvers.soap.schemas.declarations import NESTING, Schema, is_true, place_of, qname, text_of
from resolvers.soap.schemas.simple import TEXT
from resolvers.soap.schemas.told import with_facets
from resolvers.soap.schemas.types import Types
from resolvers.soap.shapes import Complex, Member, Opaque, Shape, Simple
from resolvers.xml import Element, local, namespace_of

_KINDS = {f"{{{XSD}}}{kind}": kind for kind in ("sequence", "all", "choice", "group", "element", "any")}
_UNREPEATED = {"0", "1"}
MOST_PARTICLES = 10_000
"""Of one type, those of its groups among them: groups that hold others twice would double them at each step."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """An element or a wildcard. ``member`` says nothing of how often it occurs: that is what the leaf says."""

    member: Member
    optional: bool
    many: bool


@dataclass(slots=True, eq=False)
class Group:
    """A sequence, an all or a choice; ``name``: of the named group that it is, if any."""

    kind: Literal["sequence", "choice"]
    parts: list[Particle] = field(default_factory=list)
    optional: bool = False
    many: bool = False
    name: str = ""
    place: Place = NOWHERE


Particle: TypeAlias = "Leaf | Group"


class Particles:
    """Reads the declarations of one complex type, ``owner``."""

    def __init__(self, types: Types, owner: Complex) -> None:
        self._types = types
        self._owner = owner
        self._left = MOST_PARTICLES
        self._inside: list[str] = []
        """The named groups that are being read."""

    def note(self, member: str, reason: str, node: Element, schema: Schema) -> None:
        self._types.note(f"{self._owner.name}.{member}" if member else self._owner.name, reason, node, schema)

    def of(self, node: Element, schema: Schema) -> list[Particle]:
        """The particles that a complexType, an extension or a restriction has itself."""
        found = (self._particle(child, schema, 0) for child in node if child.tag in _KINDS)
        return [each for each in found if each is not None]

    def _particle(self, node: Element, schema: Schema, depth: int) -> Particle | None:
        optional, many = node.get("minOccurs") == "0", node.get("maxOccurs", "1") not in _UNREPEATED
        if node.get("maxOccurs") == "0":
            return None
        self._left -= 1
        if depth > NESTING or self._left < 0:
            self.note("", "more than a type can hold", node, schema)
            return None
        kind = _KINDS[node.tag]
        if kind == "element":
            return Leaf(self._element(node, schema), optional, many)
        if kind == "any":
            self.note("", "a wildcard (xs:any): served as JSON", node, schema)
            return Leaf(
                Member("any", "", Opaque(), "any", required=False, place=place_of(node, schema)), optional, many
            )
        return self._group(node, schema, depth, Group("sequence", [], optional, many, place=place_of(node, schema)))

    def _group(self, node: Element, schema: Schema, depth: int, group: Group) -> Group | None:
        """A sequence, an all, a choice, or the named group that is referred to."""
        if node.tag == f"{{{XSD}}}group" and node.get("ref"):
            tag = qname(node, node.get("ref", ""), schema.namespace)
            found = self._types.declarations.find("group", tag)
            if found is None:
                self.note("", f"the group {local(tag)} is declared nowhere", node, schema)
                return None
            if tag in self._inside:
                self.note("", "a group that contains itself", node, schema)
                return None
            node, schema = found
            group.name = local(tag)
            self._inside.append(tag)
        group.kind = "choice" if _KINDS[node.tag] == "choice" else "sequence"
        parts = (self._particle(child, schema, depth + 1) for child in node if child.tag in _KINDS)
        group.parts = [part for part in parts if part is not None]
        if group.name:
            self._inside.pop()
        only = group.parts[0] if group.name and len(group.parts) == 1 else None
        if isinstance(only, Group) and not only.optional and not only.many:  # what the named group is
            group.kind, group.parts = only.kind, only.parts
        return group

    def _element(self, node: Element, schema: Schema) -> Member:
        written = node.get("ref")
        member = self._own(node, schema) if written is None else self._referred(node, schema, written)
        shape = member.shape
        if isinstance(shape, Opaque) and shape.missing:
            reason = f"the type {local(shape.missing)} is declared nowhere"
            coordinate = f"{self._owner.name}.{member.name}"
            self._types.fallbacks.append(LeftOut(coordinate, reason, member.place, degraded=True))
        elif isinstance(shape, Opaque) and not member.substitutes:
            self.note(member.name, "may hold anything: served as JSON", node, schema)
        return member

    def _own(self, node: Element, schema: Schema) -> Member:
        name, form, typed = node.get("name", ""), node.get("form"), node.get("type")
        qualified = form == "qualified" if form else schema.qualified
        shape = self._types.inner_type(node, schema, self._owner, name)
        return Member(
            name,
            f"{{{schema.namespace}}}{name}" if qualified and schema.namespace else name,
            shape,
            nillable=is_true(node.get("nillable")),
            default=node.get("default"),
            fixed=node.get("fixed"),
            type_tag=qname(node, typed, schema.namespace) if typed else "",
            place=place_of(node, schema),
            description=with_facets(text_of(node), shape, node.get("default"), node.get("fixed")),
        )

    def _referred(self, node: Element, schema: Schema, written: str) -> Member:
        tag = qname(node, written, schema.namespace)
        found = self._types.element(tag)
        if found is None:
            self._types.missing = True
            return Member(local(tag), tag, Opaque(tag), place=place_of(node, schema))
        return Member(
            found.name,
            tag,
            found.shape,
            nillable=found.nillable,
            default=found.default,
            fixed=found.fixed,
            substitutes=found.substitutes,
            type_tag=found.type_tag,
            place=place_of(node, schema),
            description=with_facets(text_of(node) or found.description, found.shape, found.default, found.fixed),
        )

    def attributes(self, node: Element, schema: Schema, seen: frozenset[str] = frozenset()) -> Iterator[Member]:
        """The attributes that a declaration has itself, those of its attribute groups among them."""
        for child in node:
            kind = local(child.tag)
            if kind == "attribute" and child.get("use") != "prohibited":
                found = self._attribute(child, schema)
                if found is not None:
                    yield found
            elif kind == "attributeGroup" and len(seen) <= NESTING:
                tag = qname(child, child.get("ref", ""), schema.namespace)
                if tag in seen:
                    continue
                group = self._types.declarations.find("attributeGroup", tag)
                if group is None:
                    self.note("", f"the attribute group {child.get('ref')} is declared nowhere", child, schema)
                else:
                    yield from self.attributes(*group, seen | {tag})

    def _attribute(self, node: Element, schema: Schema) -> Member | None:
        written, declared, context = node.get("ref"), node, schema
        if written is not None:
            tag = qname(node, written, schema.namespace)
            if namespace_of(tag) in SOAP_ENCODINGS:  # of the encoding, not of what is told
                return None
            found = self._types.declarations.find("attribute", tag)
            if found is not None:
                declared, context = found
            elif namespace_of(tag) != XML:
                self.note(local(tag), "an attribute declared nowhere: served as text", node, schema)
        else:
            name, form = node.get("name", ""), node.get("form")
            qualified = form == "qualified" if form else schema.attributes_qualified
            tag = f"{{{schema.namespace}}}{name}" if qualified and schema.namespace else name
        typed = declared.get("type")
        inner = declared.find(f"{{{XSD}}}simpleType")
        shape: Shape = TEXT
        if typed is not None:
            shape = self._types.named_type(declared, context, typed)
        elif inner is not None:
            shape = self._types.inner_text(inner, context, self._owner, local(tag))
        default = node.get("default", declared.get("default"))
        fixed = node.get("fixed", declared.get("fixed"))
        shape = shape if isinstance(shape, Simple) else TEXT
        return Member(
            local(tag),
            tag,
            shape,
            "attribute",
            required=node.get("use") == "required",
            default=default,
            fixed=fixed,
            place=place_of(node, schema),
            description=with_facets(text_of(node) or text_of(declared), shape, default, fixed),
        )
