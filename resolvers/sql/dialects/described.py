"""``Described``: what a database says of a statement that it has looked at and not run.

What becomes of columns and parameters is decided by those who asked; nothing here is shown to callers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from resolvers.sql.column import SqlType


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type, and how it is written in SQL."""

    type: SqlType
    written: str


@dataclass(frozen=True, slots=True)
class Described:
    """``columns``: name and type of each column of a result, the type ``None`` where the database does not say it, and
    a guess where it is not ``sure``. ``None``: not even their names are known; where it is sure, there are none.
    ``parameters``: by the names that they are bound by, where the database says.
    """

    columns: tuple[tuple[str, SqlType | None], ...] | None
    sure: bool = False
    parameters: Mapping[str, TypeName] = field(default_factory=dict)


class NotTaken(Exception):
    """The database does not take the statement. ``said``: its own words, for the operator alone; ``line``: that of
    the text it was given, where it says one.
    """

    def __init__(self, said: str, line: int | None = None) -> None:
        super().__init__(said)
        self.said, self.line = said, line
