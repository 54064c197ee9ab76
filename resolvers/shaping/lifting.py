"""Fields that are served at one place and lie deeper in what the source says: out of an object that is flattened, or
behind envelopes that only wrap them.

Pure. What fields of objects are called when they stand in their parent is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from resolvers.errors import IsthmusError
from resolvers.model import Argument, Field, ListRef, ObjectType, SourceModel, TypeRef
from resolvers.shaping.coding import NoCoding
from resolvers.shaping.shapes import Lifted, Slot, at, inner, named


def members(model: SourceModel, slot: Slot) -> Mapping[str, Field] | Mapping[str, Argument] | None:
    """The fields of the object at a place; ``None`` where there is no object with fields of its own."""
    kind, owner, name = slot
    if kind == "field":
        definition = model.types[owner]
        fields = definition.fields if isinstance(definition, ObjectType) else {}
        found = model.types.get(named(fields[name].type)) if name in fields else None
        return found.fields if isinstance(found, ObjectType) else None
    if kind == "input":
        taken = model.inputs.get(named(model.inputs[owner].fields[name].type))
        return None if taken is None else taken.fields
    return None


def flattened(model: SourceModel, slot: Slot, wanted: Iterable[str], lifted: Mapping[str, Lifted]) -> dict[str, Lifted]:
    """The fields of an object by the names that they have in its parent. ``wanted``: their own; all where empty.
    ``lifted``: what was lifted into the parent before.

    Raises:
        NoCoding: there is no single object.
    """
    kind, _, name = slot
    fields, beside, ref, required = _at(model, slot)
    if isinstance(ref, ListRef):
        raise NoCoding(f"{name} is a list, whose items cannot stand in one object", "remove flatten")
    taken = {*beside, *lifted} - {name}
    made: dict[str, Lifted] = {}
    for key in tuple(wanted) or tuple(fields):
        shown = key if key not in taken else f"{name}_{key}"
        while shown in taken:
            shown += "_"
        taken.add(shown)
        made[shown] = Lifted((name, key), (kind, named(ref), key), False, ref.nullable or not required, (slot,))
    return made


def taken_out(model: SourceModel, slot: Slot, path: tuple[str, ...]) -> Lifted:
    """What lies at a path inside of an object.

    Raises:
        NoCoding: an input would have to say how many envelopes there are.
    """
    kind, _, name = slot
    chain, here, passed = [name], slot, [slot]
    _, _, ref, required = _at(model, slot)
    joins, nullable = False, ref.nullable or not required
    for step in path:
        joins = joins or isinstance(ref, ListRef)
        if joins and kind == "input":
            raise NoCoding(f"{chain[-1]} is a list of envelopes, and nothing says how many there are", "remove take")
        here = (kind, named(ref), step)
        chain.append(step)
        passed.append(here)
        found = members_of(model, here)[step]
        ref = found.type
        nullable = nullable or ((ref.nullable or not found.required) and step != path[-1])
    return Lifted(tuple(chain), here, joins, nullable, tuple(passed[:-1]))


def on_the_way(model: SourceModel, slot: Slot) -> bool:
    """Whether an operation's result, or what says how it pages, is found through a place."""
    for operation in model.operations.values():
        paths = [] if operation.inside is None else [operation.inside.at]
        paging = operation.paging
        if paging is not None:
            whole = (
                paging.items_at,
                paging.next_at,
                paging.more_at,
                paging.total_at,
                paging.echo_at,
                paging.pages_at,
            )
            paths += [path[len(operation.at) :] for path in whole if path[: len(operation.at)] == operation.at]
        for path in paths:
            here = named(operation.result)
            for step in path:
                if ("field", here, step) == slot:
                    return True
                found = at(model, ("field", here, step))
                here = "" if found is None else named(found.type)
    return False


def members_of(model: SourceModel, slot: Slot) -> Mapping[str, Field] | Mapping[str, Argument]:
    """The fields of the type or input that a place belongs to."""
    kind, owner, _ = slot
    if kind == "input":
        return model.inputs[owner].fields
    definition = model.types[owner]
    assert isinstance(definition, ObjectType)
    return definition.fields


def _at(
    model: SourceModel, slot: Slot
) -> tuple[Mapping[str, Field] | Mapping[str, Argument], Mapping[str, Field] | Mapping[str, Argument], TypeRef, bool]:
    """The fields of the object at a place, those beside it, its type, and whether it is always there.

    Raises:
        NoCoding: there is no object.
    """
    kind, owner, name = slot
    if kind == "argument":
        raise NoCoding("an argument stands beside others and in no object", "say it of a field of an input")
    if kind == "field" and not isinstance(model.types[owner], ObjectType):
        raise NoCoding("what interfaces promise keeps its form", "say it of the types that implement it")
    fields = members(model, slot)
    if fields is None:
        raise NoCoding(f"{name} is no object of one type", "remove it")
    beside = members_of(model, slot)
    return fields, beside, beside[name].type, beside[name].required


def lifting(
    chain: tuple[str, ...], change: Callable[[object], object] | None, *, joins: bool
) -> Callable[[object], object]:
    """What finds the value in a row of the source; ``change`` is done with it, or with each value of a joined list."""

    def down(value: object, depth: int) -> object:
        if value is None or isinstance(value, IsthmusError) or depth == len(chain):
            return value
        if isinstance(value, list):
            found: list[object] = []
            for item in value:
                below = down(item, depth)
                found.extend(below) if isinstance(below, list) else found.append(below)
            return found
        return down(value.get(chain[depth]), depth + 1) if isinstance(value, Mapping) else None

    def lifted(row: object) -> object:
        value = down(row, 0)
        if value is None or change is None or isinstance(value, IsthmusError):
            return value
        if joins and isinstance(value, list):
            return [None if each is None else change(each) for each in value]
        return change(value)

    return lifted


def lifted_type(found: TypeRef, lifted: Lifted) -> TypeRef:
    """The type of a lifted field. ``found``: of the value where it lies."""
    nullable = found.nullable or lifted.nullable
    if lifted.joins:
        return ListRef(inner(found) if isinstance(found, ListRef) else found, nullable)
    return replace(found, nullable=nullable)
