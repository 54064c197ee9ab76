"""``rename`` and ``hide`` by coordinate: what the configuration changes of generated types before links are made.

Coordinates are those that the types would have without any renaming. It changes names, never meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from resolvers import Problem, nearest
from schema.types import SourceTypes, TypeBuilder

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*", re.ASCII)


def shape(types: TypeBuilder, rename: Mapping[str, str], hide: Sequence[str], *, incomplete: bool) -> list[Problem]:
    """Applies both; gives a problem for each coordinate that does not exist or whose new name is taken."""
    problems = []
    original = {graphql.name: made for made in types.sources.values() for graphql in made.outputs.values()}
    keys = {graphql.name: key for made in types.sources.values() for key, graphql in made.outputs.items()}
    changes: list[tuple[str, str, str | None]] = [("hide", coordinate, None) for coordinate in hide]
    # Fields first, so that every coordinate is the one a reader sees without renaming.
    changes += [("rename", *item) for item in sorted(rename.items(), key=lambda item: -item[0].count("."))]
    for section, coordinate, new in changes:
        if new is not None and not _NAME.fullmatch(new):
            problems.append(Problem(f'"{new}" is not a GraphQL name', (section, coordinate)))
            continue
        owner, _, name = coordinate.partition(".")
        if owner in {"Query", "Mutation"}:
            fault = _root(types, owner, name, new)
        elif owner not in original:
            fault = None if incomplete else (f'there is no type "{owner}"', nearest(owner, original))
        elif name:
            fault = _field(original[owner], keys[owner], name, new)
        else:
            fault = _type(types, original[owner], keys[owner], new)
        if fault is not None:
            problems.append(Problem(fault[0], (section, coordinate), fault[1]))
    return problems


def _root(types: TypeBuilder, owner: str, name: str, new: str | None) -> tuple[str, str] | None:
    fields = types.queries if owner == "Query" else types.mutations
    if name not in fields:
        return f'"{owner}" has no field "{name}"', nearest(name, fields)
    if new is not None and new in fields:
        return f'"{owner}" has a field "{new}" already', "choose another name"
    definition = fields.pop(name)
    if new is not None:
        fields[new] = definition
    for made in types.sources.values():
        for operation, root in made.roots.items():
            if root == name and new is not None:
                made.roots[operation] = new
    return None


def _field(made: SourceTypes, key: str, name: str, new: str | None) -> tuple[str, str] | None:
    spelled = made.field_names.get(made.outputs[key].name, {})
    source_key = next((source for source, graphql in spelled.items() if graphql == name), None)
    if source_key is None:
        return f'"{made.outputs[key].name}" has no field "{name}"', nearest(name, spelled.values())
    if new is None:
        del spelled[source_key]
    elif new in spelled.values():
        return f'"{made.outputs[key].name}" has a field "{new}" already', "choose another name"
    else:
        spelled[source_key] = new
    return None


def _type(types: TypeBuilder, made: SourceTypes, key: str, new: str | None) -> tuple[str, str] | None:
    named = made.outputs[key]
    if new is None:
        return "hiding a whole type is not supported in this release", "hide the fields that return it"
    taken = {item.name for each in types.sources.values() for item in each.outputs.values()}
    if new in taken:
        return f'there is a type "{new}" already', "choose another name"
    made.field_names[new] = made.field_names.pop(named.name, {})
    types.more[new] = types.more.pop(named.name, [])
    named.name = new
    return None
