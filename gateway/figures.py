"""What a graph over one description is worth, in figures: how many fields, which are less than the description says,
and which names a reader would not have chosen. It reads a finished graph and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from resolvers import LeftOut, SourceModel

LONGEST_NAME = 40
_NUMBERED = re.compile(r"(.*\D)(\d+)")


def figures(model: SourceModel, schema: GraphQLSchema) -> dict[str, object]:
    """For programs: counts, and of everything counted as a fault its coordinate, so that it can be looked up.

    ``fields`` counts fields, arguments and fields of inputs; ``names`` counts those and the types.
    """
    names = dict(_names(schema))
    return {
        "fields": sum("." in coordinate for coordinate in names),
        "json_fallbacks": [_told(item) for item in model.fallbacks],
        "degraded": [_told(item) for item in model.left_out if item.degraded],
        "names": {
            "total": len(names),
            "numbered": sorted(_numbered(names, _written(model))),
            "long": sorted(coordinate for coordinate, name in names.items() if len(name) > LONGEST_NAME),
        },
    }


def _told(item: LeftOut) -> dict[str, str]:
    return {"coordinate": item.operation, "where": str(item.place), "reason": item.reason}


def _names(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Coordinate (``Type``, ``Type.field``, ``Type.field(argument:)``) → name."""
    roots = {schema.query_type, schema.mutation_type}
    for name, named in schema.type_map.items():
        if name.startswith("__"):
            continue
        if named not in roots and named.ast_node is None:
            yield name, name
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in named.fields.items():
                yield f"{name}.{field_name}", field_name
                for argument in field.args:
                    yield f"{name}.{field_name}({argument}:)", argument
        elif isinstance(named, GraphQLInputObjectType):
            for field_name in named.fields:
                yield f"{name}.{field_name}", field_name


def _written(model: SourceModel) -> frozenset[str]:
    """The names that the description itself writes, letters and digits only: their numbers are not ours."""
    found: set[str] = set()
    for definition in (*model.types.values(), *model.inputs.values(), *model.enums.values()):
        found.add(definition.place.pointer.rpartition("/")[2])
        found.add(definition.place.pointer.rpartition(" ")[2])  # of XML Schema: ``complexType Order``
        found.update(getattr(definition, "fields", {}))
    for name, operation in model.operations.items():
        found.add(name)
        found.update(operation.arguments)
    return frozenset(_folded(name) for name in found)


def _numbered(names: Mapping[str, str], written: frozenset[str]) -> Iterator[str]:
    """Coordinates whose name is another's of the same owner with a number behind it, which nobody wrote."""
    for coordinate, name in names.items():
        match = _NUMBERED.fullmatch(name.removesuffix("Input"))
        if match is None or _folded(name) in written or _folded(name.removesuffix("Input")) in written:
            continue
        owner = coordinate[: len(coordinate) - len(name) - (2 if coordinate.endswith(":)") else 0)]
        ending = coordinate[len(owner) + len(name) :]
        plain = match[1]
        if any(f"{owner}{other}{ending}" in names for other in (plain, f"{plain}Input")):
            yield coordinate


def _folded(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
