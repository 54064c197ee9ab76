"""Statements on their way to the database: a time for each, an entry of the journal, and the values of their rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Select, TextClause
from sqlalchemy.exc import SQLAlchemyError

from resolvers.errors import DeadlineExceeded
from resolvers.source import Context
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.dialects import Database, Plain, Replicas
from resolvers.sql.reading import Statement, named_rows
from resolvers.sql.settings import RowsSettings

_LIST = re.compile(r"IN \((?:__\[POSTCOMPILE_\w+\]|[?, ]+)\)", re.IGNORECASE)
"""As many places as a list has values, written out or still to be."""


class Question(Protocol):
    """A statement and the line that the journal has of it, free of values."""

    @property
    def query(self) -> Select[Any] | TextClause | Plain: ...

    @property
    def wire(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks one database; ``name`` is that of the source. ``answered``, where it is given, is told of every answer. An
    operation that changes something notes that in its session under that name.
    """

    name: str
    catalogue: Catalogue
    settings: RowsSettings
    database: Database
    answered: Callable[[], None] | None = None
    replicas: Replicas | None = None

    async def rows(self, made: Question, operation: str, context: Context) -> Sequence[Any]:
        """The rows as the driver gives them.

        Raises:
            SourceError: by what went wrong. DeadlineExceeded: no time was left to begin.
        """
        budget = min(self.settings.timeout_s, context.remaining())
        if budget <= 0:
            raise DeadlineExceeded
        with context.journal.call(self.name, operation, made.wire) as record:
            if context.journal.detailed:
                record.text = self._text(made)
            try:
                rows = await self._reader(context).ask(made.query, budget)
            except (SQLAlchemyError, OSError) as error:
                raise self.catalogue.dialect.failure(error) from error
            record.rows = len(rows)
        if self.answered is not None:
            self.answered()
        return rows

    def _reader(self, context: Context) -> Database | Replicas:
        """Who is asked: copies of the database, but not by an operation that has changed something of it."""
        return self.database if self.replicas is None or self.name in context.session else self.replicas

    def _text(self, made: Question) -> str:
        """The statement as the database gets it, with places for its values."""
        if isinstance(made.query, Plain):
            return _LIST.sub("IN (…)", made.query.text)
        return _LIST.sub("IN (…)", str(made.query.compile(dialect=self.database.spoken)))


def read_rows(made: Statement, rows: Sequence[Any]) -> list[dict[str, object]]:
    """Rows by the names of their columns, with values of the neutral form; further values of a row are left out."""
    return named_rows(made.columns, rows, further=bool(made.further))
