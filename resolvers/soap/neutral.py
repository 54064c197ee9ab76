"""Shapes told in the neutral form: object types, input types and enums. It reads no XML and encodes nothing."""

from __future__ import annotations

from resolvers.model import (
    Argument,
    EnumType,
    EnumValue,
    Field,
    InputType,
    ListRef,
    NamedRef,
    ObjectType,
    Scalar,
    ScalarRef,
    TypeRef,
)
from resolvers.soap.shapes import Complex, Member, Opaque, Shape, Simple


class Neutral:
    """Collects the types that operations reach, each once, in the order in which they are met."""

    def __init__(self) -> None:
        self.types: dict[str, ObjectType] = {}
        self.inputs: dict[str, InputType] = {}
        self.enums: dict[str, EnumType] = {}

    def result(self, member: Member) -> TypeRef | None:
        """The type of a reply's element; ``None`` for an element without content."""
        if isinstance(member.shape, Complex) and not member.shape.members:
            return None
        self._reach(member.shape, output=True)
        return reference(member)

    def argument(self, member: Member) -> Argument:
        """A member of the request as an argument or an input field."""
        self._reach(member.shape, output=False)
        return Argument(
            member.name,
            reference(member),
            required=member.required,
            description=member.description,
            place=member.place,
        )

    def _reach(self, start: Shape, *, output: bool) -> None:
        waiting = [start]
        while waiting:
            shape = waiting.pop()
            if isinstance(shape, Simple) and shape.name:
                self.enums.setdefault(
                    shape.name,
                    EnumType(
                        shape.name,
                        tuple(EnumValue(value) for value in shape.values),
                        shape.description,
                        shape.place,
                    ),
                )
            if not isinstance(shape, Complex) or not shape.members:
                continue
            if shape.name in (self.types if output else self.inputs):
                continue
            if output:
                self.types[shape.name] = ObjectType(
                    shape.name,
                    {member.name: field_of(member) for member in shape.members},
                    description=shape.description,
                    place=shape.place,
                )
            else:
                fields = {
                    member.name: Argument(
                        member.name,
                        reference(member),
                        required=member.required,
                        description=member.description,
                        place=member.place,
                    )
                    for member in written(shape)
                }
                self.inputs[shape.name] = InputType(
                    shape.name,
                    fields,
                    description=shape.description,
                    place=shape.place,
                )
            waiting.extend(member.shape for member in reversed(shape.members))


def written(shape: Complex) -> tuple[Member, ...]:
    """The members that a request can hold: all but wildcards."""
    return tuple(member for member in shape.members if member.kind != "any")


def field_of(member: Member) -> Field:
    """A member of a reply. A repeated element is a list that is always there, empty where nothing was sent."""
    return Field(
        member.name,
        reference(member),
        required=member.required or member.many,
        description=member.description,
        place=member.place,
    )


def reference(member: Member) -> TypeRef:
    """The type of a member, its lists and nulls included."""
    item = _item(member.shape, nullable=member.nillable)
    return ListRef(item) if member.many else item


def _item(shape: Shape, *, nullable: bool) -> TypeRef:
    match shape:
        case Simple(many=True):
            return ListRef(_text(shape, nullable=False), nullable)
        case Simple():
            return _text(shape, nullable=nullable)
        case Complex(members=members) if any(member.kind != "any" for member in members):
            return NamedRef(shape.name, nullable)
        case Complex():
            return ScalarRef(Scalar.JSON, nullable)
        case Opaque():
            return ScalarRef(Scalar.JSON, nullable)


def _text(shape: Simple, *, nullable: bool) -> TypeRef:
    return NamedRef(shape.name, nullable) if shape.name else ScalarRef(shape.scalar, nullable)


def unwritable(member: Member) -> str:
    """Why a request cannot be written: the first missing type that a member reaches, or an empty string."""
    seen: set[int] = set()
    waiting = [member]
    while waiting:
        current = waiting.pop()
        shape = current.shape
        if isinstance(shape, Opaque) and shape.missing:
            return f"{current.name} has a type that cannot be written: {shape.missing}"
        if isinstance(shape, Complex) and id(shape) not in seen:
            seen.add(id(shape))
            waiting.extend(reversed(written(shape)))
    return ""
