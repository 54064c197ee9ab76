"""What statements of the configuration and functions of the database have in common: arguments in, rows out."""

from resolvers.sql.routines.parameters import Parameter
from resolvers.sql.routines.results import Shapes, Shown, Unknown
from resolvers.sql.routines.routine import Offer, Result, Routine, Routines
from resolvers.sql.routines.running import Running
from resolvers.sql.routines.text import Mark, Pieces, bound_names, written
from resolvers.sql.routines.types import NoType, read_type, takes

__all__ = [
    "Mark",
    "NoType",
    "Offer",
    "Parameter",
    "Pieces",
    "Result",
    "Routine",
    "Routines",
    "Running",
    "Shapes",
    "Shown",
    "Unknown",
    "bound_names",
    "read_type",
    "takes",
    "written",
]
