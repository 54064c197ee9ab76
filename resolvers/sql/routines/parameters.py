"""``Parameter``: an argument of a statement or a routine, as its database takes it; values are always bound.

What arguments a statement has is said where it is read; nothing here knows any text.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from resolvers.errors import BadRequest
from resolvers.model import Scalar
from resolvers.sql.column import SqlColumn
from resolvers.sql.values import Unfit


@dataclass(frozen=True, slots=True)
class Parameter:
    """``column``: what fits its values, or those of the items where it takes ``many``. ``cast``: the type that it is
    brought to in the statement; empty where the database finds that itself. ``by_text``: it travels as text until then.
    ``default``: what it is when it is not given.
    """

    name: str
    column: SqlColumn
    many: bool = False
    cast: str = ""
    by_text: bool = False
    default: object = None
    required: bool = False

    def place(self, name: str) -> str:
        """How it stands in a statement, bound by ``name``."""
        place = f":{name}"
        if self.by_text:
            place = f"CAST({place} AS text{'[]' if self.many else ''})"
        # The colons of a cast to a type with a name of its own (``"a:b"``) are no parameters either.
        cast = self.cast.replace(":", r"\:")
        return f"CAST({place} AS {cast})" if cast else place

    def value(self, given: object) -> object:
        """The value as the driver takes it.

        Raises:
            BadRequest: the database cannot take it for this argument.
        """
        if given is None:
            if self.required:
                raise BadRequest(f"{self.name} cannot be null")
            return None
        if self.many and not isinstance(given, list):
            raise BadRequest(f"{self.name} takes a list")
        try:
            if not isinstance(given, list) or not self.many:
                return self._one(given)
            return [None if item is None else self._one(item) for item in given]
        except Unfit as error:
            raise BadRequest(f"{self.name} {error}") from None

    def _one(self, given: object) -> object:
        if self.column.scalar is Scalar.STRING and type(given) in {int, UUID}:
            given = str(given)  # an ID: the key of a row that has it as a number
        return self.column.argument(given)
