"""XML Schema declarations compiled into shapes: types, elements, groups and attributes of all documents together.

It follows XML Schema 1.0 parts 1 and 2. Nothing here fetches a document or knows of WSDL; what cannot be said in full
is noted in ``degraded``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from resolvers.model import LeftOut, Place, Scalar
from resolvers.soap.builtins import BUILTINS, LISTS, XML, XSD
from resolvers.soap.shapes import Complex, Member, Opaque, Shape, Simple
from resolvers.soap.xml import Element, line_of, local, namespace_of, text_inside

Found: TypeAlias = "tuple[Element, Schema]"

_GLOBALS = {"element", "complexType", "simpleType", "group", "attribute", "attributeGroup"}
_PARTICLES = {"sequence", "all", "choice", "group", "element", "any"}
_NESTING = 60
"""Groups and derivations nest at most so deep; a description that goes further is circular or an attack."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a schema document says once for all its declarations."""

    namespace: str
    document: str
    qualified: bool
    attributes_qualified: bool


@dataclass(frozen=True, slots=True)
class _Particle:
    """How the groups around an element bear on it."""

    optional: bool = False
    many: bool = False
    choice: bool = False


def text_of(node: Element) -> str:
    """The documentation of a schema component, with white space collapsed."""
    texts = node.iterfind(f"{{{XSD}}}annotation/{{{XSD}}}documentation")
    return " ".join(text_inside(found) for found in texts)


def qname(node: Element, written: str, default: str = "") -> str:
    """A prefixed name as ``{namespace}local``; ``default`` is the namespace of names that no prefix or xmlns covers."""
    prefix, colon, name = written.strip().rpartition(":")
    namespace = node.nsmap.get(prefix if colon else None) or ("" if colon else default)
    return f"{{{namespace}}}{name}" if namespace else name


class Types:
    """Every global declaration, and the shapes made of them so far. Call ``settle`` before reading members."""

    def __init__(self) -> None:
        self._globals: dict[tuple[str, str], Found] = {}
        self._shapes: dict[Element, Shape] = {}
        self._names: set[str] = set()
        self._heads: set[str] = set()
        self._queue: list[tuple[Complex, Element, Schema]] = []
        self.degraded: list[LeftOut] = []

    def add(self, node: Element, document: str, namespace: str | None = None) -> None:
        """Takes in an ``xs:schema``; ``namespace`` is the including schema's, for one that has none of its own."""
        schema = Schema(
            namespace=node.get("targetNamespace") or namespace or "",
            document=document,
            qualified=node.get("elementFormDefault") == "qualified",
            attributes_qualified=node.get("attributeFormDefault") == "qualified",
        )
        for child in node:
            kind, name = local(child.tag), child.get("name")
            if kind in _GLOBALS and name and namespace_of(child.tag) == XSD:
                tag = f"{{{schema.namespace}}}{name}" if schema.namespace else name
                kind = "type" if kind.endswith("Type") else kind
                self._globals.setdefault((kind, tag), (child, schema))
                if child.get("substitutionGroup"):
                    self._heads.add(qname(child, child.get("substitutionGroup", ""), schema.namespace))

    def element(self, tag: str) -> Member | None:
        """The global element ``tag`` as a member of nothing, or ``None`` where no document declares it."""
        found = self._globals.get(("element", tag))
        if found is None:
            return None
        node, schema = found
        return Member(
            name=local(tag),
            tag=tag,
            shape=self._shape_of_element(node, schema, local(tag)),
            nillable=_true(node.get("nillable")),
            place=_place(node, schema),
            description=text_of(node),
        )

    def settle(self) -> None:
        """Fills every complex shape that was asked for, and those that these ask for in turn."""
        while self._queue:
            shape, node, schema = self._queue.pop(0)
            members: list[tuple[Member, bool]] = []
            self._content(node, schema, shape, members, 0)
            shape.members = tuple(self._distinct(shape, members))
            shape.by_tag = {member.tag: member for member in shape.members if member.kind == "element"}
            if _true(node.get("abstract")):
                self._note(shape.name, "an abstract type: only its own members are served", node, schema)

    # --- types -------------------------------------------------------------------------------------------------

    def _shape_of_element(self, node: Element, schema: Schema, hint: str) -> Shape:
        written = node.get("type")
        if written is not None:
            return self._named_type(node, schema, written)
        for child in node:
            if child.tag in {f"{{{XSD}}}complexType", f"{{{XSD}}}simpleType"}:
                return self._type(child, schema, hint)
        head = node.get("substitutionGroup")
        found = self._globals.get(("element", qname(node, head, schema.namespace))) if head else None
        if found is not None and found[0] is not node and (found[0].get("type") or len(found[0])):
            return self._shape_of_element(*found, hint)
        return Opaque()

    def _named_type(self, node: Element, schema: Schema, written: str) -> Shape:
        tag = qname(node, written, schema.namespace)
        name = local(tag)
        if namespace_of(tag) == XSD:
            if name == "anyType":
                return Opaque()
            scalar = BUILTINS.get(name)
            return Opaque(f"xs:{name}") if scalar is None else Simple(scalar, name, many=name in LISTS)
        found = self._globals.get(("type", tag))
        if found is None:
            return Opaque(tag)
        return self._type(*found, name)

    def _type(self, node: Element, schema: Schema, hint: str) -> Shape:
        known = self._shapes.get(node)
        if known is not None:
            return known
        if local(node.tag) == "simpleType":
            simple = self._simple(node, schema, 0)
            if simple.values and simple.scalar is Scalar.STRING and not simple.name:
                simple = replace(
                    simple, name=self._name(hint, schema), place=_place(node, schema), description=text_of(node)
                )
            elif not simple.values:
                simple = replace(simple, name="")
            self._shapes[node] = simple
            return simple
        shape = Complex(self._name(hint, schema), place=_place(node, schema), description=text_of(node))
        self._shapes[node] = shape
        self._queue.append((shape, node, schema))
        return shape

    def _simple(self, node: Element, schema: Schema, depth: int) -> Simple:
        """A simpleType, or the restriction inside a simpleContent."""
        if depth > _NESTING:
            return Simple(Scalar.STRING, "string")
        for child in node:
            match local(child.tag):
                case "restriction":
                    return self._restriction(child, schema, depth)
                case "list":
                    item = self._simple_base(child, schema, "itemType", depth)
                    return replace(item, many=True)
                case "union":
                    return self._union(child, schema, depth)
        return Simple(Scalar.STRING, "string")

    def _restriction(self, node: Element, schema: Schema, depth: int) -> Simple:
        base = self._simple_base(node, schema, "base", depth)
        values = tuple(dict.fromkeys(child.get("value", "") for child in node if local(child.tag) == "enumeration"))
        if not values or base.many or base.scalar is not Scalar.STRING:
            return base
        return replace(base, values=values, name="")

    def _simple_base(self, node: Element, schema: Schema, attribute: str, depth: int) -> Simple:
        written = node.get(attribute)
        if written is None:
            inner = node.find(f"{{{XSD}}}simpleType")
            return Simple(Scalar.STRING, "string") if inner is None else self._simple(inner, schema, depth + 1)
        return self._simple_named(node, schema, written, depth)

    def _simple_named(self, node: Element, schema: Schema, written: str, depth: int) -> Simple:
        tag = qname(node, written, schema.namespace)
        found = self._globals.get(("type", tag))
        if namespace_of(tag) == XSD or found is None:
            shape = self._named_type(node, schema, written)
            return shape if isinstance(shape, Simple) else Simple(Scalar.STRING, "string")
        if local(found[0].tag) == "simpleType":
            plain = self._simple(found[0], found[1], depth + 1)
            if plain.values and depth <= _NESTING:
                named = self._type(*found, local(tag))
                return named if isinstance(named, Simple) else plain
            return plain
        return self._content_of_simple(*found, depth + 1)

    def _content_of_simple(self, node: Element, schema: Schema, depth: int) -> Simple:
        """The text of a complexType with simpleContent."""
        inner = node.find(f"{{{XSD}}}simpleContent")
        for child in inner if inner is not None and depth <= _NESTING else ():
            if local(child.tag) == "restriction" and child.find(f"{{{XSD}}}simpleType") is not None:
                return self._simple_base(child, schema, "itself", depth)
            if local(child.tag) == "restriction":
                return self._restriction(child, schema, depth)
            if local(child.tag) == "extension":
                return self._simple_base(child, schema, "base", depth)
        return Simple(Scalar.STRING, "string")

    def _union(self, node: Element, schema: Schema, depth: int) -> Simple:
        members = [
            self._simple_named(node, schema, written, depth + 1) for written in node.get("memberTypes", "").split()
        ]
        members += [self._simple(child, schema, depth + 1) for child in node if local(child.tag) == "simpleType"]
        if members and all(member.values and not member.many for member in members):
            values = tuple(dict.fromkeys(value for member in members for value in member.values))
            return Simple(Scalar.STRING, "token", values=values)
        scalars = {(member.scalar, member.many) for member in members}
        if len(scalars) == 1 and not members[0].many and members[0].scalar is not Scalar.STRING:
            return replace(members[0], values=(), name="")
        return Simple(Scalar.STRING, "string")

    # --- members -----------------------------------------------------------------------------------------------

    def _content(
        self, node: Element, schema: Schema, owner: Complex, members: list[tuple[Member, bool]], depth: int
    ) -> None:
        """The members of a complexType: those of its base first, then its own."""
        if depth > _NESTING:
            self._note(owner.name, "derived from itself", node, schema)
            return
        if _true(node.get("mixed")):
            self._note(owner.name, "mixed content: the text between its elements is not served", node, schema)
        for child in node:
            match local(child.tag):
                case "simpleContent":
                    simple = self._content_of_simple(node, schema, 0)
                    if simple.values and not simple.name:
                        simple = replace(simple, name=self._name(f"{owner.name}Value", schema))
                    members.append((Member("value", "", simple, "value", place=_place(node, schema)), False))
                    self._simple_attributes(node, schema, owner, members, 0)
                case "complexContent":
                    for derivation in child:
                        if local(derivation.tag) in {"extension", "restriction"}:
                            self._derived(derivation, schema, owner, members, depth)
                case _:
                    pass
        self._own(node, schema, owner, members)

    def _simple_attributes(
        self, node: Element, schema: Schema, owner: Complex, members: list[tuple[Member, bool]], depth: int
    ) -> None:
        """The attributes of a simpleContent type and of its bases."""
        for derivation in node.iterfind(f"{{{XSD}}}simpleContent/*"):
            if local(derivation.tag) not in {"extension", "restriction"}:
                continue
            found = self._globals.get(("type", qname(derivation, derivation.get("base", ""), schema.namespace)))
            if found is not None and depth <= _NESTING:
                self._simple_attributes(*found, owner, members, depth + 1)
            self._own(derivation, schema, owner, members)

    def _derived(
        self, node: Element, schema: Schema, owner: Complex, members: list[tuple[Member, bool]], depth: int
    ) -> None:
        written = node.get("base", "")
        tag = qname(node, written, schema.namespace)
        found = self._globals.get(("type", tag))
        inherited: list[tuple[Member, bool]] = []
        if found is not None and local(found[0].tag) == "complexType":
            self._content(*found, owner, inherited, depth + 1)
        elif tag != f"{{{XSD}}}anyType":
            self._note(owner.name, f"its base type {local(tag)} is declared nowhere", node, schema)
        if local(node.tag) == "restriction":  # elements are said anew, attributes are inherited
            said = {child.get("name") for child in node if local(child.tag) == "attribute"}
            inherited = [
                (member, choice)
                for member, choice in inherited
                if member.kind == "attribute" and member.name not in said
            ]
        members.extend(inherited)
        self._own(node, schema, owner, members)

    def _own(self, node: Element, schema: Schema, owner: Complex, members: list[tuple[Member, bool]]) -> None:
        for child in node:
            if local(child.tag) in _PARTICLES and namespace_of(child.tag) == XSD:
                members.extend(self._particle(child, schema, owner, _Particle(), 0))
        members.extend((member, False) for member in self._attributes(node, schema, owner, 0))

    def _particle(  # noqa: C901 - one case for each particle of XML Schema part 1, section 3.9
        self, node: Element, schema: Schema, owner: Complex, around: _Particle, depth: int
    ) -> Iterator[tuple[Member, bool]]:
        if depth > _NESTING:
            self._note(owner.name, "a group that contains itself", node, schema)
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
                yield self._element(node, schema, owner, here), here.choice
            case "any":
                self._note(owner.name, "a wildcard (xs:any): read as JSON, never written", node, schema)
                yield Member("any", "", Opaque(), "any", required=False, place=_place(node, schema)), True
            case "group" if node.get("ref"):
                found = self._globals.get(("group", qname(node, node.get("ref", ""), schema.namespace)))
                if found is None:
                    self._note(owner.name, f"the group {node.get('ref')} is declared nowhere", node, schema)
                    return
                for child in found[0]:
                    if local(child.tag) in _PARTICLES:
                        yield from self._particle(child, found[1], owner, here, depth + 1)
            case kind:
                children = [child for child in node if local(child.tag) in _PARTICLES]
                if kind == "choice":
                    here = replace(here, optional=True, choice=True)
                elif here.many and len(children) > 1 and node.get("maxOccurs", "1") not in {"0", "1"}:
                    self._note(owner.name, "a repeated sequence: its elements are served as lists apart", node, schema)
                for child in children:
                    yield from self._particle(child, schema, owner, here, depth + 1)

    def _element(self, node: Element, schema: Schema, owner: Complex, around: _Particle) -> Member:
        written = node.get("ref")
        if written is None:
            name = node.get("name", "")
            form = node.get("form")
            qualified = form == "qualified" if form else schema.qualified
            tag = f"{{{schema.namespace}}}{name}" if qualified and schema.namespace else name
            shape = self._shape_of_element(node, schema, owner.name + name[:1].upper() + name[1:])
            nillable = _true(node.get("nillable"))
            description = text_of(node)
        else:
            tag = qname(node, written, schema.namespace)
            name = local(tag)
            found = self.element(tag)
            shape, nillable, description = (
                (Opaque(tag), False, "") if found is None else (found.shape, found.nillable, found.description)
            )
            if tag in self._heads:
                self._note(f"{owner.name}.{name}", "elements that may stand for it are not served", node, schema)
        if isinstance(shape, Opaque):
            reason = f"the type {local(shape.missing)} is declared nowhere" if shape.missing else "may hold anything"
            self._note(f"{owner.name}.{name}", f"{reason}: served as JSON", node, schema)
        return Member(
            name,
            tag,
            shape,
            "element",
            many=around.many,
            required=not around.optional,
            nillable=nillable,
            place=_place(node, schema),
            description=description,
        )

    def _attributes(self, node: Element, schema: Schema, owner: Complex, depth: int) -> Iterator[Member]:
        for child in node:
            kind = local(child.tag)
            if kind == "attribute" and child.get("use") != "prohibited":
                yield self._attribute(child, schema, owner)
            elif kind == "attributeGroup" and depth <= _NESTING:
                found = self._globals.get(("attributeGroup", qname(child, child.get("ref", ""), schema.namespace)))
                if found is None:
                    self._note(owner.name, f"the attribute group {child.get('ref')} is declared nowhere", child, schema)
                else:
                    yield from self._attributes(*found, owner, depth + 1)

    def _attribute(self, node: Element, schema: Schema, owner: Complex) -> Member:
        written, declared, context = node.get("ref"), node, schema
        if written is not None:
            tag = qname(node, written, schema.namespace)
            found = self._globals.get(("attribute", tag))
            if found is not None:
                declared, context = found
            elif namespace_of(tag) != XML:
                self._note(f"{owner.name}.{local(tag)}", "an attribute declared nowhere: served as text", node, schema)
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
            shape = self._named_type(declared, context, typed)
        elif inner is not None:
            shape = self._type(inner, context, owner.name + name[:1].upper() + name[1:])
        if not isinstance(shape, Simple):
            shape = Simple(Scalar.STRING, "string")
        return Member(
            name,
            tag,
            shape,
            "attribute",
            required=node.get("use") == "required",
            place=_place(node, schema),
            description=text_of(node),
        )

    def _distinct(self, owner: Complex, members: list[tuple[Member, bool]]) -> Iterator[Member]:
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
                self.degraded.append(
                    LeftOut(
                        f"{owner.name}.{member.name}",
                        "declared with two types: read as JSON, never written",
                        member.place,
                        degraded=True,
                    )
                )
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

    # --- names -------------------------------------------------------------------------------------------------

    def _name(self, hint: str, schema: Schema) -> str:
        """A type's name that no other has: a later one gets the last word of its namespace, then a number."""
        name = hint
        if name in self._names:
            words = "".join(char if char.isalnum() else " " for char in schema.namespace).split()
            last = next((word for word in reversed(words) if word[0].isalpha()), "Other")
            name = f"{hint}{last[:1].upper()}{last[1:]}"
        free, number = name, 2
        while free in self._names:
            free, number = f"{name}{number}", number + 1
        self._names.add(free)
        return free

    def _note(self, coordinate: str, reason: str, node: Element, schema: Schema) -> None:
        note = LeftOut(coordinate, reason, _place(node, schema), degraded=True)
        if note not in self.degraded[-50:]:
            self.degraded.append(note)


def _alike(one: Shape, other: Shape) -> bool:
    if isinstance(one, Simple) and isinstance(other, Simple):
        return (one.scalar, one.builtin, one.values, one.many) == (
            other.scalar,
            other.builtin,
            other.values,
            other.many,
        )
    return False


def _place(node: Element, schema: Schema) -> Place:
    return Place(schema.document, local(node.tag) + (f" {node.get('name')}" if node.get("name") else ""), line_of(node))


def _true(written: str | None) -> bool:
    return written in {"true", "1"}
