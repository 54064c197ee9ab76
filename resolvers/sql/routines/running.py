"""Runs routines: a read in a read-only transaction, everything else as one transaction that is never run twice.

Which transaction it is hangs on the effect of the operation alone, so what is served as a Query changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, TextClause
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from resolvers.errors import (
    BadRequest,
    Conflict,
    DeadlineExceeded,
    IsthmusError,
    LimitExceeded,
    SourceBadResponse,
    SourceRejected,
)
from resolvers.model import Effect, Operation
from resolvers.source import Call, Context, Selection
from resolvers.sql.asking import Asking, read_rows
from resolvers.sql.dialects import MOST, Clash, Dialect, Forbidden, Plain, Unkept, Violation
from resolvers.sql.reading import Statement
from resolvers.sql.routines.routine import Routine
from resolvers.sql.routines.seen import seen

_SEVERAL = "it gives several rows, and one is stated"
_OTHER = "it does not give the columns that it gave when it was looked at"


@dataclass(frozen=True, slots=True)
class _Asked:
    query: TextClause
    wire: str


class Running:
    """The routines of one source."""

    def __init__(self, asking: Asking, routines: Mapping[str, Routine]) -> None:
        self._asking = asking
        self._routines = routines

    async def answer(self, operation: Operation, call: Call, context: Context) -> object:
        """What the routine of a call gives: rows, one row or ``None``, a value, or how many rows were changed.

        Raises:
            SourceError: by what went wrong. BadRequest: a value that an argument cannot take. LimitExceeded: there are
            more rows than ``max_rows``. Conflict: a change breaks a constraint. OutcomeUnknown: nobody knows whether it
            was committed.
        """
        routine = self._routines[call.operation]
        most = self._asking.settings.max_rows
        if routine.select is not None:
            return await self._selected(routine.select(call), call, context)
        query = bound(routine, call.arguments).execution_options(**{MOST: most + 1})
        if operation.effect is not Effect.READ:
            return await self._change(routine, query, call, context)
        asked = seen(self._asking.catalogue, routine.table, call)
        rows = await self._asking.rows(_Asked(query, routine.wire), call.operation, context)
        if len(rows) > most:
            raise LimitExceeded(f"there are more than {most} rows")
        if asked is None:
            return _given(routine, _names(rows), rows, call.selection)
        made = _rows(routine, _names(rows), rows, call.selection, asked.key)
        answers = [
            (question, await self._asking.rows(question, call.operation, context)) for question in asked.questions(made)
        ]
        return _shaped(routine, asked.kept(made, answers))

    async def _selected(self, made: Statement, call: Call, context: Context) -> object:
        most = self._asking.settings.max_rows
        if call.page.limit is not None and call.page.limit > most:
            raise LimitExceeded(f"at most {most} rows can be asked for at once")
        if (call.page.limit is None or call.per) and isinstance(made.query, Select):
            made = replace(made, query=made.query.limit(most + 1))
        rows = await self._asking.rows(made, call.operation, context)
        if len(rows) > most:
            raise LimitExceeded(f"there are more than {most} rows: ask for fewer with limit or where")
        return read_rows(made, rows)

    async def _change(self, routine: Routine, query: TextClause, call: Call, context: Context) -> object:
        asking = self._asking
        most = asking.settings.max_rows
        budget = min(asking.settings.timeout_s, context.remaining())
        if budget <= 0:
            raise DeadlineExceeded

        asked = seen(asking.catalogue, routine.table, call)

        def work(connection: Connection) -> object:
            result = connection.execute(query)
            if not result.returns_rows:
                return result.rowcount if routine.gives == "affected" else _given(routine, (), (), call.selection)
            names, rows = tuple(result.keys()), result.fetchmany(most + 1)
            result.close()
            if len(rows) > most:
                raise LimitExceeded(f"there are more than {most} rows: nothing was changed")
            if routine.gives == "affected":
                return len(rows)
            if asked is None:
                return _given(routine, names, rows, call.selection)
            made = _rows(routine, names, rows, call.selection, asked.key)
            answers = [
                (question, connection.execute(question.query).all())
                for question in asked.questions(made)
                if not isinstance(question.query, Plain)
            ]
            return _shaped(routine, asked.kept(made, answers))

        with context.journal.call(asking.name, call.operation, routine.wire) as record:
            if context.journal.detailed:
                record.text = str(query.compile(dialect=asking.database.spoken))
            try:
                reply = await asking.database.change(work, budget)
            except (SQLAlchemyError, OSError) as error:
                raise refused(asking.catalogue.dialect, error) from error
        if asking.answered is not None:
            asking.answered()
        return reply


def bound(routine: Routine, given: Mapping[str, object]) -> TextClause:
    """The statement with its values.

    Raises:
        BadRequest: an argument cannot take the value that it is given, or is not there.
    """
    unknown = given.keys() - routine.parameters.keys()
    if unknown:
        raise BadRequest(f"{routine.name} has no argument {min(unknown)}")
    query = routine.write(given.keys())
    values: dict[str, object] = {}
    for name, parameter in routine.parameters.items():
        if routine.names[name] in query._bindparams:  # noqa: SLF001  # SQLAlchemy has no other word for it
            values[routine.names[name]] = parameter.value(given.get(name, parameter.default))
    return query.bindparams(**values)


def refused(dialect: Dialect, error: Exception) -> IsthmusError:
    """The error to raise for what a driver complained about in a change; no name of a constraint goes further."""
    refusal = dialect.refusal(error) if isinstance(error, DBAPIError) else None
    if isinstance(refusal, Violation):
        return Conflict(refusal.kind, extensions={"constraint": refusal.kind, "fields": []})
    if isinstance(refusal, Clash):
        return Conflict("another change came between", extensions={"constraint": "concurrent", "retryable": True})
    if isinstance(refusal, Unkept):
        return BadRequest("a value does not fit where it is put")
    if isinstance(refusal, Forbidden):
        return SourceRejected("the database does not let it be done")
    return dialect.failure(error)


def _names(rows: Sequence[Any]) -> Sequence[str] | None:
    return tuple(rows[0]._fields) if rows else None


def _given(
    routine: Routine, names: Sequence[str] | None, rows: Sequence[Sequence[Any]], selection: Selection
) -> object:
    """Rows in the neutral form. ``names``: of their columns; ``None`` where there are no rows to have any."""
    if routine.gives == "nothing":
        return None
    if routine.gives not in {"many", "values"} and len(rows) > 1:
        raise SourceBadResponse(_SEVERAL)
    if routine.gives in {"value", "values"}:
        if rows and len(rows[0]) != 1:
            raise SourceBadResponse(_OTHER)
        read = routine.results[0].reader()
        values = [None if row[0] is None else read(row[0]) for row in rows]
        return values if routine.gives == "values" else values[0] if values else None
    return _shaped(routine, _rows(routine, names, rows, selection))


def _shaped(routine: Routine, rows: list[dict[str, object]]) -> object:
    if routine.gives == "one":
        return rows[0] if rows else None
    return rows


def _rows(
    routine: Routine,
    names: Sequence[str] | None,
    rows: Sequence[Sequence[Any]],
    selection: Selection,
    more: Collection[str] = (),
) -> list[dict[str, object]]:
    """Rows by the names of columns: those that are selected, and ``more``."""
    if routine.gives == "one" and len(rows) > 1:
        raise SourceBadResponse(_SEVERAL)
    known = [result.name for result in routine.results]
    if rows and (names is None or sorted(names) != sorted(known)):
        raise SourceBadResponse(_OTHER)
    wanted = [
        (list(names or ()).index(result.name), result.name, result.reader())
        for result in (routine.results if rows else ())
        if selection.everything or result.name in selection.fields or result.name in more
    ]
    return [
        {name: None if row[index] is None else read(row[index]) for index, name, read in wanted} for row in rows
    ]  # fmt: skip
