"""Reading: a call becomes one SELECT."""

from resolvers.sql.reading.kept import KeptStatements
from resolvers.sql.reading.statements import Statement, counted, part, statement

__all__ = ["KeptStatements", "Statement", "counted", "part", "statement"]
