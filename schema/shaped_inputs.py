"""``rename`` and ``hide`` of what callers give and of enums: input types and their fields, enums and their values.

What is hidden takes along what cannot do without it; a part of something that cannot is refused. Types of results are
changed in ``shape.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from graphql import GraphQLEnumValue, get_named_type, is_required_argument

from resolvers import Argument, InputType, ListRef, NamedRef, TypeRef, nearest
from schema.kept import Kept
from schema.source_types import SourceTypes
from schema.types import TypeBuilder

Fault = tuple[str, str]
"""What is wrong, and how to mend it."""
Drop = Callable[[SourceTypes, str], None]

_Home = tuple[SourceTypes, str]
"""A source, and the key of a type there."""


def left_behind(types: TypeBuilder, rename: Mapping[str, str]) -> Iterator[str]:
    """Fields of inputs that keep a name which ``rename`` changes in the result of the very same schema, as notes."""
    changes = {(coordinate.rpartition(".")[2], new) for coordinate, new in rename.items()}
    for made in types.sources.values():
        outputs = {each.place: key for key, each in made.model.types.items() if str(each.place) and key in made.outputs}
        for key, given in made.inputs.items():
            twin = outputs.get(made.model.inputs[key].place)
            if twin is None or made.model.inputs[key].row_of:
                continue
            result = made.outputs[twin].name
            served = made.field_names.get(twin, {})
            for source_key, shown in made.input_names.get(given.name, {}).items():
                new = served.get(source_key, shown)
                if (shown, new) in changes and shown != new:
                    yield f"{result}.{new} is called so by rename, and {given.name}.{shown} of the same schema is not"


class InputShaper:
    """``drop_root`` takes the field of an operation away, ``drop_leaves`` all fields that give an enum."""

    def __init__(self, types: TypeBuilder, drop_root: Drop, drop_leaves: Drop) -> None:
        self._types = types
        self._drop_root = drop_root
        self._drop_leaves = drop_leaves
        self._enums: dict[str, list[_Home]] = {}
        self._inputs: dict[str, list[_Home]] = {}
        for made in types.sources.values():
            for key, enum in made.enums.items():
                self._enums.setdefault(enum.name, []).append((made, key))
            for key, given in made.inputs.items():
                self._inputs.setdefault(given.name, []).append((made, key))

        self._of_rows = {each.name: each for each in types.rows.types()}
        """Filters, orders and their like."""

    def knows(self, name: str) -> bool:
        return name in self._enums or name in self._inputs or name in self._of_rows

    def names(self) -> list[str]:
        return [*self._enums, *self._inputs, *self._of_rows]

    def change(self, owner: str, name: str | None, new: str, reason: str) -> Fault | None:
        """Renames or (``new`` is empty) hides; ``reason``: why an old name that is kept is deprecated."""
        if owner in self._of_rows and (name is not None or not new):
            what = f"{owner}{'.' if name else ''}{name or ''} is named and shown with the fields that it is about"
            return what, "rename or hide those"
        if name is None:
            return self._rename(owner, new) if new else self._hide(owner)
        if owner in self._enums:
            return self._value(owner, name, new, reason)
        return self._field(owner, name, new, reason)

    def _rename(self, owner: str, new: str) -> Fault | None:
        if not self._types.names.change(owner, new):
            return f'there is a type "{new}" already', "choose another name"
        if owner in self._of_rows:
            self._of_rows[owner].name = new
        for made, key in self._enums.get(owner, ()):
            made.enums[key].name = new
        for made, key in self._inputs.get(owner, ()):
            if owner in made.input_names:
                made.input_names[new] = made.input_names.pop(owner)
            made.inputs[key].name = new
        return None

    def _value(self, owner: str, name: str, new: str, reason: str) -> Fault | None:
        made, key = self._enums[owner][0]
        enum = made.enums[key]
        values: dict[str, GraphQLEnumValue] = enum.values
        if name not in values:
            return f'"{owner}" has no value "{name}"', nearest(name, values)
        if new in {"true", "false", "null"}:
            return f'"{new}" cannot be the name of a value', "choose another name"
        if new in values:
            return f'"{owner}" has a value "{new}" already', "choose another name"
        if not new and len(values) == 1:
            return f'"{owner}" would have no value left', f"hide {owner} itself"
        if not new:
            given = next(_defaults(made, key, str(values[name].value)), "")
            if given:
                return f"{owner}.{name} is what {given} is given by default", "hide that, or remove the line"
        found = {new if each == name else each: value for each, value in values.items() if new or each != name}
        values.clear()
        values.update(found)
        enum.__dict__.pop("_value_lookup", None)
        if reason:
            self._types.kept.append(Kept(lambda: (enum.name, new, ""), name, reason, ("rename", f"{owner}.{name}")))
        return None

    def _field(self, owner: str, name: str, new: str, reason: str) -> Fault | None:
        made, key = self._inputs[owner][0]
        definition = made.model.inputs[key]
        if definition.row_of:
            return self._column(made, key, name, new)
        spelled = made.input_names[owner]
        source_key = next((source for source, shown in spelled.items() if shown == name), None)
        if source_key is None:
            return f'"{owner}" has no field "{name}"', nearest(name, spelled.values())
        if new in spelled.values():
            return f'"{owner}" has a field "{new}" already', "choose another name"
        if not new:
            return _drop(spelled, source_key, definition, owner, name)
        spelled[source_key] = new
        if reason:
            graphql = made.inputs[key]
            kept = Kept(lambda: (graphql.name, spelled[source_key], ""), name, reason, ("rename", f"{owner}.{name}"))
            self._types.kept.append(kept)
        return None

    def _column(self, made: SourceTypes, key: str, name: str, new: str) -> Fault | None:
        """A field of rows that are written: it is named as the field of the row."""
        definition, owner = made.model.inputs[key], made.inputs[key].name
        output = made.outputs.get(definition.row_of)
        row = "" if output is None else output.name
        spelled = {shown: source for source, shown in made.field_names.get(definition.row_of, {}).items()}
        source_key = spelled.get(name, "")
        if source_key not in definition.fields:
            known = [shown for shown, source in spelled.items() if source in definition.fields]
            return f'"{owner}" has no field "{name}"', nearest(name, known)
        if new:
            return f"{owner}.{name} is named as the field that it is about", f"rename {row}.{name}"
        if _is_demanded(definition.fields[source_key]):
            return f'"{owner}" cannot do without its field "{name}"', f"hide {owner} itself"
        made.unwritten.add((key, source_key))
        return None

    def _hide(self, owner: str) -> Fault | None:
        """Takes a type away with every argument and field of its kind, and whatever cannot do without these."""
        for made, key in [*self._enums.pop(owner, ()), *self._inputs.pop(owner, ())]:
            gone = {key}
            if key in made.enums:
                self._drop_leaves(made, key)
            self._spread(made, gone)
            for name, operation in made.model.operations.items():
                for argument in operation.arguments.values():
                    if leads_to(argument.type, gone):
                        made.unasked.add((name, argument.name))
                        if _is_demanded(argument):
                            self._drop_root(made, name)
            hidden = {each.name for key in gone if (each := made.enums.get(key) or made.inputs.get(key)) is not None}
            self._drop_arguments(hidden)
        return None

    def _spread(self, made: SourceTypes, gone: set[str]) -> None:
        """Adds the input types that cannot be given without one that is gone; of others, only the fields go."""
        grown = True
        while grown:
            grown = False
            for key, definition in made.model.inputs.items():
                if key in gone or key not in made.inputs:
                    continue
                lost = [name for name, field in definition.fields.items() if leads_to(field.type, gone)]
                left = definition.fields.keys() - set(lost)
                if lost and (not left or any(_is_demanded(definition.fields[name]) for name in lost)):
                    gone.add(key)
                    self._inputs.pop(made.inputs[key].name, None)
                    grown = True
                    continue
                spelled = made.input_names.get(made.inputs[key].name, {})
                for name in lost:
                    spelled.pop(_argument_of(definition, name).name, None)
                    made.unwritten.add((key, name))

    def _drop_arguments(self, hidden: set[str]) -> None:
        """Takes away the arguments of root fields whose type is hidden; of what needs one the field is gone by now."""
        for fields in (self._types.queries, self._types.mutations):
            for name, field in list(fields.items()):
                for argument, definition in list(field.args.items()):
                    if get_named_type(definition.type).name in hidden:
                        del field.args[argument]
                        if is_required_argument(definition):
                            fields.pop(name, None)


def _drop(spelled: dict[str, str], key: str, definition: InputType, owner: str, name: str) -> Fault | None:
    """Takes a field out of an input type."""
    if len(spelled) == 1:
        return f'"{owner}" would have no field left', f"hide {owner} itself"
    if _is_demanded(_argument_of(definition, key)):
        return f'"{owner}" cannot do without its field "{name}"', f"hide {owner} itself"
    del spelled[key]
    return None


def leads_to(ref: TypeRef, keys: Iterable[str]) -> bool:
    """Whether a reference is to one of these types, or to a list of it."""
    while isinstance(ref, ListRef):
        ref = ref.item
    return isinstance(ref, NamedRef) and ref.name in keys


def _is_demanded(argument: Argument) -> bool:
    return argument.required and not argument.type.nullable and argument.default is None


def _argument_of(definition: InputType, name: str) -> Argument:
    """The field of an input by the name that the source gives it."""
    return next(field for key, field in definition.fields.items() if name in {key, field.name})


def _defaults(made: SourceTypes, enum: str, value: str) -> Iterator[str]:
    """Arguments and input fields that are this value of an enum where nothing is given."""
    places = [
        *((made.roots.get(name, name), each.arguments) for name, each in made.model.operations.items()),
        *((made.inputs[name].name, each.fields) for name, each in made.model.inputs.items() if name in made.inputs),
    ]
    for owner, given in places:
        for argument in given.values():
            default = argument.default if isinstance(argument.default, list) else [argument.default]
            if leads_to(argument.type, {enum}) and value in map(str, default):
                yield f"{owner}({argument.name}:)"
