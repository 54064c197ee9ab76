"""Functions and procedures of the database, as operations."""

from resolvers.sql.functions.kept import KeptFunctions
from resolvers.sql.functions.offers import chosen, offers

__all__ = ["KeptFunctions", "chosen", "offers"]
