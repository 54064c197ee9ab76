"""References to the types that shapes become, and what is asked of a shape before it becomes one.

Nothing is collected here.
"""

from __future__ import annotations

from resolvers.model import EnumType, EnumValue, ListRef, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.naming import Naming
from resolvers.soap.shapes import Array, Complex, Member, Opaque, Shape, Simple


def reference(member: Member) -> TypeRef:
    """The type of a member of a reply that only itself may be, its lists and nulls included."""
    item = item_of(member.shape, nullable=member.nillable)
    return ListRef(item) if member.many else item


def item_of(shape: Shape, *, nullable: bool, given: bool = False) -> TypeRef:
    """The type of a shape; ``given``: in a request, where what has no content is not what has no members."""
    match shape:
        case Simple(many=True):
            return ListRef(_text(shape, nullable=False), nullable)
        case Simple():
            return _text(shape, nullable=nullable)
        case Complex() if shape.derived or (has_content(shape) if given else has_fields(shape)):
            return NamedRef(shape.name, nullable)
        case Complex():
            return ScalarRef(Scalar.JSON, nullable)
        case Array(item=item, dimensions=dimensions):
            inner = item_of(item.shape, nullable=item.nillable, given=given)
            for _ in range(dimensions - 1):
                inner = ListRef(inner)
            return ListRef(inner, nullable)
        case Opaque():
            return ScalarRef(Scalar.JSON, nullable)


def has_fields(shape: Complex) -> bool:
    return any(member.kind != "any" for member in shape.members)


def has_content(shape: Complex) -> bool:
    return bool(shape.content)


def naming_of_object(shape: Complex, name: str) -> Naming | None:
    """Of the object of a concrete base, whose own naming is the interface's, the name that was made for it."""
    if name == shape.name or shape.naming is None:
        return shape.naming
    return Naming(f"{shape.naming.place} itself", (name, *(f"Plain{each}" for each in shape.naming.names)))


def enum_of(shape: Simple) -> EnumType:
    """The enumeration that a simple type with a name is."""
    values = tuple(EnumValue(value) for value in shape.values)
    return EnumType(shape.name, values, description=shape.description, place=shape.place, naming=shape.naming)


def _text(shape: Simple, *, nullable: bool) -> TypeRef:
    return NamedRef(shape.name, nullable) if shape.name else ScalarRef(shape.scalar, nullable)
