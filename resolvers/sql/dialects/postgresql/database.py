"""PostgreSQL: time limits that the database itself keeps, set for the one transaction of a statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
from sqlalchemy import Executable, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.sql.dialects.dialect import MOST, Address
from resolvers.sql.dialects.pool import Pooled
from resolvers.sql.dialects.postgresql.refusals import sqlstate

_TIMEOUTS = text(
    "SELECT set_config('statement_timeout', :all, true), set_config('lock_timeout', :lock, true),"
    " set_config('idle_in_transaction_session_timeout', :all, true)"
)


_UNDONE = ("22", "23", "25", "40", "44", "P0", "57014", "55P03")


class PostgreSqlDatabase(Pooled):
    """One database; its transactions are read-only, but for those of changes."""

    def __init__(self, where: Address, *, concurrency: int, timeout_s: float) -> None:
        options = {
            "connect_args": {"timeout": timeout_s, **where.connect},
            "execution_options": {"postgresql_readonly": True},
        }
        super().__init__(where, concurrency=concurrency, options=options)

    async def begin_change(self, connection: AsyncConnection, milliseconds: int) -> None:
        """As ``Pooled.begin_change``; the connection is read-only again when it goes back to the pool."""
        await connection.execution_options(postgresql_readonly=False)
        await self.begin(connection, milliseconds)

    def undone(self, error: DBAPIError) -> bool:
        """As ``Pooled.undone``: a deferred constraint, a failed serialisation, time that ran out."""
        return sqlstate(error).startswith(_UNDONE)

    def moved(self, error: DBAPIError) -> bool:
        """As ``Pooled.moved``: READ WRITE is not supported (0A000) while a server follows another."""
        return sqlstate(error) in {"25006", "0A000"}

    async def fetched(self, connection: AsyncConnection, query: Executable) -> Sequence[Any]:
        """As ``Pooled.fetched``, by a portal that gives so many rows."""
        most = query.get_execution_options().get(MOST)
        if most is None:
            return (await connection.execute(query)).all()
        try:
            result = await connection.stream(query)
            rows = await result.fetchmany(most)
            await result.close()
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            # SQLAlchemy hands on as they are what the driver says while rows are fetched.
            lost = isinstance(error, asyncpg.PostgresConnectionError | asyncpg.InterfaceError)
            raise DBAPIError(None, None, error, hide_parameters=True, connection_invalidated=lost) from error
        return rows

    async def begin(self, connection: AsyncConnection, milliseconds: int) -> None:
        """As ``Pooled.begin``; SQLAlchemy begins the transaction, and the driver sends a request to cancel itself."""
        await connection.execute(_TIMEOUTS, {"all": str(milliseconds), "lock": str(max(1, milliseconds // 2))})
