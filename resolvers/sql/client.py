"""A database as a source. Statements are made in ``reading/`` and ``writing/``; ``dialects/`` run them, ``opening.py``
connects.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from resolvers.errors import DeadlineExceeded, LimitExceeded, LinkAmbiguous
from resolvers.model import Effect, SourceModel
from resolvers.source import Call, Context
from resolvers.sql.asking import Asking, read_rows
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.connections import Connections
from resolvers.sql.dialects import Database, Plain, Replicas
from resolvers.sql.reading import Aggregate, CompiledStatements, Statement, aggregate, read_groups, statement
from resolvers.sql.routines import Routines, Running
from resolvers.sql.settings import RowsSettings
from resolvers.sql.writing import Offers, Target, clashed, prepare, refused

_CHANGED = "changed"
_AGAIN = 3
"""So often a change is tried again that the database undid since another one came between."""
_APART_S = 0.02

Way: TypeAlias = "Callable[[Call, Context], Awaitable[object]]"


class Watch(Protocol):
    """Looks after a source that was opened from a kept catalogue."""

    def answered(self, source: SqlSource) -> None:
        """The database has answered: it is there again."""

    async def close(self) -> None:
        """Ends what is under way."""


class SqlSource:
    """Reads the tables and views of one database, or what is asked like one, and changes rows where settings say so.

    ``model`` may be replaced by one with the user's statements applied; what an operation does is not changed by it.
    """

    def __init__(
        self,
        known: Catalogue,
        settings: RowsSettings,
        database: Database,
        changes: Offers | None = None,
        watch: Watch | None = None,
        routines: Routines | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        self.model: SourceModel = (routines or changes or known).model
        self._catalogue = known
        self._targets: Mapping[str, Target] = {} if changes is None else changes.targets
        self._settings = settings
        self._database = database
        self._watch = watch
        self._replicas = replicas
        answered = partial(watch.answered, self) if watch is not None else None
        self._asking = Asking(known.model.name, known, settings, database, answered, replicas)
        self._kept = CompiledStatements(known, database, self._made)
        self._connections = Connections(self._asking, self._kept)
        self._running = Running(self._asking, {} if routines is None else routines.by_name)
        self._ways: dict[str, Way] = {
            **dict.fromkeys(self._targets, self._change),
            **dict.fromkeys(() if routines is None else routines.by_name, self._run),
        }
        """The operations that are more than reading a table, by their names; all others read one."""

    async def execute(self, call: Call, context: Context) -> object:
        """Gives a list of rows, for an operation by key one row or ``None``, or a connection.

        Raises:
            SourceError: by what went wrong; BadRequest: a field or a value that the table cannot have.
            LimitExceeded: there are more rows than ``max_rows``. DeadlineExceeded: no time was left to begin.
            LinkAmbiguous: a key that the configuration states does not tell rows apart.
            Conflict: a change breaks a constraint. OutcomeUnknown: nobody knows whether it was committed.
        """
        operation = self.model.operations.get(call.operation)
        if operation is not None and operation.effect is not Effect.READ:
            context.session[self.model.name] = _CHANGED  # whatever comes of it, copies may not have it yet
        way = self._ways.get(call.operation)
        if way is not None:
            return await way(call, context)
        if operation is not None and operation.connection_of:
            return await self._connections.answer(operation, call, context)
        if call.grouping.by and operation is not None and not operation.aggregate_of:
            # The different keys of a list alone, as few as their page says: no rows of anybody's answer.
            groups = aggregate(self._catalogue, call.operation, call)
            return read_groups(groups, await self._asking.rows(groups, call.operation, context))
        most = self._settings.max_rows
        if call.page.limit is not None and call.page.limit > most:
            raise LimitExceeded(f"at most {most} rows can be asked for at once")
        if operation is not None and operation.aggregate_of:
            taken = self._kept.aggregate(call, partial(self._aggregate, operation.aggregate_of, call))
            return read_groups(taken, await self._bounded(taken, call, context))
        made = self._kept.of(call) or self._made(call)
        rows = read_rows(made, await self._bounded(made, call, context))
        access = self._catalogue.access[call.operation]
        if access.stated and len(rows) > 1:
            raise LinkAmbiguous(f"the stated key of {access.served.name} has several rows")
        if access.by:
            return rows[0] if rows else None
        return rows

    def _aggregate(self, rows: str, call: Call) -> Aggregate:
        taken = aggregate(self._catalogue, rows, call)
        if call.page.limit is not None or isinstance(taken.query, Plain):
            return taken
        return replace(taken, query=taken.query.limit(self._settings.max_rows + 1))

    def _made(self, call: Call) -> Statement:
        made = statement(self._catalogue, call)
        if self._catalogue.access[call.operation].stated and not isinstance(made.query, Plain):
            return replace(made, query=made.query.limit(2))  # the database does not say that there is one row alone
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

    async def _run(self, call: Call, context: Context) -> object:
        return await self._running.answer(self.model.operations[call.operation], call, context)

    async def _change(self, call: Call, context: Context) -> object:
        target = self._targets[call.operation]
        made = prepare(self._catalogue, target, call, self._settings.max_rows)
        ends = asyncio.get_running_loop().time() + min(self._settings.timeout_s, context.remaining())
        with context.journal.call(self.model.name, call.operation, made.wire):
            for again in range(_AGAIN + 1):
                budget = ends - asyncio.get_running_loop().time()
                if budget <= 0:
                    raise DeadlineExceeded
                try:
                    reply = await self._database.change(made.work, budget)
                    break
                except (SQLAlchemyError, OSError) as error:
                    if again == _AGAIN or not made.repeatable or not clashed(self._catalogue, error):
                        raise refused(self._catalogue, target, error, told=not call.rules) from error
                # Everything was undone. Those who came between one another should not meet a second time.
                await asyncio.sleep(random.uniform(0, _APART_S * 2**again))  # noqa: S311  # no secret
        if self._asking.answered is not None:
            self._asking.answered()
        return reply

    async def close(self) -> None:
        if self._watch is not None:
            await self._watch.close()
        if self._replicas is not None:
            await self._replicas.close()
        await self._database.close()
