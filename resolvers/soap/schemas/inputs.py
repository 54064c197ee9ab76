"""Shapes of requests told in the neutral form: input types, ``@oneOf`` inputs among them.

What cannot be written is left out of them. Shapes must be settled before: which types others stand for is then known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from resolvers.model import Argument, EnumType, InputType, LeftOut, ListRef, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.naming import Naming, joined
from resolvers.soap.schemas.cycles import relaxed
from resolvers.soap.schemas.names import TypeNames
from resolvers.soap.schemas.references import enum_of, has_content, item_of, naming_of_object
from resolvers.soap.schemas.written import Written
from resolvers.soap.shapes import Array, Branch, Choice, Complex, Content, Member, Shape, Simple, alternatives


class Inputs:
    """Collects the inputs that requests reach, each once, in the order in which they are met."""

    def __init__(self, names: TypeNames, written: Written, enums: dict[str, EnumType]) -> None:
        self.inputs: dict[str, InputType] = {}
        self.degraded: list[LeftOut] = []
        self._names = names
        self._written = written
        self._enums = enums
        self._given: dict[tuple[str, ...], str] = {}

    def finish(self) -> None:
        """Frees inputs that would need themselves; called once, when all operations are told."""
        self.inputs = relaxed(self.inputs)

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
        elif isinstance(shape, Complex) and has_content(shape):
            self._input(shape, shape.name)

    def _family_input(self, shape: Complex) -> None:
        if shape.name in self.inputs:
            return
        found = {name: each for name, each in alternatives(shape).items() if each.tag and not self._written.stuck(each)}
        self.inputs[shape.name] = InputType(shape.name, {}, one_of=True)
        fields = {}
        for name, each in found.items():
            typed: TypeRef = ScalarRef(Scalar.JSON)
            if has_content(each):
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
                one, description=shape.description, place=shape.place, naming=naming_of_object(shape, name)
            )
            return
        self.inputs[name] = InputType(
            name,
            {content.name: self.argument(content) for content in self._kept(shape.content, shape.name)},
            description=shape.description,
            place=shape.place,
            naming=naming_of_object(shape, name),
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

    def _enum(self, shape: Simple) -> None:
        if shape.name and shape.name not in self._enums:
            self._enums[shape.name] = enum_of(shape)
