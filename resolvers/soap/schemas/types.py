"""The shapes of elements and types, each made once; those of complex types are filled by ``members.py``.

Nothing here fetches a document or knows of WSDL; what cannot be said in full is noted in ``degraded``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from resolvers.model import LeftOut
from resolvers.naming import Naming
from resolvers.soap.builtins import XSD, XSDS
from resolvers.soap.schemas.arrays import array_of, is_array, standard_array
from resolvers.soap.schemas.declarations import (
    Declarations,
    Found,
    Schema,
    derivation,
    is_true,
    place_of,
    qname,
    text_of,
)
from resolvers.soap.schemas.names import TypeNames, inner_naming, naming_of
from resolvers.soap.schemas.simple import SimpleTypes, built_in
from resolvers.soap.shapes import Complex, Member, Opaque, Shape, Simple
from resolvers.xml import Element, local, namespace_of

_TYPES = (f"{{{XSD}}}complexType", f"{{{XSD}}}simpleType")
_HOLDING = {
    f"{{{XSD}}}{kind}"
    for kind in ("element", "group", "attribute", "attributeGroup", "extension", "simpleContent", "anyAttribute")
}


class Types:
    """Shapes by declaration.

    ``unsettled``: complex shapes whose members are still to be filled. ``referred``: those that a member, a part of a
    message or an item has for its type, in whose place others may stand. ``nodes``: where each was declared.
    """

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations
        self.names = TypeNames()
        self.simple = SimpleTypes(declarations, self.names)
        self.unsettled: list[Complex] = []
        self.referred: dict[Complex, None] = {}
        self.nodes: dict[Complex, Found] = {}
        self.beside: dict[Complex, list[Complex]] = {}
        """The types without a name that elements of a substitution group have, by the type of its head."""
        self.degraded: list[LeftOut] = []
        self.fallbacks: list[LeftOut] = []
        """Members that are JSON although something else is meant: their type is declared nowhere, or twice."""
        self.missing = False
        """Whether any type was met that no document declares."""
        self._shapes: dict[Element, Shape] = {}
        self._elements: dict[str, Member | None] = {}
        self._noted: set[LeftOut] = set()

    def element(self, tag: str) -> Member | None:
        """The global element ``tag`` as a member of nothing, or ``None`` where no document declares it."""
        if tag not in self._elements:
            plain = self._element(tag)
            self._elements[tag] = plain
            if plain is not None:
                others = self._substitutes(tag, plain)
                self._elements[tag] = replace(plain, substitutes=others) if others else plain
        return self._elements[tag]

    def _element(self, tag: str) -> Member | None:
        found = self.declarations.find("element", tag)
        if found is None:
            return None
        node, schema = found
        written = node.get("type")
        return Member(
            name=local(tag),
            tag=tag,
            shape=self.shape_of_element(node, schema, local(tag), naming_of(tag)),
            nillable=is_true(node.get("nillable")),
            default=node.get("default"),
            fixed=node.get("fixed"),
            type_tag=qname(node, written, schema.namespace) if written else "",
            place=place_of(node, schema),
            description=text_of(node),
        )

    def _substitutes(self, tag: str, head: Member) -> Mapping[str, Member]:
        """The elements that may stand for a head, by tag; their types without a name are put beside that of the head.

        One whose name another has already is left out: a field bears the name.
        """
        found: dict[str, Member] = {}
        names: set[str] = set()
        for each in self.declarations.substitutes(tag):
            member = head if each == tag else self._element(each)
            if member is None:
                continue
            if member.name in names:
                note = f"{each} bears the name of another element that may stand for it: it is not served"
                self.degraded.append(LeftOut(head.name, note, member.place, degraded=True))
                continue
            names.add(member.name)
            found[each] = member
            shape = member.shape
            if isinstance(shape, Complex) and not shape.tag and isinstance(head.shape, Complex):
                self.beside.setdefault(head.shape, []).append(shape)
                self.referred.setdefault(head.shape)
        return found

    def shape_of_element(self, node: Element, schema: Schema, hint: str, naming: Naming | None) -> Shape:
        """The shape of an element; ``hint``: what a type that it declares inside itself may be called."""
        for _ in range(60):  # an element without a type has that of its head, which may have none either
            written = node.get("type")
            if written is not None:
                return self.named_type(node, schema, written)
            for child in node.iterchildren(*_TYPES):
                return self.type_of(child, schema, hint, naming)
            head = node.get("substitutionGroup")
            found = self.declarations.find("element", qname(node, head, schema.namespace)) if head else None
            if found is None or found[0] is node:
                break
            node, schema = found
        return Opaque()

    def named_type(self, node: Element, schema: Schema, written: str) -> Shape:
        """The shape of the type that ``node`` names as ``written``."""
        return self.type_named(qname(node, written, schema.namespace))

    def type_named(self, tag: str) -> Shape:
        """The shape of a type by its tag, as what a member refers to."""
        name = local(tag)
        built = built_in(tag)
        if built is not None:
            return built
        if namespace_of(tag) in XSDS:
            return Opaque() if name in {"anyType", "ur-type"} else self._missing(f"xs:{name}")
        array = standard_array(self, tag)
        if array is not None:
            return array
        found = self.declarations.find("type", tag)
        if found is None:  # careless hands write the name of an element there
            element = self.declarations.find("element", tag)
            return self._missing(tag) if element is None else self.shape_of_element(*element, name, naming_of(tag))
        return self.type_of(*found, name, naming_of(tag), tag)

    def _missing(self, what: str) -> Opaque:
        self.missing = True
        return Opaque(what)

    def type_of(self, node: Element, schema: Schema, hint: str, naming: Naming | None, tag: str = "") -> Shape:
        """The shape of a simpleType or complexType, made once. ``tag``: of one that has a name."""
        shape = self._shapes.get(node)
        if shape is None:
            shape = self._shape(node, schema, hint, naming, tag)
        if isinstance(shape, Complex):
            self.referred.setdefault(shape)
        return shape

    def _shape(self, node: Element, schema: Schema, hint: str, naming: Naming | None, tag: str) -> Shape:
        shape: Shape
        if local(node.tag) == "simpleType":
            shape = self.simple.of(node, schema, hint, naming)
        elif _holds_anything(node):
            shape = Opaque(elements=True)
        else:
            self._shapes[node] = Opaque()  # of an array of itself, which has no end
            array = array_of(self, node, schema)
            if array is None:
                del self._shapes[node]
                return self.complex(node, schema, hint, naming, tag)
            shape = array
        self._shapes[node] = shape
        return shape

    def complex(self, node: Element, schema: Schema, hint: str, naming: Naming | None, tag: str) -> Complex:
        """The shape of a complexType that is no array, still to be filled where it is new."""
        known = self._shapes.get(node)
        if isinstance(known, Complex):
            return known
        shape = Complex(
            self.names.take(hint, schema.namespace),
            tag=tag,
            abstract=is_true(node.get("abstract")),
            naming=naming,
            place=place_of(node, schema),
            description=text_of(node),
        )
        self._shapes[node] = shape
        self.nodes[shape] = node, schema
        self.unsettled.append(shape)
        return shape

    def based_on(self, node: Element, schema: Schema, tag: str) -> Complex | None:
        """The shape of a complexType as what another is derived from; ``None`` where it is an array or a wildcard."""
        if _holds_anything(node) or is_array(node, schema):
            return None
        return self.complex(node, schema, local(tag), naming_of(tag), tag)

    def inner_type(self, node: Element, schema: Schema, owner: Complex, name: str) -> Shape:
        """The shape of an element that stands in the declaration of ``owner``."""
        hint = owner.name + name[:1].upper() + name[1:]
        naming = inner_naming(owner.naming, owner.name, name)
        return self.shape_of_element(node, schema, hint, naming)

    def inner_text(self, node: Element, schema: Schema, owner: Complex, name: str) -> Simple:
        """The shape of the simpleType inside an attribute of ``owner``."""
        hint = owner.name + name[:1].upper() + name[1:]
        return self.simple.of(node, schema, hint, inner_naming(owner.naming, owner.name, name))

    def note(self, coordinate: str, reason: str, node: Element, schema: Schema) -> None:
        """Remembers what is not served in full, and why."""
        note = LeftOut(coordinate, reason, place_of(node, schema), degraded=True)
        if note not in self._noted:
            self._noted.add(note)
            self.degraded.append(note)


def _holds_anything(node: Element) -> bool:
    """Whether a complexType is nothing but a wildcard: it is served as ``xs:anyType`` is."""
    if derivation(node) is not None or node.get("abstract"):
        return False
    found = {child.tag for child in node.iter()}
    return f"{{{XSD}}}any" in found and not found & _HOLDING
