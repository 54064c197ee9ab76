"""Values of rules: constants of the file and claims of a token become what a field of a source is compared with.

Both are taken as a variable of the field's GraphQL type would be; nothing here looks at rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from graphql import GraphQLEnumType, GraphQLError, GraphQLScalarType

from resolvers import Scalar

_WHOLE = frozenset({Scalar.INT, Scalar.BIG_INT})
_PLAIN_NUMBER = re.compile(r"-?[1-9]\d{0,30}|0", re.ASCII)


class Unfit(Exception):
    """A value that its field cannot have."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """The type of a field: a scalar, or an enum, whose values are said by their names in the schema. ``ordered``: who
    compares them knows their order, and looks into texts.
    """

    named: GraphQLScalarType | GraphQLEnumType
    scalar: Scalar | None
    ordered: bool = True

    def of_constant(self, value: object) -> object:
        """Raises: ``Unfit``, as ``of_claim``."""
        if value is None or isinstance(value, list | dict):
            raise Unfit
        try:
            made: object = self.named.parse_value(value)  # type: ignore[arg-type]  # an enum looks for itself
        except (GraphQLError, TypeError, ValueError) as error:
            raise Unfit from error
        if made is None:
            raise Unfit
        return made

    def of_claim(self, value: object) -> object:
        """The value of a claim, which is JSON.

        ``sub`` is a text in every token (RFC 7519 section 4.1.2), so a text that is exactly the numeral of a whole
        number is one; apart from that a type is kept: ``true`` is not ``1``, and ``7`` is no text.

        Raises:
            Unfit: it is missing, null or of another type.
        """
        if isinstance(value, str) and self.scalar in _WHOLE:
            if not _PLAIN_NUMBER.fullmatch(value):
                raise Unfit
            return self.of_constant(int(value))
        return self.of_constant(value)
