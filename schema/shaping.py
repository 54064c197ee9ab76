"""``shape`` by coordinate: which places of the sources the file means, by the names that they have in the end.

What becomes of a place is decided in ``resolvers/shaping``; names are taken as they were given, and given to nothing
but the enums of code tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from resolvers import Problem, Shaped, ShapeSettings, Slot, Source, Stated, UnionType, nearest, reshaped
from schema.naming import pascal
from schema.source_types import SourceTypes
from schema.types import TypeBuilder

_COORDINATE = re.compile(r"(\w+)\.(\w+)(?:\((\w+):\))?", re.ASCII)


class _NotThere(Exception):
    """``problem``: what is missing, and what is like it."""

    def __init__(self, what: str, mend: str = "", lacks: str = "") -> None:
        super().__init__(what)
        self.problem = Problem(what, mend=mend, lacks=lacks)


def shaped(
    sources: Mapping[str, Source], types: TypeBuilder, shape: Mapping[str, ShapeSettings], *, incomplete: bool
) -> tuple[dict[str, Source], list[Problem]]:
    """The sources in the values that are served. ``types``: those of the sources as they are, under all their names;
    ``incomplete``: a source is missing, so what does not exist may come with it.
    """
    problems: list[Problem] = []
    stated: dict[str, list[Stated]] = {}
    for coordinate, settings in shape.items():
        try:
            for source, slot, word in _slots(types, coordinate):
                stated.setdefault(source, []).append(Stated(coordinate, slot, settings, word))
        except _NotThere as missing:
            if not incomplete:
                problems.append(missing.problem.under("shape", coordinate))
    made = dict(sources)
    for name, said in stated.items():
        model, shaping, faults = reshaped(sources[name].model, said)
        problems += [fault.under("shape") for fault in faults]
        made[name] = Shaped(sources[name], model, shaping)
    return made, problems


def enums_of(shape: Mapping[str, ShapeSettings]) -> frozenset[str]:
    """What the enums of code tables are called, which are among no types before they are made."""
    found = (_COORDINATE.fullmatch(coordinate) for coordinate in shape)
    parts = (match.groups() for match in found if match is not None)
    return frozenset(
        f"{pascal(name)}{pascal(argument)}" if argument else f"{owner}{pascal(name)}" for owner, name, argument in parts
    )


def _slots(types: TypeBuilder, coordinate: str) -> Iterator[tuple[str, Slot, str]]:
    """(source, slot, name of an enum) for each place that a coordinate means.

    Raises:
        _NotThere: it means none.
    """
    match = _COORDINATE.fullmatch(coordinate)
    if match is None:
        raise _NotThere(f'"{coordinate}" names no field', "write Type.field or Query.field(argument:)")
    owner, name, argument = match.groups()
    if owner in {"Query", "Mutation"}:
        yield _argument(types, owner, name, argument)
        return
    if argument is not None:
        raise _NotThere(
            f"{owner}.{name} has no arguments of a source", "only those of Query and Mutation can be shaped"
        )
    found = list(_members(types, owner))
    if not found:
        known = {
            each.name for made in types.sources.values() for each in (*made.outputs.values(), *made.inputs.values())
        }
        raise _NotThere(f'there is no type "{owner}"', nearest(owner, known), owner)
    named = [(made, slot) for made, slots in found if (slot := slots.get(name)) is not None]
    if not named:
        known = {shown for _, slots in found for shown in slots}
        raise _NotThere(f'"{owner}" has no field "{name}"', nearest(name, known), f"{owner}.{name}")
    for made, slot in named:
        yield made.model.name, slot, f"{owner}{pascal(name)}"


def _members(types: TypeBuilder, owner: str) -> Iterator[tuple[SourceTypes, dict[str, Slot]]]:
    """The fields of a type, or of an input, by their names; of each source that has it."""
    for made in types.sources.values():
        for key, output in made.outputs.items():
            if output.name == owner and not isinstance(made.model.types[key], UnionType):
                yield made, {shown: ("field", key, each) for each, shown in made.field_names.get(owner, {}).items()}
        for key, taken in made.inputs.items():
            if taken.name == owner:
                yield made, {shown: ("input", key, each) for each, shown in made.input_names.get(owner, {}).items()}


def _argument(types: TypeBuilder, owner: str, name: str, argument: str | None) -> tuple[str, Slot, str]:
    fields = types.queries if owner == "Query" else types.mutations
    for made in types.sources.values():
        for operation, root in made.roots.items():
            if root != name or name not in fields:
                continue
            if argument is None:
                what = f"{owner}.{name} has a value of its own type"
                raise _NotThere(what, f"name the type and its field, or {owner}.{name}(argument:)")
            own = made.argument_names[operation]
            shown = {each: key for each, taken in fields[name].args.items() if (key := taken.out_name or "") in own}
            if argument not in shown:
                raise _NotThere(f'"{owner}.{name}" has no argument "{argument}"', nearest(argument, shown))
            return made.model.name, ("argument", operation, shown[argument]), f"{pascal(name)}{pascal(argument)}"
    raise _NotThere(f'"{owner}" has no field "{name}"', nearest(name, fields), f"{owner}.{name}")
