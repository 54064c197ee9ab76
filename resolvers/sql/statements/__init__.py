"""Statements of SQL that the configuration names, as operations."""

from resolvers.sql.statements.kept import KeptStatements, read_looked, written_statements
from resolvers.sql.statements.looked import Looked
from resolvers.sql.statements.opening import Statements, read_statements

__all__ = ["KeptStatements", "Looked", "Statements", "read_looked", "read_statements", "written_statements"]
