"""What an input value uses: the input types, fields and enum values that occur in it, each once for all its rows.

Whether callers may use them is the policy's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInputType, GraphQLList, GraphQLNonNull, Undefined

Use: TypeAlias = tuple[str, str | None]
"""(Input type, field); and (type, ``None``) for each input or enum type there is a value of."""


def used_inputs(typed: GraphQLInputType, value: object) -> Iterable[Use]:
    """What ``value`` uses, in the order in which it is met first."""
    found: dict[Use, None] = {}
    _collect(typed, [value], found)
    return found


def _collect(typed: GraphQLInputType, values: Sequence[object], found: dict[Use, None]) -> None:
    """Looks at all values of one place together: rows of one shape cost little more than one of them."""
    while isinstance(typed, GraphQLNonNull | GraphQLList):
        if isinstance(typed, GraphQLList):
            values = [item for value in values for item in (value if isinstance(value, list) else (value,))]
        typed = typed.of_type
    if not isinstance(typed, GraphQLEnumType | GraphQLInputObjectType):
        return
    present = [value for value in values if value is not None and value is not Undefined]
    if not present:
        return
    found[typed.name, None] = None
    if isinstance(typed, GraphQLEnumType):
        for name in {value: None for value in present if isinstance(value, str)}:
            if name in typed.values:
                found[typed.name, name] = None
        return
    rows = [value for value in present if isinstance(value, Mapping)]
    for name in {name: None for row in rows for name in row}:
        if name in typed.fields:
            found[typed.name, name] = None
            _collect(typed.fields[name].type, [row[name] for row in rows if name in row], found)
