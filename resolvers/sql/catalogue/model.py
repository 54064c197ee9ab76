"""What a catalogue was read into: the neutral model, and for each of its operations the table that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Table

from resolvers.errors import BadRequest
from resolvers.model import SourceModel
from resolvers.sql.column import SqlColumn
from resolvers.sql.dialects import Dialect


@dataclass(frozen=True, slots=True)
class Served:
    """One table or view and its columns, by the name of its type. ``key``: the columns of its primary key."""

    name: str
    table: Table
    columns: Mapping[str, SqlColumn]
    key: tuple[str, ...]

    def column(self, name: str) -> SqlColumn:
        """A column by its name.

        Raises:
            BadRequest: there is none.
        """
        column = self.columns.get(name)
        if column is None:
            raise BadRequest(f"{self.name} has no such column")
        return column


@dataclass(frozen=True, slots=True)
class Access:
    """How an operation is answered: all rows of a table, or the one row that the ``by`` columns name."""

    served: Served
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``access``: by the operation's name, for every operation of the model."""

    model: SourceModel
    access: Mapping[str, Access]
    dialect: Dialect
