"""A database between whose driver and us a stage stands: statements are told to it as texts with their values.

What is told of a statement is the same when it is written down and when it is answered by what was written. How rows
are kept in files is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

from sqlalchemy import Column, Connection, Executable, Select, Table
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import ValuesBase
from sqlalchemy.sql.elements import BindParameter

from resolvers.sql.dialects import Database, KeyedText, Plain
from resolvers.sql.settings import DatabaseSettings
from resolvers.stage import Column as Origin
from resolvers.stage import Given, Statements

T = TypeVar("T")
_NUMBERED = re.compile(r"(_\d+)+$")
"""How places of one column are told apart."""
Values: TypeAlias = Sequence[tuple[str, object]]
"""Of a statement, in the order of their places: what each belongs to, as far as it says, and the value."""
Parameters: TypeAlias = "Mapping[str, object] | list[dict[str, object]] | None"


class RecordedDatabase:
    """A database whose answers are noted."""

    by_text = False
    keys_together = False

    def __init__(self, database: Database, statements: Statements) -> None:
        self._database = database
        self._statements = statements

    @property
    def spoken(self) -> SqlDialect:
        """As ``Database.spoken``."""
        return self._database.spoken

    def text(self, query: Select[Any], *, keys: bool) -> KeyedText | None:  # noqa: ARG002  # the protocol's
        """As ``Database.text``: every statement is told with its columns, which a text has not."""
        return None

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        """As ``Database.ask``."""
        rows = await self._database.ask(query, budget)
        self._statements.note(*told(query, self.spoken), Given(origins(query, rows), rows))
        return rows

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:
        """As ``Database.change``. What was undone is not written down."""
        notes: list[tuple[str, Values, Given]] = []

        def noted(connection: Connection) -> T:
            notes.clear()
            return work(cast("Connection", _Noted(connection, notes)))

        made = await self._database.change(noted, budget)
        for note in notes:
            self._statements.note(*note)
        return made

    async def run(self, work: Callable[[Connection], T]) -> T:
        """As ``Database.run``."""
        return await self._database.run(work)

    async def close(self) -> None:
        """As ``Database.close``."""
        await self._database.close()


class _Noted:
    """A connection of a change, whose statements are noted with what they gave."""

    def __init__(self, connection: Connection, notes: list[tuple[str, Values, Given]]) -> None:
        self._connection = connection
        self._notes = notes

    @property
    def dialect(self) -> SqlDialect:
        return self._connection.dialect

    def execute(self, query: Executable, parameters: Parameters = None) -> Fetched:
        result: Any = self._connection.execute(query, parameters)
        names = tuple(result.keys()) if result.returns_rows else ()
        rows = result.all() if result.returns_rows else []
        affected = None if result.returns_rows else result.rowcount
        given = Given([("", str(name)) for name in names], rows, affected)
        self._notes.append((*told(query, self.dialect, parameters), given))
        return Fetched(given)


class Fetched:
    """What a statement gave, as far as changes look at a result of SQLAlchemy."""

    def __init__(self, given: Given) -> None:
        self._names = [name for _, name in given.columns]
        self._rows = list(given.rows)
        self.returns_rows = given.affected is None
        self.rowcount = len(self._rows) if given.affected is None else given.affected

    def keys(self) -> Sequence[str]:
        """The names of the columns."""
        return self._names

    def all(self) -> Sequence[Any]:
        """All rows."""
        return self._rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def fetchmany(self, most: int) -> Sequence[Any]:
        """The first rows."""
        return self._rows[:most]

    def first(self) -> Any:
        """The first row, if any."""
        return self._rows[0] if self._rows else None

    def scalar_one(self) -> Any:
        """The one value."""
        ((value,),) = self._rows
        return value

    def close(self) -> None:
        """There is nothing to close."""


def told(query: Executable | Plain, spoken: SqlDialect, parameters: Parameters = None) -> tuple[str, Values]:
    """The text of a statement, with a place for each of its values, and these. ``parameters``: values that it is given
    apart, or those of several rows.
    """
    if isinstance(query, Plain):
        return query.text, [("", value) for value in query.values]
    compiled: Any = query.compile(dialect=spoken)  # type: ignore[attr-defined]  # statements have it
    names = _written(query)
    rows = parameters if isinstance(parameters, list) else [parameters]
    states = [compiled.construct_expanded_state(row) for row in rows]  # each value of a list has a place of its own
    found = [
        (names.get(place, _NUMBERED.sub("", place)), state.parameters[place])
        for state in states
        for place in (state.positiontup if compiled.positional else state.parameters)
    ]
    return str(states[0].statement), found


def _written(query: Executable) -> Mapping[str, str]:
    """The place of a value in a statement that writes rows → the column that it is put into."""
    if not isinstance(query, ValuesBase) or not isinstance(query._values, Mapping):  # noqa: SLF001  # there is no other word for it
        return {}
    return {
        str(each.key): "".join(getattr(column, "name", str(column)))
        for column, made in query._values.items()  # noqa: SLF001  # likewise
        for each in visitors.iterate(made)
        if isinstance(each, BindParameter)
    }


def origins(query: Executable | Plain, rows: Sequence[Any]) -> list[Origin]:
    """The table and the column of each value of a row."""
    if isinstance(query, Select):
        return [_origin(each) for each in query.selected_columns]
    names = getattr(rows[0], "_fields", ()) if rows else ()
    return [("", str(name)) for name in names]


def _origin(selected: Any) -> Origin:
    inside = {each for each in visitors.iterate(selected) if isinstance(each, Column) and each.table is not None}
    found = list(inside)
    if len(found) != 1:
        return "", "".join(getattr(selected, "name", None) or "")
    table: Any = found[0].table
    while not isinstance(table, Table) and getattr(table, "element", None) is not None:
        table = table.element
    return "".join(str(getattr(table, "name", ""))), "".join(found[0].name)  # names that know how they are quoted


def without_replicas(settings: DatabaseSettings) -> DatabaseSettings:
    """The settings of a database that alone is read."""
    return settings.model_copy(update={"replicas": (), "max_lag_s": None})
