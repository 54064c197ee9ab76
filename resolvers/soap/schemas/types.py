"""XML Schema declarations of all documents together, and the shapes of their types; simple types in full.

It follows XML Schema 1.0 parts 1 and 2. What complex types hold is ``members.py``'s. Nothing here fetches a document or
knows of WSDL; what cannot be said in full is noted in ``degraded``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from resolvers.model import LeftOut, Place, Scalar
from resolvers.soap.builtins import BUILTINS, LISTS, XSD
from resolvers.soap.shapes import Complex, Member, Opaque, Shape, Simple
from resolvers.xml import Element, line_of, local, namespace_of, text_inside

Found: TypeAlias = "tuple[Element, Schema]"

_GLOBALS = {"element", "complexType", "simpleType", "group", "attribute", "attributeGroup"}
NESTING = 60
"""Groups and derivations nest at most so deep; a description that goes further is circular or an attack."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a schema document says once for all its declarations."""

    namespace: str
    document: str
    qualified: bool
    attributes_qualified: bool


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
    """Every global declaration, and the shapes made of them so far.

    ``unsettled``: complex shapes whose members are still to be filled, by ``members.settle``.
    """

    def __init__(self) -> None:
        self._globals: dict[tuple[str, str], Found] = {}
        self._shapes: dict[Element, Shape] = {}
        self._names: set[str] = set()
        self._heads: set[str] = set()
        self.unsettled: list[tuple[Complex, Element, Schema]] = []
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

    def find(self, kind: str, tag: str) -> Found | None:
        """The global declaration of a kind ("type", or the local name of its element), where there is one."""
        return self._globals.get((kind, tag))

    def is_head(self, tag: str) -> bool:
        """True when other elements may stand for this one (substitution groups)."""
        return tag in self._heads

    def element(self, tag: str) -> Member | None:
        """The global element ``tag`` as a member of nothing, or ``None`` where no document declares it."""
        found = self.find("element", tag)
        if found is None:
            return None
        node, schema = found
        return Member(
            name=local(tag),
            tag=tag,
            shape=self.shape_of_element(node, schema, local(tag)),
            nillable=is_true(node.get("nillable")),
            place=place_of(node, schema),
            description=text_of(node),
        )

    def shape_of_element(self, node: Element, schema: Schema, hint: str) -> Shape:
        """The shape of an element; ``hint``: what a type that it declares inside itself may be called."""
        written = node.get("type")
        if written is not None:
            return self.named_type(node, schema, written)
        for child in node:
            if child.tag in {f"{{{XSD}}}complexType", f"{{{XSD}}}simpleType"}:
                return self.type_of(child, schema, hint)
        head = node.get("substitutionGroup")
        found = self.find("element", qname(node, head, schema.namespace)) if head else None
        if found is not None and found[0] is not node and (found[0].get("type") or len(found[0])):
            return self.shape_of_element(*found, hint)
        return Opaque()

    def named_type(self, node: Element, schema: Schema, written: str) -> Shape:
        """The shape of the type that ``node`` names as ``written``."""
        tag = qname(node, written, schema.namespace)
        name = local(tag)
        if namespace_of(tag) == XSD:
            if name == "anyType":
                return Opaque()
            scalar = BUILTINS.get(name)
            return Opaque(f"xs:{name}") if scalar is None else Simple(scalar, name, many=name in LISTS)
        found = self.find("type", tag)
        if found is None:
            return Opaque(tag)
        return self.type_of(*found, name)

    def type_of(self, node: Element, schema: Schema, hint: str) -> Shape:
        """The shape of a simpleType or complexType, made once."""
        known = self._shapes.get(node)
        if known is not None:
            return known
        if local(node.tag) == "simpleType":
            simple = self._simple(node, schema, 0)
            if simple.values and simple.scalar is Scalar.STRING and not simple.name:
                simple = replace(
                    simple, name=self.free_name(hint, schema), place=place_of(node, schema), description=text_of(node)
                )
            elif not simple.values:
                simple = replace(simple, name="")
            self._shapes[node] = simple
            return simple
        shape = Complex(self.free_name(hint, schema), place=place_of(node, schema), description=text_of(node))
        self._shapes[node] = shape
        self.unsettled.append((shape, node, schema))
        return shape

    def _simple(self, node: Element, schema: Schema, depth: int) -> Simple:
        """A simpleType, or the restriction inside a simpleContent."""
        if depth > NESTING:
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
        found = self.find("type", tag)
        if namespace_of(tag) == XSD or found is None:
            shape = self.named_type(node, schema, written)
            return shape if isinstance(shape, Simple) else Simple(Scalar.STRING, "string")
        if local(found[0].tag) == "simpleType":
            plain = self._simple(found[0], found[1], depth + 1)
            if plain.values and depth <= NESTING:
                named = self.type_of(*found, local(tag))
                return named if isinstance(named, Simple) else plain
            return plain
        return self.text_of_complex(*found, depth + 1)

    def text_of_complex(self, node: Element, schema: Schema, depth: int) -> Simple:
        """The text of a complexType with simpleContent."""
        inner = node.find(f"{{{XSD}}}simpleContent")
        for child in inner if inner is not None and depth <= NESTING else ():
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

    def free_name(self, hint: str, schema: Schema) -> str:
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

    def note(self, coordinate: str, reason: str, node: Element, schema: Schema) -> None:
        """Remembers what is not served in full, and why."""
        note = LeftOut(coordinate, reason, place_of(node, schema), degraded=True)
        if note not in self.degraded[-50:]:
            self.degraded.append(note)


def place_of(node: Element, schema: Schema) -> Place:
    return Place(schema.document, local(node.tag) + (f" {node.get('name')}" if node.get("name") else ""), line_of(node))


def is_true(written: str | None) -> bool:
    return written in {"true", "1"}
