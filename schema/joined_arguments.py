"""``rename`` and ``hide`` of arguments: of root fields at once, of fields that joins add when these are made.

It changes names alone; which arguments a join leaves to the caller is decided where joins are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graphql import GraphQLField, is_required_argument

from resolvers import Key, Problem, nearest

Fault = tuple[str, str]
"""What is wrong, and how to mend it."""


@dataclass(slots=True)
class ArgumentChange:
    """What is said of one argument: ``new`` is its name, empty where it is hidden. ``at``: the type and the field that
    take it, as they are called when every name is settled. ``faults``: what came of it; a type that no field returns
    is not made, and nothing is wrong with it then.
    """

    at: Callable[[], tuple[str, str]]
    argument: str
    new: str
    where: tuple[Key, ...]
    faults: list[Problem] = field(default_factory=list)

    def apply(self, type_name: str, fields: Mapping[str, GraphQLField]) -> None:
        """Changes the argument, where the type is the one that has it."""
        owner, name = self.at()
        if owner != type_name:
            return
        coordinate = f"{owner}.{name}"
        if name in fields:
            fault = change_argument(coordinate, fields[name], self.argument, self.new)
        else:
            fault = f'"{owner}" has no field "{name}"', nearest(name, fields)
        if fault is not None:
            self.faults.append(Problem(fault[0], self.where, fault[1], lacks=coordinate if name not in fields else ""))


def change_argument(field: str, definition: GraphQLField, name: str, new: str) -> Fault | None:
    """Renames or (``new`` is empty) hides one argument of a field."""
    if name not in definition.args:
        return f'"{field}" has no argument "{name}"', nearest(name, definition.args)
    if new in definition.args:
        return f'"{field}" has an argument "{new}" already', "choose another name"
    if not new and is_required_argument(definition.args[name]):
        return f'"{field}" cannot do without its argument "{name}"', "hide the field instead"
    argument = definition.args.pop(name)
    if new:
        definition.args[new] = argument
    return None
