"""What a catalogue was read into: the neutral model, and for each of its operations the table that answers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sqlalchemy import Column, FromClause

from resolvers.errors import BadRequest
from resolvers.model import SourceModel
from resolvers.sql.column import SqlColumn
from resolvers.sql.dialects import Dialect, Searched


@dataclass(frozen=True, slots=True)
class Served:
    """One table or view and its columns, by the name of its type. ``key``: the columns of its primary key.
    ``search``: how its texts are searched, where they are.
    """

    name: str
    table: FromClause
    columns: Mapping[str, SqlColumn]
    key: tuple[str, ...]
    view: bool = False
    search: Searched | None = None

    def column(self, name: str) -> SqlColumn:
        """A column by its name.

        Raises:
            BadRequest: there is none.
        """
        column = self.columns.get(name)
        if column is None:
            raise BadRequest(f"{self.name} has no such column")
        return column

    def under(self, name: str) -> Served:
        """The same table once more in a statement, by another name."""
        again = self.table.alias(name)
        columns = {
            key: replace(column, column=cast("Column[Any]", again.c[key])) for key, column in self.columns.items()
        }
        return replace(self, table=again, columns=columns)


@dataclass(frozen=True, slots=True)
class Access:
    """How an operation is answered: all rows of a table, or the one row that the ``by`` columns name.

    ``stated``: the configuration says that they tell rows apart, and the database does not.
    """

    served: Served
    by: tuple[str, ...] = ()
    stated: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``access``: by the operation's name, for every operation of the model."""

    model: SourceModel
    access: Mapping[str, Access]
    dialect: Dialect
    _again: dict[tuple[str, str], Served] = field(default_factory=dict)

    def rows(self, operation: str, called: str) -> Served:
        """The table whose rows an operation lists, under the name ``called``, which no table bears.

        Raises:
            BadRequest: there is no such list.
        """
        access = self.access.get(operation)
        if access is None or access.by:
            raise BadRequest(f"{self.model.name} has no list {operation}")
        made = self._again.get((operation, called))
        if made is None:
            made = self._again[operation, called] = access.served.under(called)
        return made

    def unique(self, name: str, columns: Iterable[str]) -> bool:
        """Whether no two rows of the type ``name`` are equal in all of ``columns``, as far as the database says so."""
        given = set(columns)
        found = [access for access in self.access.values() if access.served.name == name and not access.stated]
        return any(access.by and given.issuperset(access.by) for access in found)
