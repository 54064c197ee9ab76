"""PostgreSQL: time limits that the database itself keeps, set for the one transaction of a statement."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.sql.dialects.dialect import Address
from resolvers.sql.dialects.pool import Pooled

_TIMEOUTS = text(
    "SELECT set_config('statement_timeout', :all, true), set_config('lock_timeout', :lock, true),"
    " set_config('idle_in_transaction_session_timeout', :all, true)"
)


class PostgreSqlDatabase(Pooled):
    """One database; its transactions are read-only."""

    def __init__(self, where: Address, *, concurrency: int, timeout_s: float) -> None:
        options = {
            "connect_args": {"timeout": timeout_s, **where.connect},
            "execution_options": {"postgresql_readonly": True},
        }
        super().__init__(where, concurrency=concurrency, options=options)

    async def begin(self, connection: AsyncConnection, milliseconds: int) -> None:
        """As ``Pooled.begin``; SQLAlchemy begins the transaction, and the driver sends a request to cancel itself."""
        await connection.execute(_TIMEOUTS, {"all": str(milliseconds), "lock": str(max(1, milliseconds // 2))})
