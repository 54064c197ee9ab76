"""The parts of an entity: what each is, and what a type must be to be one. Nothing is made of them here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from resolvers import (
    Comparison,
    Effect,
    Field,
    InterfaceType,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    UnionType,
    offered,
    unwrapped,
)
from schema.entity_settings import EntitySettings, PartSettings
from schema.joining import compared
from schema.link_settings import Fault
from schema.plan.fields import Origin
from schema.source_types import SourceTypes, concrete


@dataclass(frozen=True, slots=True)
class Side:
    """One part: ``key`` is the name of its type inside the source, ``fields``: source's name → GraphQL name."""

    coordinate: str
    settings: PartSettings
    made: SourceTypes
    key: str
    fields: Mapping[str, str]

    @property
    def origin(self) -> Origin:
        return self.made.model.name, self.key

    @property
    def interfaces(self) -> list[str]:
        """The interfaces that it implements, as far as they are shown."""
        return [each for each in self._definition.interfaces if each in self.made.outputs]

    @property
    def _definition(self) -> ObjectType:
        return cast("ObjectType", self.made.model.types[self.key])

    def held(self, shown: str) -> str:
        """How the file calls the field that holds a field of the key."""
        return f"{self.coordinate}.{self.settings.match.get(shown, shown)}"

    def field(self, shown: str) -> Field:
        """The source's field that is shown by a name."""
        return next(self._definition.fields[key] for key, name in self.fields.items() if name == shown)

    def cut(self) -> None:
        """The names of its fields, as whoever made the type holds them, become those of what the part brings."""
        spelled = self.made.field_names[self.key]
        spelled.clear()
        spelled.update(self.fields)


def always(settings: EntitySettings, sides: Sequence[Side]) -> set[str]:
    """The fields of an entity that are never null, whichever part a row is of."""
    of_key = {shown: [side.field(shown) for side in sides] for shown in settings.key}
    return {shown for shown, held in of_key.items() if all(each.required and not each.type.nullable for each in held)}


def check_rows(coordinate: str, made: SourceTypes, key: str) -> None:
    """Refuses what rows cannot be of.

    Raises:
        Fault: it is no type of rows.
    """
    definition = made.model.types[key]
    if isinstance(definition, InterfaceType | UnionType):
        kinds = [made.outputs[each].name for each in concrete(made.model, key) if each in made.outputs]
        either = " or ".join(kinds)
        what = f"{coordinate} stands for several types, and no row of another part could tell whether it is {either}"
        raise Fault(what, "from", coordinate, mend=f"name one of them: {made.model.name}.{kinds[0]}" if kinds else "")
    if definition.of or key in made.model.made:
        raise Fault(f"{coordinate} is no type of rows", "from", coordinate, mend="name a type of objects it returns")


def check_told_apart(side: Side, sides: Sequence[Side]) -> None:
    """Refuses two parts where a row says which of them it is, and the schema could not.

    Raises:
        Fault: an interface or a union stands for both.
    """
    made, where = side.made, ("from", side.coordinate)
    for name, definition in made.model.types.items():
        if isinstance(definition, InterfaceType | UnionType) and name in made.outputs:
            kinds = concrete(made.model, name)
            both = [each for each in sides if each.made is made and each.key in kinds]
            if side in both[1:]:
                shown = made.outputs[name].name
                mend = f"leave one of them out, or hide {shown}"
                raise Fault(f"{shown} stands for {both[0].coordinate} and {side.coordinate}", *where, mend=mend)


def written(settings: EntitySettings, side: Side) -> dict[str, frozenset[Comparison]]:
    """How a source compares each field of the key.

    Raises:
        Fault: what is said to give the part does not.
    """
    where = ("from", side.coordinate, "by")
    source, _, name = side.settings.by.partition(".")
    operations = side.made.model.operations
    own = side.made.model.name
    if not name:
        meant = f'did you mean "{own}.{source}"' if source in operations else "write it as source.operation"
        raise Fault(f'"{side.settings.by}" names no operation of a source', *where, mend=meant)
    if source != own:
        what = f'"{side.settings.by}" is of another source than its part'
        raise Fault(what, *where, mend=f"name one of {own}")
    if name not in operations:
        raise Fault(f'source "{source}" has no operation "{name}"', *where, mend=offered(name, operations))
    if not _gives(operations[name], side.key):
        others = [f"{own}.{other.name}" for other in operations.values() if _gives(other, side.key)]
        mend = f"name one that does: {', '.join(others)}" if others else f"state operations.{name}.at, where they lie"
        raise Fault(f"{side.settings.by} does not give {side.coordinate}", *where, mend=mend)
    fields = {shown: key for key, shown in side.fields.items()}
    return {shown: compared(operations[name], fields[shown]) for shown in settings.key}


def _gives(operation: Operation, key: str) -> bool:
    """Whether an operation reads rows of a type."""
    row = unwrapped(operation).result
    while isinstance(row, ListRef):
        row = row.item
    return isinstance(row, NamedRef) and row.name == key and operation.effect is Effect.READ
