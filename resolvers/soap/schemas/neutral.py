"""Shapes told in the neutral form: object types, interfaces, unions, input types and enums.

It reads no XML and encodes nothing. Shapes must be settled before: which types are interfaces is then known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from resolvers.model import (
    Argument,
    EnumType,
    EnumValue,
    Field,
    InputType,
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
from resolvers.soap.schemas.cycles import relaxed
from resolvers.soap.schemas.names import TypeNames
from resolvers.soap.schemas.written import Written
from resolvers.soap.shapes import (
    Array,
    Branch,
    Choice,
    Complex,
    Content,
    Member,
    Opaque,
    Shape,
    Simple,
    alternatives,
    object_name,
)

NOTHING = Field("nothing", ScalarRef(Scalar.BOOLEAN, nullable=True), required=False, description="It holds nothing.")
"""The field of a type that holds nothing and yet must be an object, for it stands in a family of others."""


class Neutral:
    """Collects the types that operations reach, each once, in the order in which they are met."""

    def __init__(self, names: TypeNames, written: Written) -> None:
        self.types: dict[str, OutputType] = {}
        self.inputs: dict[str, InputType] = {}
        self.enums: dict[str, EnumType] = {}
        self.degraded: list[LeftOut] = []
        self._names = names
        self._written = written
        self._objects: dict[str, Complex] = {}
        self._interfaces: dict[Complex, str] = {}
        self._groups: dict[tuple[str, ...], TypeRef] = {}
        self._given: dict[tuple[str, ...], str] = {}
        self._waiting: list[tuple[Member, str]] = []

    # --- replies ---------------------------------------------------------------------------------------------------

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
        elif isinstance(shape, Complex) and _has_fields(shape):
            self._object(shape)

    def _family(self, shape: Complex) -> None:
        """An interface and a type for each that it may be; a union where the types have nothing in common."""
        if shape in self._interfaces or shape.name in self.types:
            return
        found = alternatives(shape)
        if _has_fields(shape):
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
            naming=_naming(shape, name),
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
        if shape.name and shape.name not in self.enums:
            values = tuple(EnumValue(value) for value in shape.values)
            self.enums[shape.name] = EnumType(
                shape.name, values, description=shape.description, place=shape.place, naming=shape.naming
            )

    def finish(self) -> None:
        """Tells each type which interfaces it has, and frees inputs that would need themselves.

        Called once, when all operations are told.
        """
        for name, shape in self._objects.items():
            found = self.types[name]
            assert isinstance(found, ObjectType)
            self.types[name] = replace(found, interfaces=tuple(self._above(shape, itself=True)))
        for shape, name in self._interfaces.items():
            interface = self.types[name]
            assert isinstance(interface, InterfaceType)
            self.types[name] = replace(interface, interfaces=tuple(self._above(shape, itself=False)))
        self.inputs = relaxed(self.inputs)

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

    # --- requests --------------------------------------------------------------------------------------------------

    def argument(self, content: Content) -> Argument:
        """A part of the request as an argument or an input field."""
        if isinstance(content, Choice):
            if content.type_name not in self.inputs:
                self._one_of(content.type_name, content)
            item: TypeRef = NamedRef(content.type_name)
            return Argument(
                content.name,
                ListRef(item) if content.many else item,
                required=content.required,
                description=content.description,
                place=content.place,
            )
        return Argument(
            content.name,
            self._input_of(content),
            required=content.required,
            description=content.description,
            place=content.place,
        )

    def _input_of(self, member: Member) -> TypeRef:
        """The input type of a member, its lists and nulls included."""
        if not member.substitutes:
            self._input_shape(member.shape)
            item = item_of(member.shape, nullable=member.nillable, given=True)
        else:
            item = NamedRef(self._group_input(member), member.nillable)
        return ListRef(item) if member.many else item

    def _group_input(self, member: Member) -> str:
        """The ``@oneOf`` input of the elements that may stand for a head."""
        key = tuple(member.substitutes)
        if key not in self._given:
            name = self._names.take(f"{joined(member.name)}ElementInput")
            self._given[key] = name
            self.inputs[name] = InputType(name, {}, one_of=True)
            fields = {
                each.name: replace(self.argument(replace(each, substitutes={})), required=False)
                for each in member.substitutes.values()
                if not self._written.reason(each)
            }
            self.inputs[name] = InputType(
                name, fields, one_of=True, place=member.place, naming=Naming(f"element {member.tag}", (name,))
            )
        return self._given[key]

    def _input_shape(self, shape: Shape) -> None:
        while isinstance(shape, Array):
            if shape.item.substitutes:
                self._group_input(shape.item)
                return
            shape = shape.item.shape
        if isinstance(shape, Simple):
            self._enum(shape)
        elif isinstance(shape, Complex) and shape.derived:
            self._family_input(shape)
        elif isinstance(shape, Complex) and _has_content(shape):
            self._input(shape, shape.name)

    def _family_input(self, shape: Complex) -> None:
        if shape.name in self.inputs:
            return
        found = {name: each for name, each in alternatives(shape).items() if each.tag and not self._written.stuck(each)}
        self.inputs[shape.name] = InputType(shape.name, {}, one_of=True)
        fields = {}
        for name, each in found.items():
            typed: TypeRef = ScalarRef(Scalar.JSON)
            if _has_content(each):
                self._input(each, name)
                typed = NamedRef(name)
            fields[name] = Argument(name, typed, description=each.description, place=each.place)
        self.inputs[shape.name] = InputType(
            shape.name, fields, one_of=True, description=shape.description, place=shape.place, naming=shape.naming
        )

    def _input(self, shape: Complex, name: str) -> None:
        if name in self.inputs:
            return
        only = shape.content[0] if len(shape.content) == 1 else None
        self.inputs[name] = InputType(name, {}, place=shape.place)  # the type may hold itself
        if isinstance(only, Choice) and not only.name:
            self._one_of(name, only)
            one = self.inputs[name]
            self.inputs[name] = replace(
                one, description=shape.description, place=shape.place, naming=_naming(shape, name)
            )
            return
        self.inputs[name] = InputType(
            name,
            {content.name: self.argument(content) for content in self._kept(shape.content, shape.name)},
            description=shape.description,
            place=shape.place,
            naming=_naming(shape, name),
        )

    def _kept(self, contents: Iterable[Content], owner: str) -> Iterable[Content]:
        """Those that can be written; what cannot be is optional here, else its owner could not be written either."""
        for content in contents:
            reason = self._written.reason(content)
            if reason:
                note = LeftOut(f"{owner}.{content.name}", f"it is never sent: {reason}", content.place, degraded=True)
                self.degraded.append(note)
            else:
                yield content

    def _one_of(self, name: str, choice: Choice) -> None:
        """The ``@oneOf`` input of a choice; a branch of several is an input object of its own."""
        self.inputs[name] = InputType(name, {}, one_of=True)
        fields = {
            branch.name: self._branch(branch, choice)
            for branch in choice.branches
            if not any(self._written.reason(content) for content in branch.content)
        }
        self.inputs[name] = InputType(name, fields, one_of=True, description=choice.description, place=choice.place)

    def _branch(self, branch: Branch, choice: Choice) -> Argument:
        if len(branch.content) == 1:
            return replace(self.argument(branch.content[0]), name=branch.name, required=False)
        if branch.type_name not in self.inputs:
            self.inputs[branch.type_name] = InputType(branch.type_name, {})
            fields = {content.name: self.argument(content) for content in branch.content}
            self.inputs[branch.type_name] = InputType(branch.type_name, fields, place=choice.place)
        return Argument(branch.name, NamedRef(branch.type_name), place=choice.place)


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
        case Complex() if shape.derived or (_has_content(shape) if given else _has_fields(shape)):
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


def _has_fields(shape: Complex) -> bool:
    return any(member.kind != "any" for member in shape.members)


def _has_content(shape: Complex) -> bool:
    return bool(shape.content)


def _is_of(shape: Shape, head: Complex) -> bool:
    return shape is head or (isinstance(shape, Complex) and shape in head.derived)


def _in_family(shape: Complex, member: Member) -> bool:
    """Whether an element of a group is told as an object: where its head has a type, as one that may stand for it."""
    return isinstance(member.shape, Opaque) or (isinstance(member.shape, Complex) and _is_of(shape, member.shape))


def _naming(shape: Complex, name: str) -> Naming | None:
    """Of the object of a concrete base, whose own naming is the interface's, the name that was made for it."""
    if name == shape.name or shape.naming is None:
        return shape.naming
    return Naming(f"{shape.naming.place} itself", (name, *(f"Plain{each}" for each in shape.naming.names)))


def _text(shape: Simple, *, nullable: bool) -> TypeRef:
    return NamedRef(shape.name, nullable) if shape.name else ScalarRef(shape.scalar, nullable)
