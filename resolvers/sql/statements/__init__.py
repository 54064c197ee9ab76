"""Statements of SQL that the configuration names, as operations."""

from resolvers.sql.statements.kept import KeptStatements
from resolvers.sql.statements.looked import Looked
from resolvers.sql.statements.opening import Statements, read_statements

__all__ = ["KeptStatements", "Looked", "Statements", "read_statements"]
