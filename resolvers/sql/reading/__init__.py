"""Reading: a call becomes one SELECT."""

from resolvers.sql.reading.statements import Statement, counted, part, statement

__all__ = ["Statement", "counted", "part", "statement"]
