"""Names that stand beside each other for one thing, where the file keeps an old name: which they are, as data.

Who looks at a schema by coordinates finds here what else a coordinate is called; the names are made in ``kept.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLSchema,
    is_required_argument,
    is_required_input_field,
)

BESIDE = "beside"
"""``extensions[BESIDE]`` of an argument or input field is a ``Beside``; that of a schema its ``Kin``."""

Kin = Mapping[str, tuple[str, ...]]
"""Coordinate → all names of the thing, itself and the one that is not deprecated first among them. Others have none."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The names of one argument or input field, of which a caller gives one. ``demanded``: it must give one."""

    names: tuple[str, ...]
    demanded: bool


def kin_of(schema: GraphQLSchema) -> Kin:
    """The coordinates of a schema that have several names."""
    return cast("Kin", schema.extensions.get(BESIDE, {}))


def called(kin: Kin, coordinate: str) -> tuple[str, ...]:
    """Everything that a coordinate is called, the name that stays first."""
    return kin.get(coordinate, (coordinate,))


def beside(given: GraphQLArgument | GraphQLInputField) -> Beside | None:
    """The other names of an argument or input field, where it has any."""
    return cast("Beside | None", given.extensions.get(BESIDE))


def is_demanded(given: GraphQLArgument | GraphQLInputField) -> bool:
    """Whether a caller has to give it, or another name of it."""
    names = beside(given)
    if names is not None and names.demanded:
        return True
    return is_required_argument(given) if isinstance(given, GraphQLArgument) else is_required_input_field(given)
