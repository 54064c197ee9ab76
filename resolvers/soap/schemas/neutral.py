"""Shapes told in the neutral form: object types, input types and enums. It reads no XML and encodes nothing."""

from __future__ import annotations

from dataclasses import replace

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
from resolvers.soap.shapes import Array, Branch, Choice, Complex, Content, Member, Opaque, Shape, Simple


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

    def argument(self, content: Content) -> Argument:
        """A part of the request as an argument or an input field."""
        if isinstance(content, Member):
            self._reach(content.shape, output=False)
            return Argument(
                content.name,
                reference(content),
                required=content.required,
                description=content.description,
                place=content.place,
            )
        if content.type_name not in self.inputs:
            self.inputs[content.type_name] = self._one_of(content.type_name, content)
        item = NamedRef(content.type_name)
        return Argument(
            content.name,
            ListRef(item) if content.many else item,
            required=content.required,
            description=content.description,
            place=content.place,
        )

    def _one_of(self, name: str, choice: Choice) -> InputType:
        """The ``@oneOf`` input of a choice; a branch of several is an input object of its own."""
        fields = {branch.name: self._branch(branch, choice) for branch in choice.branches}
        return InputType(name, fields, one_of=True, description=choice.description, place=choice.place)

    def _branch(self, branch: Branch, choice: Choice) -> Argument:
        if len(branch.content) == 1:
            return replace(self.argument(branch.content[0]), name=branch.name, required=False)
        fields = {content.name: self.argument(content) for content in branch.content}
        self.inputs.setdefault(branch.type_name, InputType(branch.type_name, fields, place=choice.place))
        return Argument(branch.name, NamedRef(branch.type_name), place=choice.place)

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
            if isinstance(shape, Array):
                waiting.append(shape.item.shape)
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
                self._input(shape)
            waiting.extend(member.shape for member in reversed(shape.members))

    def _input(self, shape: Complex) -> None:
        only = shape.content[0] if len(shape.content) == 1 else None
        self.inputs[shape.name] = InputType(shape.name, {}, place=shape.place)  # the type may hold itself
        if isinstance(only, Choice) and not only.name:
            self.inputs[shape.name] = self._one_of(shape.name, only)
            return
        fields = {content.name: self.argument(content) for content in shape.content}
        self.inputs[shape.name] = InputType(shape.name, fields, description=shape.description, place=shape.place)


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
        case Array(item=item):
            return ListRef(reference(item), nullable)
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
