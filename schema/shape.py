"""``rename`` and ``hide`` by coordinate: what the configuration changes of generated types before links are made.

Coordinates are those that the types would have without any renaming. It changes names, never meaning; what is hidden
cannot be filtered or ordered by either. Inputs and enums are changed in ``shaped_inputs.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from graphql import GraphQLField

from resolvers import Field, InterfaceType, Key, NamedRef, ObjectType, Problem, UnionType, nearest
from schema.joined_arguments import ArgumentChange, change_argument
from schema.kept import Kept
from schema.shaped_inputs import Fault, InputShaper, leads_to
from schema.source_types import SourceTypes, owners
from schema.types import Later, TypeBuilder

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*", re.ASCII)
_COORDINATE = re.compile(r"(\w+)(?:\.(\w+)(?:\((\w+):\))?)?", re.ASCII)


def shape(
    types: TypeBuilder, rename: Mapping[str, str], hide: Sequence[str], keep: Mapping[str, str], *, incomplete: bool
) -> list[Problem]:
    """Applies them; gives a problem for each coordinate that does not exist or whose new name is taken. Fields that
    are not there may be joins, which come later: what is said of them is left in ``types.joins``; old names that are
    kept are left in ``types.kept``.

    ``incomplete``: a source is missing, so a type that does not exist may come with it.
    """
    # Arguments before fields before types, so that every coordinate is the one a reader sees without renaming.
    renamed = sorted(rename.items(), key=lambda item: -len(re.findall(r"[.(]", item[0])))
    changes: list[tuple[tuple[Key, ...], str, str]] = [(("hide", place), item, "") for place, item in enumerate(hide)]
    changes += [(("rename", coordinate), coordinate, new) for coordinate, new in renamed]
    shaper = _Shaper(types, rename, hide, keep, incomplete=incomplete)
    problems = []
    for where, coordinate, new in changes:
        fault = name_fault(new) if where[0] == "rename" else None
        if fault is None and shaper.leaves(coordinate, new, where):
            continue
        fault = fault or shaper.change(coordinate, new)
        if fault is not None:
            absent = fault[0].startswith("there is no type ") or " has no " in fault[0]
            former = _before_rename(coordinate, rename, where) if absent else ""
            problems.append(Problem(fault[0], where, former or fault[1]))
    return problems


def _before_rename(coordinate: str, rename: Mapping[str, str], where: tuple[Key, ...]) -> str:
    """How to mend a coordinate that is written with the names which ``rename`` gives; empty where it is not."""
    match = _COORDINATE.fullmatch(coordinate)
    owner, name, argument = match.groups() if match is not None else (coordinate, None, None)
    before = {(key.rpartition(".")[0], new): key for key, new in rename.items() if "(" not in key}
    former = before.get(("", owner), owner)
    if name is not None:
        former = before.get((former, name), f"{former}.{name}")
    if argument is not None:
        given = {new: key for key, new in rename.items() if key.startswith(f"{former}(")}
        former = given.get(argument, f"{former}({argument}:)")
    if former == coordinate:
        return ""
    return f"{where[0]} uses names as they are before rename: write {former}"


def name_fault(new: str) -> Fault | None:
    """Why a name that the file gives is none of GraphQL's (section 2.1.9), and how to mend it."""
    if not _NAME.fullmatch(new):
        return f'"{new}" is not a GraphQL name', "use letters, digits and _, and begin with no digit"
    if new.startswith("__"):
        return f'"{new}" begins with two underscores, which GraphQL keeps for itself', "choose another name"
    return None


class _Shaper:
    """``new`` is empty where something is hidden."""

    def __init__(
        self,
        types: TypeBuilder,
        rename: Mapping[str, str],
        hide: Sequence[str],
        keep: Mapping[str, str],
        *,
        incomplete: bool,
    ) -> None:
        self._types = types
        self._rename = rename
        self._hidden = list(hide)
        self._written = {*rename, *hide}
        """All coordinates that something is said of."""
        self._keep = keep
        self._incomplete = incomplete
        self._outputs = owners(types.sources)
        """Several sources share what the gateway made for each."""
        self._inputs = InputShaper(types, self._drop_root, self._drop_leaves)

    def change(self, coordinate: str, new: str) -> Fault | None:
        match = _COORDINATE.fullmatch(coordinate)
        if match is None:
            return f'"{coordinate}" is not a schema coordinate', "write Type, Type.field or Query.field(argument:)"
        owner, name, argument = match.groups()
        reason = self._keep.get(coordinate, "") if new else ""
        if reason and name is None:
            return "a type has one name, so the old one cannot be kept beside it", "rename without keep"
        if owner in {"Query", "Mutation"}:
            return self._root(owner, name, argument, new, reason)
        if self._inputs.knows(owner):
            return self._inputs.change(owner, name, new, reason)
        if owner not in self._outputs:
            known = [*self._outputs, *self._inputs.names(), "Query", "Mutation"]
            mend = nearest(owner, known) or "remove it, if its source is gone; isthmus sdl shows the types there are"
            return None if self._incomplete else (f'there is no type "{owner}"', mend)
        return self._output(owner, name, argument, new, reason)

    def leaves(self, coordinate: str, new: str, where: tuple[Key, ...]) -> bool:
        """Leaves what is said of a field that is not there to whoever makes joins; false where that cannot be one."""
        owner, _, name = coordinate.partition(".")
        if not name.isidentifier() or owner not in self._outputs or len(self._outputs[owner]) > 1:
            return False
        made, key = self._outputs[owner][0]
        known = made.field_names.get(key)
        if known is None or name in known.values():
            return False
        mend = _before_rename(coordinate, self._rename, where) or nearest(name, known.values())
        problem = Problem(f'"{owner}" has no field "{name}"', where, mend)
        self._types.joins[made.model.name, key, name] = Later(new, problem)
        reason = self._keep.get(coordinate, "") if new else ""
        if reason:
            output = made.outputs[key]
            self._types.kept.append(Kept(lambda: (made.outputs.get(key, output).name, new, ""), name, reason, where))
        return True

    def _output(self, owner: str, name: str | None, argument: str | None, new: str, reason: str) -> Fault | None:
        made, key = self._outputs[owner][0]
        if argument is not None and name is not None:
            return self._joined_argument(owner, name, argument, new, reason)
        if name is None:
            return self._rename_type(owner, new) if new else self._hide_type(owner)
        source_key = next((each for each, shown in made.field_names.get(key, {}).items() if shown == name), None)
        fault = _field(made, key, name, new)
        if fault is not None or source_key is None:
            return fault
        if not new:
            self._hide_told(made, key, source_key)
            return None
        self._rename_told(made, key, source_key, name, new)
        if reason:

            def at() -> tuple[str, str, str] | None:
                output = made.outputs.get(key)
                shown = made.field_names.get(key, {}).get(source_key) if output is not None else None
                return None if output is None or shown is None else (output.name, shown, "")

            self._types.kept.append(Kept(at, name, reason, ("rename", f"{owner}.{name}")))
        return None

    def _joined_argument(self, owner: str, name: str, argument: str, new: str, reason: str) -> Fault | None:
        """Leaves what is said of an argument to whoever makes the field."""
        made, key = self._outputs[owner][0]
        if name in made.field_names.get(key, {}).values():
            return f'"{owner}.{name}" has no argument "{argument}"', "a field that is read from a row has none"
        shown = self._rename.get(f"{owner}.{name}", name)
        output = made.outputs[key]
        written = f"{owner}.{name}({argument}:)"
        where: tuple[Key, ...] = ("rename", written) if new else ("hide", self._hidden.index(written))
        change = ArgumentChange(lambda: (made.outputs.get(key, output).name, shown), argument, new, where)
        self._types.arguments.append(change)
        if reason:
            self._types.kept.append(Kept(lambda: (*change.at(), new), argument, reason, where))
        return None

    def _root(self, owner: str, name: str | None, argument: str | None, new: str, reason: str) -> Fault | None:
        if name is None:
            return f"{owner} itself cannot be renamed or hidden", "name one of its fields"
        fields = self._types.queries if owner == "Query" else self._types.mutations
        if name not in fields:
            return None if self._incomplete else (f'"{owner}" has no field "{name}"', nearest(name, fields))
        definition = fields[name]

        def at() -> tuple[str, str, str] | None:
            shown = next((each for each, field in fields.items() if field is definition), None)
            return None if shown is None else (owner, shown, new if argument is not None else "")

        kept = Kept(
            at, argument or name, reason, ("rename", f"{owner}.{name}" + (f"({argument}:)" if argument else ""))
        )
        if argument is not None:
            fault = change_argument(f"{owner}.{name}", definition, argument, new)
        elif new and not self._types.root_names.change(name, new):
            fault = f'there is a field "{new}" of Query or Mutation already', "choose another name"
        else:
            fault = None
            self._name_root(fields, name, new)
        if fault is None and reason:
            self._types.kept.append(kept)
        return fault

    def _name_root(self, fields: dict[str, GraphQLField], name: str, new: str) -> None:
        definition = fields.pop(name)
        for made in self._types.sources.values():
            for operation, root in list(made.roots.items()):
                if root == name and new:
                    made.roots[operation] = new
                elif root == name:
                    del made.roots[operation]
        if new:
            fields[new] = definition

    def _rename_type(self, name: str, new: str) -> Fault | None:
        if not self._types.names.change(name, new):
            return f'there is a type "{new}" already', "choose another name"
        for made, key in self._outputs[name]:
            made.outputs[key].name = new
        return None

    def _rename_told(self, made: SourceTypes, key: str, source_key: str, name: str, new: str) -> None:
        """What tells of a field (aggregates of it) is named as the field, where nothing else is said of it."""
        for told, field, spelled in _told_of(made, key):
            owner = made.outputs[told].name
            is_free = new not in spelled.values() and f"{owner}.{name}" not in self._written
            if field.of == source_key and spelled.get(field.name) == name and is_free:
                spelled[field.name] = new

    def _hide_type(self, name: str) -> Fault | None:
        """Takes a type away with every field that returns it; a type that has no field left goes with it."""
        for made, key in self._outputs.pop(name):
            self._hide_in(made, key)
        return None

    def _hide_told(self, made: SourceTypes, key: str, hidden: str) -> None:
        """Takes away what tells of a hidden field of the type ``key``."""
        for operation in made.model.operations.values():
            if hidden in operation.by and operation.result == NamedRef(key, nullable=True) and made.model.has_tables:
                self._types.queries.pop(made.roots.pop(operation.name, ""), None)
        for told, field, spelled in _told_of(made, key):
            if field.of == hidden:
                spelled.pop(field.name, None)
            if not spelled and made.outputs[told].name in self._outputs:
                self._hide_type(made.outputs[told].name)

    def _hide_in(self, made: SourceTypes, key: str) -> None:
        del made.outputs[key]
        made.field_names.pop(key, None)
        for operation in made.model.operations.values():
            changes = operation.change is not None and operation.change.rows == key
            if changes or (operation.result is not None and leads_to(operation.result, {key})):
                self._drop_root(made, operation.name)
        self._drop_members(made, key)

    def _drop_root(self, made: SourceTypes, operation: str) -> None:
        """Takes away the field of Query or Mutation that calls an operation."""
        root = made.roots.pop(operation, None)
        if root is not None:
            self._types.queries.pop(root, None)
            self._types.mutations.pop(root, None)

    def _drop_leaves(self, made: SourceTypes, key: str) -> None:
        """Takes away every field whose values are those of an enum that is hidden."""
        for operation in made.model.operations.values():
            if operation.result is not None and leads_to(operation.result, {key}):
                self._drop_root(made, operation.name)
        self._drop_members(made, key)

    def _drop_members(self, made: SourceTypes, key: str) -> None:
        for other, definition in made.model.types.items():
            if other not in made.outputs:
                continue
            if isinstance(definition, ObjectType) and definition.of == key:
                empty = True
            elif isinstance(definition, UnionType):
                empty = not any(member in made.outputs for member in definition.members)
            else:
                spelled = made.field_names[other]
                for field in definition.fields.values():
                    if leads_to(field.type, {key}):
                        spelled.pop(field.name, None)
                empty = not spelled
            if empty:
                self._hide_type(made.outputs[other].name)


def _told_of(made: SourceTypes, key: str) -> Iterator[tuple[str, Field, dict[str, str]]]:
    """The fields of types that tell of the rows of ``key``: such a type, its field, and its names of all its fields."""
    for told, definition in made.model.types.items():
        if told in made.outputs and isinstance(definition, ObjectType) and definition.of == key:
            for field in definition.fields.values():
                if told in made.outputs:
                    yield told, field, made.field_names[told]


def _field(made: SourceTypes, key: str, name: str, new: str) -> Fault | None:
    owner = made.outputs[key].name
    spelled = made.field_names.get(key, {})
    source_key = next((source for source, graphql in spelled.items() if graphql == name), None)
    if source_key is None:
        return f'"{owner}" has no field "{name}"', nearest(name, spelled.values())
    if new in spelled.values():
        return f'"{owner}" has a field "{new}" already', "choose another name"
    definition = made.model.types[key]
    assert not isinstance(definition, UnionType)
    for interface in definition.interfaces:
        if interface in made.outputs and source_key in made.field_names[interface]:
            return f"{owner}.{name} is promised by the interface {made.outputs[interface].name}", "remove the line"
    if new and isinstance(definition, InterfaceType):
        return f"{owner}.{name} is a field of an interface, which keeps its names", "remove the line"
    if new:
        spelled[source_key] = new
    elif len(spelled) == 1:
        return f'"{owner}" would have no field left', f"hide {owner} itself"
    else:
        del spelled[source_key]
    return None
