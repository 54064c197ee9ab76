"""Other views of a list that a source gives: its rows page by page. What every kind of source shares of them."""

from resolvers.views.connection import AFTER, END, FIRST, HAS_NEXT, NODES, PAGE_INFO, TOTAL, first_rows, page_info
from resolvers.views.cursor import Sealed
from resolvers.views.offered import with_views

__all__ = [
    "AFTER",
    "END",
    "FIRST",
    "HAS_NEXT",
    "NODES",
    "PAGE_INFO",
    "TOTAL",
    "Sealed",
    "first_rows",
    "page_info",
    "with_views",
]
