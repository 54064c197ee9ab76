"""A database between whose driver and us a stage stands: statements are told to it as texts with their values.

What is told of a statement is the same when it is written down and when it is answered by what was written. How rows
are kept in files is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Executable, Select, Table
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.sql import visitors

from resolvers.sql.dialects import Database, KeyedText, Plain
from resolvers.sql.settings import DatabaseSettings
from resolvers.stage import Column as Origin
from resolvers.stage import Statements

T = TypeVar("T")


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
        text, values = told(query, self.spoken)
        self._statements.note(text, values, origins(query, rows), rows)
        return rows

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:
        """As ``Database.change``."""
        return await self._database.change(work, budget)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """As ``Database.run``."""
        return await self._database.run(work)

    async def close(self) -> None:
        """As ``Database.close``."""
        await self._database.close()


def told(query: Executable | Plain, spoken: SqlDialect) -> tuple[str, list[object]]:
    """The text of a statement, a place for each of its values, and these in the order of the places."""
    if isinstance(query, Plain):
        return query.text, list(query.values)
    compiled: Any = query.compile(dialect=spoken, compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined]  # statements have it
    values: dict[str, object] = compiled.params  # those of lists one by one
    names = compiled.positiontup if compiled.positional else list(values)
    return str(compiled), [values[name] for name in names]


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
