"""Constants of the configuration become values as a caller's would: by the names and the types of the schema.

It names what does not fit and never shows a value, which may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    Undefined,
    is_required_input_field,
)

from resolvers import nearest


class Unfit(Exception):
    """``where``: the path inside the constant, by keys and places of lists."""

    def __init__(self, what: str, where: tuple[str | int, ...], mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend


def constant(typed: GraphQLInputType, value: object, where: tuple[str | int, ...] = ()) -> object:
    """The value by the source's own names, as GraphQL coerces it (section 3).

    Raises:
        Unfit: it is none of the type.
    """
    if isinstance(typed, GraphQLNonNull):
        if value is None:
            raise Unfit("a value is needed", where, f"{typed} takes no null")
        return constant(typed.of_type, value, where)
    if value is None:
        return None
    if isinstance(typed, GraphQLList):
        items = enumerate(value) if isinstance(value, list) else [(0, value)]
        return [constant(typed.of_type, item, (*where, place)) for place, item in items]
    if isinstance(typed, GraphQLInputObjectType):
        return _object(typed, value, where)
    assert isinstance(typed, GraphQLScalarType | GraphQLEnumType)
    try:
        return typed.parse_value(cast("str", value))  # whatever it is, the type says
    except GraphQLError:
        known = typed.values if isinstance(typed, GraphQLEnumType) else {}
        mend = nearest(value, known) if isinstance(value, str) else ""
        raise Unfit(f"this is no {typed}", where, mend) from None


def _object(typed: GraphQLInputObjectType, value: object, where: tuple[str | int, ...]) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise Unfit(f"{typed} is a mapping", where, f"its keys are {', '.join(typed.fields)}")
    for name in value:
        if name not in typed.fields:
            raise Unfit(f'{typed} has no field "{name}"', (*where, name), nearest(name, typed.fields))
    found: dict[str, object] = {}
    for name, field in typed.fields.items():
        if name in value:
            found[field.out_name or name] = constant(field.type, value[name], (*where, name))
        elif is_required_input_field(field):
            raise Unfit(f"{typed}.{name} is missing", where, f"add {name}")
        elif field.default_value is not Undefined:
            found[field.out_name or name] = field.default_value
    if typed.is_one_of and (len(value) != 1 or None in value.values()):
        raise Unfit(f"{typed} takes exactly one of its fields", where)
    return found
