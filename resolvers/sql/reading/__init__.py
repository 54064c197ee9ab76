"""Reading: a call becomes one SELECT."""

from resolvers.sql.reading.statements import Statement, statement

__all__ = ["Statement", "statement"]
