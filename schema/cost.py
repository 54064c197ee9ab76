"""What fields cost, as the file says it: weights and sizes of lists by coordinate, and how much one operation may cost.

How these are summed for an operation is the plan's business; what an answer may grow to is ``limits.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema
from pydantic import Field

from resolvers import Problem, Settings, nearest
from schema.beside import called, kin_of

SIZES = ("first", "last", "limit")
"""Arguments that say how long a list may become."""
Weight = Annotated[int, Field(ge=0)]


class CostSettings(Settings):
    max: int | None = Field(None, gt=0, description="Most that one operation may cost; absent: any.")
    weights: dict[str, Weight] = Field(
        default_factory=dict,
        description="Type.field → what it costs each time, in place of 1 for a field that asks a source, or is "
        "hand-written, and of 0 for one that is read from a row.",
    )
    list_size: int = Field(50, ge=0, description="How many objects a list is taken to have that says no size.")
    sizes: dict[str, Weight] = Field(
        default_factory=dict, description="Type.field → how many objects its list is taken to have."
    )
    report: bool = Field(
        False, description="Whether a caller who asks for it (a header GraphQL-Cost: report) is told the cost."
    )


class Prices:
    """The settings for one schema, those on an interface's field spread over the types that implement it."""

    def __init__(self, schema: GraphQLSchema, settings: CostSettings) -> None:
        self.max = settings.max
        self.report = settings.report
        self.list_size = settings.list_size
        self.weights = _spread(schema, settings.weights)
        self.sizes = _spread(schema, settings.sizes)


def _spread(schema: GraphQLSchema, given: Mapping[str, int]) -> dict[tuple[str, str], int]:
    kin = kin_of(schema)
    given = {each: number for coordinate, number in given.items() for each in called(kin, coordinate)}
    spread: dict[tuple[str, str], int] = {}
    for coordinate, number in given.items():
        owner, _, name = coordinate.partition(".")
        named = schema.type_map.get(owner)
        if isinstance(named, GraphQLInterfaceType):
            for one in schema.get_possible_types(named):
                spread[one.name, name] = max(number, spread.get((one.name, name), 0))
    for coordinate, number in given.items():
        owner, _, name = coordinate.partition(".")
        if isinstance(schema.type_map.get(owner), GraphQLObjectType):
            spread[owner, name] = number
    return spread


def check_prices(schema: GraphQLSchema, settings: CostSettings | None, *, incomplete: bool) -> Iterator[Problem]:
    """Coordinates that do not exist. ``incomplete``: a source is missing, and they may be its."""
    for part in ("weights", "sizes") if settings is not None and not incomplete else ():
        for coordinate in getattr(settings, part):
            owner, _, name = coordinate.partition(".")
            where = ("limits", "cost", part, coordinate)
            named = schema.type_map.get(owner)
            if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType) or owner.startswith("__"):
                yield Problem(f'there is no type "{owner}" with fields', where, nearest(owner, schema.type_map))
            elif name not in named.fields:
                what = f'"{owner}" has no field "{name}"'
                yield Problem(what, where, nearest(name, named.fields), lacks=coordinate)
