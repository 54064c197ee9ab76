"""Times come in no finer than they can go on: what would be lost without a word is refused."""

from __future__ import annotations

import pytest
from graphql import GraphQLError

from resolvers import Scalar
from schema.scalars import SCALARS


@pytest.mark.parametrize(
    ("scalar", "value"),
    [(Scalar.DATE_TIME, "2026-01-31T12:00:00.{}Z"), (Scalar.TIME, "12:00:00.{}")],
)
def test_digits_of_a_second_that_would_be_lost_are_refused(scalar: Scalar, value: str) -> None:
    for digits in ("1", "123456", "1234560", "120000000"):
        assert SCALARS[scalar].parse_value(value.format(digits)).microsecond == int(f"{digits:0<6}"[:6])
    for digits in ("1234567", "0000001", "000000001"):
        with pytest.raises(GraphQLError, match="at most six digits of a second"):
            SCALARS[scalar].parse_value(value.format(digits))
        # A source may say what it likes: it is handed on as it stands.
        assert SCALARS[scalar].serialize(value.format(digits)) == value.format(digits)
