"""Types as GraphQL writes them (``[ID!]!``), read into the neutral form, and whether one may stand for another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from resolvers.model import EnumType, ListRef, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.problem import nearest
from resolvers.sql.catalogue.names import plain
from resolvers.sql.column import SqlColumn

_FORM = re.compile(r"\s*(?:(\[)\s*)?(\w+)\s*(!)?\s*(?(1)\]\s*(!)?\s*)")
_TAKES: Mapping[Scalar, frozenset[Scalar]] = {
    Scalar.ID: frozenset({Scalar.INT, Scalar.BIG_INT, Scalar.STRING, Scalar.UUID}),
    Scalar.INT: frozenset({Scalar.BIG_INT, Scalar.DECIMAL, Scalar.FLOAT}),
    Scalar.BIG_INT: frozenset({Scalar.INT, Scalar.DECIMAL}),
    Scalar.FLOAT: frozenset({Scalar.DECIMAL}),
    Scalar.DECIMAL: frozenset({Scalar.FLOAT}),
    Scalar.STRING: frozenset({Scalar.UUID}),
}
"""Scalar of an argument → scalars of what the database wants there, beside its own."""
_SHOWN_AS: Mapping[Scalar, frozenset[Scalar]] = {
    Scalar.ID: frozenset({Scalar.INT, Scalar.BIG_INT, Scalar.STRING, Scalar.UUID}),
    Scalar.BIG_INT: frozenset({Scalar.INT}),
    Scalar.DECIMAL: frozenset({Scalar.INT, Scalar.BIG_INT}),
    Scalar.FLOAT: frozenset({Scalar.INT}),
}
"""Scalar that is stated of a column → scalars of what the database gives there, beside its own."""


class NoType(ValueError):
    """The text names no type. ``mend``: what may be meant."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def read_type(text: str, enums: Mapping[str, EnumType]) -> TypeRef:
    """The type of a text; an enum is found by its name in whatever spelling.

    Raises:
        NoType: it is none.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise NoType(f'"{text}" is not a type', "write it as GraphQL does: Int, String!, [ID!]!")
    listed, name, first, second = found.groups()
    item = _named(name, enums, nullable=first is None)
    return ListRef(item, nullable=second is None) if listed else item


def _named(name: str, enums: Mapping[str, EnumType], *, nullable: bool) -> TypeRef:
    if name in set(Scalar):
        return ScalarRef(Scalar(name), nullable)
    alike = [key for key in enums if plain(key) == plain(name)]
    if len(alike) == 1:
        return NamedRef(alike[0], nullable)
    raise NoType(f'there is no type "{name}"', nearest(name, _known(enums)))


def _known(enums: Iterable[str]) -> list[str]:
    return [*(scalar.value for scalar in Scalar), *enums]


def takes(stated: Scalar, wanted: SqlColumn) -> bool:
    """Whether values of an argument can be given where the database wants such a value."""
    if wanted.enum is not None:
        return stated in {Scalar.STRING, Scalar.ID}
    if wanted.degraded:
        return stated is Scalar.STRING and wanted.scalar is Scalar.STRING
    return stated is wanted.scalar or wanted.scalar in _TAKES.get(stated, ())


def shows(stated: Scalar, given: SqlColumn) -> bool:
    """Whether values that the database gives can be shown as what is stated."""
    if given.enum is not None:
        return stated is Scalar.STRING
    return stated is given.scalar or given.scalar in _SHOWN_AS.get(stated, ())


def tidied(scalar: Scalar, value: object) -> object:
    """A value that a driver gave, in the Python type of the scalar where it is one of another that says the same."""
    if scalar in {Scalar.INT, Scalar.BIG_INT, Scalar.ID} and isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if scalar is Scalar.DECIMAL and isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if scalar is Scalar.FLOAT and isinstance(value, Decimal):
        return float(value)
    return str(value) if scalar is Scalar.ID and isinstance(value, UUID) else value
