"""What rows come to: the types of an aggregate, made of those of a row's fields. Pure.

A function of a field has the type in which it is exact: sums of whole numbers are ``BigInt``, averages ``Decimal``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from resolvers.model import Field, ObjectType, Rows, Scalar, ScalarRef, TypeRef

KEY, COUNT, DISTINCT, SUM, AVERAGE, LEAST, GREATEST = "key", "count", "countDistinct", "sum", "avg", "min", "max"

_SUMS = {
    Scalar.INT: Scalar.BIG_INT,
    Scalar.BIG_INT: Scalar.BIG_INT,
    Scalar.DECIMAL: Scalar.DECIMAL,
    Scalar.FLOAT: Scalar.FLOAT,
}
_AVERAGES = {**dict.fromkeys(_SUMS, Scalar.DECIMAL), Scalar.FLOAT: Scalar.FLOAT}
_COMPARED = frozenset({*_SUMS, Scalar.STRING, Scalar.ID, Scalar.DATE, Scalar.DATE_TIME, Scalar.TIME})


@dataclass(frozen=True, slots=True)
class Part:
    """A member of an aggregate and the members of its own type. ``ending``: of that type's name."""

    name: str
    ending: str
    fields: Mapping[str, Field]
    description: str


def parts(row: ObjectType, rows: Rows) -> Iterator[Part]:
    """The members that tell of single fields; one that has no field is left out."""
    given = {name: field for name, field in row.fields.items() if name in rows.filterable}
    ordered = {name: field for name, field in given.items() if name in rows.orderable}
    said = (
        (
            KEY,
            "GroupKey",
            _same(given),
            "The values that the rows of a group have in common.",
        ),
        (DISTINCT, "DistinctCounts", _counts(given), "How many different values there are, nulls left out."),
        (SUM, "Sums", _typed(ordered, _SUMS), "The sum of all values; null where there is none."),
        (AVERAGE, "Averages", _typed(ordered, _AVERAGES), "The arithmetic mean; null where there is no value."),
        (LEAST, "Extremes", _extremes(ordered), "The least value."),
        (GREATEST, "Extremes", _extremes(ordered), "The greatest value."),
    )
    for name, ending, fields, description in said:
        if fields:
            yield Part(name, ending, fields, description)


def _same(given: Mapping[str, Field]) -> dict[str, Field]:
    return {name: _of(field, replace(field.type, nullable=True)) for name, field in given.items()}


def _counts(given: Mapping[str, Field]) -> dict[str, Field]:
    return {name: _of(field, ScalarRef(Scalar.INT)) for name, field in given.items()}


def _typed(given: Mapping[str, Field], types: Mapping[Scalar, Scalar]) -> dict[str, Field]:
    return {
        name: _of(field, ScalarRef(types[field.type.scalar], nullable=True))
        for name, field in given.items()
        if isinstance(field.type, ScalarRef) and field.type.scalar in types
    }


def _extremes(given: Mapping[str, Field]) -> dict[str, Field]:
    return {
        name: _of(field, replace(field.type, nullable=True))
        for name, field in given.items()
        if isinstance(field.type, ScalarRef) and field.type.scalar in _COMPARED
    }


def _of(field: Field, ref: TypeRef) -> Field:
    return Field(field.name, ref, description=field.description, place=field.place, of=field.name)
