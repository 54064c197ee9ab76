"""Functions and procedures of the database, as operations."""

from resolvers.sql.functions.kept import KeptFunctions, read_functions, written_functions
from resolvers.sql.functions.offers import chosen, offers

__all__ = ["KeptFunctions", "chosen", "offers", "read_functions", "written_functions"]
