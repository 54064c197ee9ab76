"""Functions and procedures of the database, as operations."""

from resolvers.sql.functions.kept import kept_functions, read_functions, written_functions
from resolvers.sql.functions.offers import chosen, offers

__all__ = ["chosen", "kept_functions", "offers", "read_functions", "written_functions"]
