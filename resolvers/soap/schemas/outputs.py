"""Shapes of replies told in the neutral form: object types, interfaces and unions.

It reads no XML and encodes nothing. Shapes must be settled before: which types are interfaces is then known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from resolvers.model import (
    EnumType,
    Field,
    InterfaceType,
    LeftOut,
    ListRef,
    NamedRef,
    ObjectType,
    OutputType,
    Scalar,
    ScalarRef,
    TypeRef,
    UnionType,
)
from resolvers.naming import Naming, joined
from resolvers.soap.schemas.names import TypeNames
from resolvers.soap.schemas.references import enum_of, has_fields, item_of, naming_of_object, reference
from resolvers.soap.shapes import Array, Complex, Member, Opaque, Shape, Simple, alternatives, object_name

NOTHING = Field("nothing", ScalarRef(Scalar.BOOLEAN, nullable=True), required=False, description="It holds nothing.")
"""The field of a type that holds nothing and yet must be an object, for it stands in a family of others."""


class Outputs:
    """Collects the types that replies reach, each once, in the order in which they are met."""

    def __init__(self, names: TypeNames, enums: dict[str, EnumType]) -> None:
        self.types: dict[str, OutputType] = {}
        self.degraded: list[LeftOut] = []
        self._names = names
        self._enums = enums
        self._objects: dict[str, Complex] = {}
        self._interfaces: dict[Complex, str] = {}
        self._groups: dict[tuple[str, ...], TypeRef] = {}
        self._waiting: list[tuple[Member, str]] = []

    def result(self, member: Member) -> TypeRef | None:
        """The type of a reply's element; ``None`` for an element without content."""
        if isinstance(member.shape, Complex) and not member.shape.members and not member.shape.derived:
            return None
        found = self._output(member, member.name)
        self._reach()
        return found

    def _output(self, member: Member, owner: str) -> TypeRef:
        """The type of a member; what it reaches is remembered, to be told by ``_reach``."""
        self._waiting.append((member, owner))
        if not member.substitutes:
            return reference(member)
        item = self._of_group(member, owner)
        return ListRef(item) if member.many else item

    def _of_group(self, member: Member, owner: str) -> TypeRef:
        """The type of whatever element may stand for the head of a substitution group."""
        head, others = member.shape, list(member.substitutes.values())
        shapes = list({id(each.shape): each.shape for each in others}.values())
        if isinstance(head, Complex) and all(_is_of(each, head) for each in shapes):
            if len(shapes) < len(others):
                reason = "of the elements that may stand for it some have one type: replies do not tell them apart"
                self.degraded.append(LeftOut(f"{owner}.{member.name}", reason, member.place, degraded=True))
            return item_of(head, nullable=member.nillable)
        key = tuple(member.substitutes)
        if key not in self._groups:
            self._groups[key] = self._union(member, shapes)
        found = self._groups[key]
        if isinstance(found, ScalarRef):
            reason = "the elements that may stand for it have no type in common: served as JSON"
            self.degraded.append(LeftOut(f"{owner}.{member.name}", reason, member.place, degraded=True))
        return replace(found, nullable=member.nillable)

    def _union(self, member: Member, shapes: Iterable[Shape]) -> TypeRef:
        found = [each for each in shapes if isinstance(each, Complex)]
        if len(found) < len(list(shapes)) or any(each.derived for each in found):
            return ScalarRef(Scalar.JSON)
        name = self._names.take(f"{joined(member.name)}Element")
        self.types[name] = UnionType(
            name,
            tuple(object_name(each) for each in found),
            description=member.description,
            place=member.place,
            naming=Naming(f"element {member.tag}", (name,)),
        )
        return NamedRef(name)

    def _reach(self) -> None:
        while self._waiting:
            member, _ = self._waiting.pop()
            self._shape(member.shape)
            for each in member.substitutes.values():
                self._shape(each.shape)
                if isinstance(each.shape, Complex) and _in_family(each.shape, member):
                    self._object(each.shape)

    def _shape(self, shape: Shape) -> None:
        while isinstance(shape, Array):
            if shape.item.substitutes or not isinstance(shape.item.shape, Array):
                self._waiting.append((shape.item, "item"))
            shape = shape.item.shape
        if isinstance(shape, Simple):
            self._enum(shape)
        elif isinstance(shape, Complex) and shape.derived:
            self._family(shape)
        elif isinstance(shape, Complex) and has_fields(shape):
            self._object(shape)

    def _family(self, shape: Complex) -> None:
        """An interface and a type for each that it may be; a union where the types have nothing in common."""
        if shape in self._interfaces or shape.name in self.types:
            return
        found = alternatives(shape)
        if has_fields(shape):
            self._interfaces[shape] = shape.name
            self.types[shape.name] = InterfaceType(shape.name, {}, place=shape.place)
            fields = self._fields(shape)
            self.types[shape.name] = InterfaceType(
                shape.name, fields, description=shape.description, place=shape.place, naming=shape.naming
            )
        else:
            self.types[shape.name] = UnionType(
                shape.name, tuple(found), description=shape.description, place=shape.place, naming=shape.naming
            )
        for each in found.values():
            self._object(each)

    def _object(self, shape: Complex) -> None:
        name = object_name(shape)
        if name in self._objects:
            return
        self._objects[name] = shape
        self.types.setdefault(name, ObjectType(name, {}, place=shape.place))
        self.types[name] = ObjectType(
            name,
            self._fields(shape) or {NOTHING.name: NOTHING},
            description=shape.description,
            place=shape.place,
            naming=naming_of_object(shape, name),
        )

    def _fields(self, shape: Complex) -> dict[str, Field]:
        """A repeated element is a list that is always there, empty where nothing was sent."""
        return {
            member.name: Field(
                member.name,
                self._output(member, shape.name),
                required=member.required or (member.many and member.kind == "element"),
                description=member.description,
                place=member.place,
            )
            for member in shape.members
        }

    def _enum(self, shape: Simple) -> None:
        if shape.name and shape.name not in self._enums:
            self._enums[shape.name] = enum_of(shape)

    def finish(self) -> None:
        """Tells each type which interfaces it has; called once, when all operations are told."""
        for name, shape in self._objects.items():
            found = self.types[name]
            assert isinstance(found, ObjectType)
            self.types[name] = replace(found, interfaces=tuple(self._above(shape, itself=True)))
        for shape, name in self._interfaces.items():
            interface = self.types[name]
            assert isinstance(interface, InterfaceType)
            self.types[name] = replace(interface, interfaces=tuple(self._above(shape, itself=False)))

    def _above(self, shape: Complex, *, itself: bool) -> Iterable[str]:
        """The interfaces that a type has: of all in whose place it may stand."""
        above: Complex | None = shape if itself else shape.base
        seen: set[Complex] = set()
        while above is not None and above not in seen:
            seen.add(above)
            if above in self._interfaces and (above is shape or self._may_be(shape, above)):
                yield self._interfaces[above]
            above = above.base

    def _may_be(self, shape: Complex, above: Complex) -> bool:
        return shape in above.derived or (shape.abstract and set(shape.derived) <= set(above.derived))


def _is_of(shape: Shape, head: Complex) -> bool:
    return shape is head or (isinstance(shape, Complex) and shape in head.derived)


def _in_family(shape: Complex, member: Member) -> bool:
    """Whether an element of a group is told as an object: where its head has a type, as one that may stand for it."""
    return isinstance(member.shape, Opaque) or (isinstance(member.shape, Complex) and _is_of(shape, member.shape))
