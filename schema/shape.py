"""``rename`` and ``hide`` by coordinate: what the configuration changes of generated types before links are made.

Coordinates are those that the types would have without any renaming. It changes names, never meaning; what is hidden
cannot be filtered or ordered by either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from graphql import GraphQLEnumType, GraphQLField, GraphQLInputObjectType, is_required_argument

from resolvers import InterfaceType, Key, ListRef, NamedRef, ObjectType, Problem, TypeRef, UnionType, nearest
from schema.source_types import SourceTypes
from schema.types import Later, TypeBuilder

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*", re.ASCII)
_COORDINATE = re.compile(r"(\w+)(?:\.(\w+)(?:\((\w+):\))?)?", re.ASCII)

Fault = tuple[str, str]
"""What is wrong, and how to mend it."""


def shape(types: TypeBuilder, rename: Mapping[str, str], hide: Sequence[str], *, incomplete: bool) -> list[Problem]:
    """Applies both; gives a problem for each coordinate that does not exist or whose new name is taken. Fields that
    are not there may be joins, which come later: what is said of them is left in ``types.joins``.

    ``incomplete``: a source is missing, so a type that does not exist may come with it.
    """
    # Arguments before fields before types, so that every coordinate is the one a reader sees without renaming.
    renamed = sorted(rename.items(), key=lambda item: -len(re.findall(r"[.(]", item[0])))
    changes: list[tuple[tuple[Key, ...], str, str]] = [(("hide", place), item, "") for place, item in enumerate(hide)]
    changes += [(("rename", coordinate), coordinate, new) for coordinate, new in renamed]
    shaper = _Shaper(types, incomplete=incomplete)
    problems = []
    for where, coordinate, new in changes:
        fault = _name_fault(new) if where[0] == "rename" else None
        if fault is None and shaper.leaves(coordinate, new, where):
            continue
        fault = fault or shaper.change(coordinate, new)
        if fault is not None:
            problems.append(Problem(fault[0], where, fault[1]))
    return problems


def _name_fault(new: str) -> Fault | None:
    if not _NAME.fullmatch(new):
        return f'"{new}" is not a GraphQL name', "use letters, digits and _, and begin with no digit"
    if new.startswith("__"):
        return f'"{new}" begins with two underscores, which GraphQL keeps for itself', "choose another name"
    return None


class _Shaper:
    """``new`` is empty where something is hidden."""

    def __init__(self, types: TypeBuilder, *, incomplete: bool) -> None:
        self._types = types
        self._incomplete = incomplete
        self._outputs: dict[str, list[tuple[SourceTypes, str]]] = {}
        """GraphQL type → the sources that have it, and its key there; several share what the gateway made for each."""
        for made in types.sources.values():
            for key, graphql in made.outputs.items():
                self._outputs.setdefault(graphql.name, []).append((made, key))
        self._others: dict[str, GraphQLEnumType | GraphQLInputObjectType] = {}
        for made in types.sources.values():
            self._others |= {graphql.name: graphql for graphql in made.enums.values()}
            self._others |= {graphql.name: graphql for graphql in made.inputs.values()}

    def change(self, coordinate: str, new: str) -> Fault | None:
        match = _COORDINATE.fullmatch(coordinate)
        if match is None:
            return f'"{coordinate}" is not a schema coordinate', "write Type, Type.field or Query.field(argument:)"
        owner, name, argument = match.groups()
        if owner in {"Query", "Mutation"}:
            return self._root(owner, name, argument, new)
        if owner in self._others:
            return self._other(owner, name, new)
        if owner not in self._outputs:
            known = [*self._outputs, *self._others, "Query", "Mutation"]
            mend = nearest(owner, known) or "remove it, if its source is gone; isthmus sdl shows the types there are"
            return None if self._incomplete else (f'there is no type "{owner}"', mend)
        return self._output(owner, name, argument, new)

    def leaves(self, coordinate: str, new: str, where: tuple[Key, ...]) -> bool:
        """Leaves what is said of a field that is not there to whoever makes joins; false where that cannot be one."""
        owner, _, name = coordinate.partition(".")
        if not name.isidentifier() or owner not in self._outputs or len(self._outputs[owner]) > 1:
            return False
        made, key = self._outputs[owner][0]
        known = made.field_names.get(owner)
        if known is None or name in known.values():
            return False
        fault = f'"{owner}" has no field "{name}"', nearest(name, known.values())
        self._types.joins[made.model.name, key, name] = Later(new, Problem(fault[0], where, fault[1]))
        return True

    def _output(self, owner: str, name: str | None, argument: str | None, new: str) -> Fault | None:
        made, key = self._outputs[owner][0]
        if argument is not None:
            return f"arguments of {owner}.{name} cannot be renamed or hidden", "only those of Query and Mutation can"
        if name is not None:
            source_key = next((each for each, shown in made.field_names.get(owner, {}).items() if shown == name), None)
            fault = _field(made, key, name, new)
            if fault is None and not new and source_key is not None:
                self._hide_told(made, key, source_key)
            return fault
        return self._rename_type(owner, new) if new else self._hide_type(owner)

    def _root(self, owner: str, name: str | None, argument: str | None, new: str) -> Fault | None:
        if name is None:
            return f"{owner} itself cannot be renamed or hidden", "name one of its fields"
        fields = self._types.queries if owner == "Query" else self._types.mutations
        if name not in fields:
            return None if self._incomplete else (f'"{owner}" has no field "{name}"', nearest(name, fields))
        if argument is not None:
            return _argument(f"{owner}.{name}", fields[name], argument, new)
        if new and not self._types.root_names.change(name, new):
            return f'there is a field "{new}" of Query or Mutation already', "choose another name"
        definition = fields.pop(name)
        for made in self._types.sources.values():
            for operation, root in list(made.roots.items()):
                if root == name and new:
                    made.roots[operation] = new
                elif root == name:
                    del made.roots[operation]
        if new:
            fields[new] = definition
        return None

    def _other(self, owner: str, name: str | None, new: str) -> Fault | None:
        if name is not None:
            what = "values of an enum" if isinstance(self._others[owner], GraphQLEnumType) else "fields of an input"
            return f"{what} cannot be renamed or hidden in this release", "remove the line"
        if not new:
            return f'"{owner}" is no type of results and cannot be hidden', "hide the fields that use it"
        if not self._types.names.change(owner, new):
            return f'there is a type "{new}" already', "choose another name"
        self._others[owner].name = new
        return None

    def _rename_type(self, name: str, new: str) -> Fault | None:
        if not self._types.names.change(name, new):
            return f'there is a type "{new}" already', "choose another name"
        for made, key in self._outputs[name]:
            if name in made.field_names:
                made.field_names[new] = made.field_names.pop(name)
            made.outputs[key].name = new
        return None

    def _hide_type(self, name: str) -> Fault | None:
        """Takes a type away with every field that returns it; a type that has no field left goes with it."""
        for made, key in self._outputs.pop(name):
            self._hide_in(made, key, name)
        return None

    def _hide_told(self, made: SourceTypes, key: str, hidden: str) -> None:
        """Takes away what tells of a hidden field of the type ``key``."""
        for operation in made.model.operations.values():
            if hidden in operation.by and operation.result == NamedRef(key, nullable=True) and made.model.has_tables:
                self._types.queries.pop(made.roots.pop(operation.name, ""), None)
        for other, definition in made.model.types.items():
            if other not in made.outputs or not isinstance(definition, ObjectType) or definition.of != key:
                continue
            spelled = made.field_names[made.outputs[other].name]
            for field in definition.fields.values():
                if field.of == hidden:
                    spelled.pop(field.name, None)
            if not spelled:
                self._hide_type(made.outputs[other].name)

    def _hide_in(self, made: SourceTypes, key: str, name: str) -> None:
        del made.outputs[key]
        made.field_names.pop(name, None)
        for operation in made.model.operations.values():
            root = made.roots.get(operation.name)
            changes = operation.change is not None and operation.change.rows == key
            if root is not None and (changes or (operation.result is not None and _names(operation.result, key))):
                del made.roots[operation.name]
                self._types.queries.pop(root, None)
                self._types.mutations.pop(root, None)
        for other, definition in made.model.types.items():
            if other not in made.outputs:
                continue
            if isinstance(definition, ObjectType) and definition.of == key:
                empty = True
            elif isinstance(definition, UnionType):
                empty = not any(member in made.outputs for member in definition.members)
            else:
                spelled = made.field_names[made.outputs[other].name]
                for field in definition.fields.values():
                    if _names(field.type, key):
                        spelled.pop(field.name, None)
                empty = not spelled
            if empty:
                self._hide_type(made.outputs[other].name)


def _field(made: SourceTypes, key: str, name: str, new: str) -> Fault | None:
    owner = made.outputs[key].name
    spelled = made.field_names.get(owner, {})
    source_key = next((source for source, graphql in spelled.items() if graphql == name), None)
    if source_key is None:
        return f'"{owner}" has no field "{name}"', nearest(name, spelled.values())
    if new in spelled.values():
        return f'"{owner}" has a field "{new}" already', "choose another name"
    definition = made.model.types[key]
    assert not isinstance(definition, UnionType)
    for interface in definition.interfaces:
        if interface in made.outputs and source_key in made.field_names[made.outputs[interface].name]:
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


def _argument(field: str, definition: GraphQLField, name: str, new: str) -> Fault | None:
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


def _names(ref: TypeRef, key: str) -> bool:
    while isinstance(ref, ListRef):
        ref = ref.item
    return isinstance(ref, NamedRef) and ref.name == key
