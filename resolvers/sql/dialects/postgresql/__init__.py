"""PostgreSQL, over asyncpg."""

from resolvers.sql.dialects.postgresql.dialect import PostgreSql

__all__ = ["PostgreSql"]
