"""A database as a source. Statements are made in ``reading/``; ``dialects/`` run them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from resolvers.documents import DescriptionError
from resolvers.errors import LimitExceeded
from resolvers.model import SourceModel
from resolvers.problem import Problem
from resolvers.source import Call, Context
from resolvers.sql.asking import Asking, read_rows
from resolvers.sql.catalogue import Catalogue, reflect
from resolvers.sql.connections import Connections
from resolvers.sql.dialects import Database, Plain, address
from resolvers.sql.reading import Aggregate, KeptStatements, Statement, aggregate, read_groups, statement
from resolvers.sql.settings import DatabaseSettings


class SqlSource:
    """Reads the tables and views of one database.

    ``model`` may be replaced by one with the user's statements applied; what an operation reads does not change by it.
    """

    def __init__(self, known: Catalogue, settings: DatabaseSettings, database: Database) -> None:
        self.model: SourceModel = known.model
        self._catalogue = known
        self._settings = settings
        self._database = database
        self._asking = Asking(known.model.name, known, settings, database)
        self._kept = KeptStatements(known, database)
        self._connections = Connections(self._asking)

    async def execute(self, call: Call, context: Context) -> object:
        """Gives a list of rows, for an operation by key one row or ``None``, or a connection.

        Raises:
            SourceError: by what went wrong; BadRequest: a field or a value that the table cannot have.
            LimitExceeded: there are more rows than ``max_rows``. DeadlineExceeded: no time was left to begin.
        """
        operation = self.model.operations.get(call.operation)
        if operation is not None and operation.connection_of:
            return await self._connections.answer(operation, call, context)
        most = self._settings.max_rows
        if call.page.limit is not None and call.page.limit > most:
            raise LimitExceeded(f"at most {most} rows can be asked for at once")
        if operation is not None and operation.aggregate_of:
            taken = aggregate(self._catalogue, operation.aggregate_of, call)
            if call.page.limit is None:
                taken = replace(taken, query=taken.query.limit(most + 1))
            return read_groups(taken, await self._bounded(taken, call, context))
        made = self._kept.by_keys(call, most + 1) or self._made(call)
        rows = read_rows(made, await self._bounded(made, call, context))
        if self._catalogue.access[call.operation].by:
            return rows[0] if rows else None
        return rows

    def _made(self, call: Call) -> Statement:
        made = statement(self._catalogue, call)
        if (call.page.limit is not None and not call.per) or isinstance(made.query, Plain):
            return made
        most = self._settings.max_rows
        return replace(made, query=made.query.limit(most + 1))  # one more tells that there are too many

    async def _bounded(self, made: Statement | Aggregate, call: Call, context: Context) -> Sequence[Any]:
        most = self._settings.max_rows
        rows = await self._asking.rows(made, call.operation, context)
        if len(rows) > most:
            raise LimitExceeded(f"there are more than {most} rows: ask for fewer with limit or where")
        return rows

    async def close(self) -> None:
        await self._database.close()


async def open_database(
    name: str, settings: DatabaseSettings, base: Path, pinned: Mapping[str, str] | None = None
) -> SqlSource:
    """Connects, reads the catalogue once, and makes the source ready to be called.

    ``base``: the folder that relative SQLite paths start at. ``pinned``: a table, or a table and the columns of a key
    (``orders by id``) → the name that its operation keeps.

    Raises:
        DescriptionError: the URL is not one of a database that is supported, the database cannot be reached, or a
            schema is not there.
    """
    dialect, where = address(settings.database.get_secret_value(), base)
    database = dialect.open(where, concurrency=settings.concurrency, timeout_s=settings.timeout_s)
    read = partial(reflect, name=name, schemas=settings.schemas, dialect=dialect, pinned=pinned)
    try:
        async with asyncio.timeout(settings.timeout_s):
            known = await database.run(read)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        await database.close()
        raise DescriptionError(_unreachable(error)) from error
    except BaseException:
        await database.close()
        raise
    return SqlSource(known, settings, database)


def _unreachable(error: Exception) -> Problem:
    if isinstance(error, DBAPIError) and not error.connection_invalidated and type(error).__name__ == "DatabaseError":
        return Problem("this is not a database that can be read", where=("database",), mend="name another file")
    mend = "check that it runs where the URL says, and that its user may connect"
    return Problem("the database cannot be reached", where=("database",), mend=mend)
