"""``shape`` by coordinate: which places of the sources the file means, by the names that they have in the end.

What becomes of a place is decided in ``resolvers/shaping``; names are taken as they were given, and given to nothing
but the enums of code tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from graphql import GraphQLSchema

from resolvers import (
    ListRef,
    NamedRef,
    Problem,
    Shaped,
    ShapeSettings,
    Slot,
    Source,
    Stated,
    UnionType,
    at,
    nearest,
    reshaped,
)
from schema.access.coordinates import Places
from schema.access.settings import AccessSettings, RuleSettings
from schema.beside import kin_of
from schema.naming import pascal
from schema.source_types import SourceTypes
from schema.types import TypeBuilder

_COORDINATE = re.compile(r"(\w+)\.(\w+)(?:\((\w+):\))?", re.ASCII)


class _NotThere(Exception):
    """``problem``: what is missing, and what is like it."""

    def __init__(self, what: str, mend: str = "", lacks: str = "", below: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.problem = Problem(what, below, mend, lacks=lacks)


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
                inside = _inside(types.sources[source], slot, settings)
                stated.setdefault(source, []).append(Stated(coordinate, slot, settings, word, inside))
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


def _inside(made: SourceTypes, slot: Slot, settings: ShapeSettings) -> tuple[str, ...]:
    """The path that is taken out of an object, or the fields that are flattened, by the source's names.

    Raises:
        _NotThere: a field does not exist.
    """
    if settings.take is None and settings.flatten is None:
        return ()
    if settings.take is None:
        wanted = settings.flatten if isinstance(settings.flatten, tuple) else tuple(_named(made, slot)[2].values())
        return tuple(_step(made, slot, name, "flatten")[2] for name in wanted)
    found = []
    for name in settings.take.split("."):
        slot = _step(made, slot, name, "take")
        found.append(slot[2])
    return tuple(found)


def _named(made: SourceTypes, slot: Slot) -> tuple[str, str, Mapping[str, str]]:
    """The object at a place: its key, its name, and the names of its fields, without those that are hidden. All are
    empty where there is no object.
    """
    kind = slot[0]
    found = at(made.model, slot)
    ref = None if found is None else found.type
    while isinstance(ref, ListRef):
        ref = ref.item
    inside = ref.name if isinstance(ref, NamedRef) else ""
    output = made.inputs.get(inside) if kind == "input" else made.outputs.get(inside)
    if output is None:
        return "", "", {}
    names = made.input_names.get(output.name, {}) if kind == "input" else made.field_names.get(inside, {})
    return inside, output.name, names


def _step(made: SourceTypes, slot: Slot, name: str, word: str) -> Slot:
    """The place of a field inside of the object at another place."""
    inside, shown, names = _named(made, slot)
    found = next((each for each, spelled in names.items() if spelled == name), None)
    if found is None:
        what = f'"{shown}" has no field "{name}"' if shown else f'"{slot[2]}" is no object'
        raise _NotThere(what, nearest(name, names.values()), below=(word,))
    return slot[0], inside, found


def bared(
    sources: Mapping[str, Source], types: TypeBuilder, settings: AccessSettings, schema: GraphQLSchema
) -> list[Problem]:
    """Where a field shows by another name what a rule protects, or a view leaves out, and nothing is said of it."""
    kin = kin_of(schema)
    rules = Places(settings.rules, settings.tags, kin)

    def held(coordinate: str) -> list[RuleSettings]:
        found = [settings.rules[key] for key in rules.of(coordinate)]
        return [rule for each in found for rule in (each if isinstance(each, tuple) else (each,))]

    problems = _bared(sources, types, held)
    for view in settings.views.values():
        problems += _bared(sources, types, Places(view.exclude, settings.tags, kin).of)
    return list(dict.fromkeys(problems))


def _bared(
    sources: Mapping[str, Source], types: TypeBuilder, held: Callable[[str], Sequence[RuleSettings | str]]
) -> list[Problem]:
    problems = []
    for source in sources.values():
        made = types.sources[source.model.name]
        for (kind, owner), lifts in (source.lifts if isinstance(source, Shaped) else {}).items():
            if kind != "field" or owner not in made.outputs:
                continue
            for key, lifted in lifts.items():
                shown = made.outputs[owner].name
                name = made.field_names[owner].get(key)
                passed = [_coordinates(made, slot) for slot in (*lifted.passed[1:], lifted.slot)]
                rules = [(each, rule) for coordinates in passed for each in coordinates for rule in held(each)]
                free = not held(f"{shown}.{name}") or any(
                    isinstance(rule, RuleSettings) and rule.rows is not None for _, rule in rules
                )
                if name is not None and rules and free:
                    what = f"{shown}.{name} would show what a rule at {rules[0][0]} protects"
                    mend = f"lay a rule on {shown}.{name}; where rows are hidden, shape it otherwise"
                    problems.append(Problem(what, ("shape",), mend))
    return problems


def _coordinates(made: SourceTypes, slot: Slot) -> list[str]:
    """The type and the field at a place of a result, as far as they are served."""
    _, owner, key = slot
    if owner not in made.outputs:
        return []
    name = made.outputs[owner].name
    field = made.field_names[owner].get(key)
    return [name] if field is None else [name, f"{name}.{field}"]


def _members(types: TypeBuilder, owner: str) -> Iterator[tuple[SourceTypes, dict[str, Slot]]]:
    """The fields of a type, or of an input, by their names; of each source that has it."""
    for made in types.sources.values():
        for key, output in made.outputs.items():
            if output.name == owner and not isinstance(made.model.types[key], UnionType):
                yield made, {shown: ("field", key, each) for each, shown in made.field_names.get(key, {}).items()}
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
