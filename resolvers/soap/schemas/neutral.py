"""All types of a source in the neutral form, those of replies and those of requests, and the enumerations of both."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers.model import Argument, EnumType, InputType, LeftOut, OutputType, TypeRef
from resolvers.soap.schemas.inputs import Inputs
from resolvers.soap.schemas.names import TypeNames
from resolvers.soap.schemas.outputs import Outputs
from resolvers.soap.schemas.written import Written
from resolvers.soap.shapes import Content, Member


class Neutral:
    """Collects the types that operations reach. Shapes must be settled before."""

    def __init__(self, names: TypeNames, written: Written) -> None:
        self.enums: dict[str, EnumType] = {}
        self._outputs = Outputs(names, self.enums)
        self._inputs = Inputs(names, written, self.enums)

    @property
    def types(self) -> Mapping[str, OutputType]:
        return self._outputs.types

    @property
    def inputs(self) -> Mapping[str, InputType]:
        return self._inputs.inputs

    @property
    def degraded(self) -> list[LeftOut]:
        """What is served as less than is declared, each once."""
        return list(dict.fromkeys([*self._outputs.degraded, *self._inputs.degraded]))

    def result(self, member: Member) -> TypeRef | None:
        """The type of a reply's element; ``None`` for an element without content."""
        return self._outputs.result(member)

    def argument(self, content: Content) -> Argument:
        """A part of the request as an argument."""
        return self._inputs.argument(content)

    def finish(self) -> None:
        """Settles what depends on all types together; called once, when all operations are told."""
        self._outputs.finish()
        self._inputs.finish()
