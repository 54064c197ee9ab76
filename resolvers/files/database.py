"""Files asked like a database: statements run in threads, before each stands how its tables are read now.

What DuckDB complains about becomes an error of ours here; no line of a file and no SQL is told with it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Select, Table
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.sql import visitors

from resolvers.errors import SourceError, SourceRejected, SourceTimeout, SourceUnavailable
from resolvers.files.dialect import DuckDbSql
from resolvers.files.engine import Engine
from resolvers.files.failures import failure
from resolvers.files.scan import name
from resolvers.files.table import FileTable, Now
from resolvers.sql.dialects import KeyedText, Plain

T = TypeVar("T")
_INTERRUPT_S = 0.05
_OUT_OF_TIME = "the statement ran out of time"


class _Run:
    """One statement on its way. Nobody waits for it any more once it was given up."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cursor: Any = None
        self._lock = threading.Lock()
        self.given_up = False

    def cursor(self) -> Any:
        """The connection of its thread.

        Raises:
            SourceTimeout: it was given up before it began.
        """
        with self._lock:
            if self.given_up:
                raise SourceTimeout(_OUT_OF_TIME)
            self._cursor = self._engine.cursor()
            return self._cursor

    def close(self) -> None:
        with self._lock:
            if self._cursor is not None:
                self._cursor.close()
                self._cursor = None

    def give_up(self) -> None:
        """Ends what runs."""
        with self._lock:
            self.given_up = True
            if self._cursor is not None:
                self._cursor.interrupt()


class FilesDatabase:
    """The tables of one source. ``tables``: by their names in statements."""

    by_text = False
    keys_together = False

    def __init__(self, engine: Engine, tables: Mapping[str, FileTable], *, concurrency: int) -> None:
        self._engine = engine
        self._tables = tables
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="files")
        self._spoken = DuckDbSql()
        self._left: set[asyncio.Task[None]] = set()

    @property
    def spoken(self) -> SqlDialect:
        """As ``Database.spoken``."""
        return self._spoken

    def text(self, query: Select[Any], *, keys: bool) -> KeyedText | None:  # noqa: ARG002  # the protocol's
        """As ``Database.text``: what a statement reads may be another at any time."""
        return None

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        """As ``Database.ask``."""
        assert isinstance(query, Select)
        run = _Run(self._engine)
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._asked, run, query)
        try:
            async with asyncio.timeout(budget):
                return await asyncio.shield(work)
        except TimeoutError as error:
            raise SourceTimeout(_OUT_OF_TIME) from error
        finally:
            if not work.done():
                run.give_up()
                left = asyncio.create_task(_interrupted(run, work))
                self._left.add(left)
                left.add_done_callback(self._left.discard)

    def _asked(self, run: _Run, query: Select[Any]) -> Sequence[Any]:
        compiled = query.compile(dialect=self._spoken, compile_kwargs={"render_postcompile": True})
        values = [compiled.params[each] for each in compiled.positiontup or ()]
        tables = [self._tables[each] for each in _tables(query)]
        try:
            cursor = run.cursor()
            for last in (False, True):
                found: Sequence[Any] | SourceError
                now: list[Now] = []
                try:
                    now = [table.now(cursor) for table in tables]
                    found = self._rows(cursor, _whole(tables, now, compiled.string), values)
                except SourceError as error:
                    found = error
                except self._engine.duckdb.Error as error:
                    found = failure(self._engine.duckdb, error, [file for each in now for file in each.files])
                # What was replaced or went on while it was read may be half the one and half the other.
                same = [each.files for each in now] == _files(tables)
                if run.given_up or (now and same) or (last and not now):
                    break
            else:
                raise SourceUnavailable("the files change while they are read")
        finally:
            run.close()
        if isinstance(found, SourceError):
            raise found
        return found

    def _rows(self, cursor: Any, statement: str, values: Sequence[object]) -> Sequence[Any]:
        statements = cursor.extract_statements(statement)
        if [each.type for each in statements] != [self._engine.duckdb.StatementType.SELECT]:
            raise SourceRejected("files are only ever read")
        rows: Sequence[Any] = cursor.execute(statements[0], values).fetchall()
        return rows

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:  # noqa: ARG002
        """As ``Database.change``: files are never written."""
        raise SourceRejected("files are only ever read")

    async def run(self, work: Callable[[Connection], T]) -> T:  # noqa: ARG002
        """As ``Database.run``: there is no catalogue to be asked for."""
        raise SourceRejected("files have no catalogue")

    async def close(self) -> None:
        """Waits for what was left behind."""
        await asyncio.gather(*self._left, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._engine.close)


async def _interrupted(run: _Run, work: asyncio.Future[Sequence[Any]]) -> None:
    """Interrupts a statement until it has ended: what is told between two of its steps is told to nobody."""
    while not work.done():
        await asyncio.wait({work}, timeout=_INTERRUPT_S)
        run.give_up()
    if not work.cancelled():
        work.exception()  # nobody else would ask


def _tables(query: Select[Any]) -> list[str]:
    found = {each.name: None for each in visitors.iterate(query) if isinstance(each, Table)}
    return list(found)


def _files(tables: Sequence[FileTable]) -> list[object]:
    try:
        return [table.files() for table in tables]
    except SourceError:
        return []


def _whole(tables: Sequence[FileTable], now: Sequence[Now], statement: str) -> str:
    """The statement behind what its tables are; each is read where it is used, and no more of it than that needs."""
    made = ", ".join(
        f"{name(table.name)} AS NOT MATERIALIZED ({each.select})" for table, each in zip(tables, now, strict=True)
    )
    return f"WITH {made} {statement}" if made else statement
