"""Other views of a list that a source gives: its rows part by part, and what they come to."""

from resolvers.views.aggregates import AVERAGE, COUNT, DISTINCT, GREATEST, KEY, LEAST, SUM
from resolvers.views.connection import AFTER, END, FIRST, HAS_NEXT, NODES, PAGE_INFO, TOTAL, first_rows, page_info
from resolvers.views.cursor import Sealed
from resolvers.views.offered import with_views

__all__ = [
    "AFTER",
    "AVERAGE",
    "COUNT",
    "DISTINCT",
    "END",
    "FIRST",
    "GREATEST",
    "HAS_NEXT",
    "KEY",
    "LEAST",
    "NODES",
    "PAGE_INFO",
    "SUM",
    "TOTAL",
    "Sealed",
    "first_rows",
    "page_info",
    "with_views",
]
