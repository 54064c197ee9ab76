"""Other views of a list that a source gives: its rows part by part, and what they come to."""

from resolvers.views.aggregates import AVERAGE, COUNT, DISTINCT, GREATEST, KEY, LEAST, SUM
from resolvers.views.connection import (
    AFTER,
    BEFORE,
    END,
    FIRST,
    HAS_NEXT,
    HAS_PREVIOUS,
    LAST,
    NODES,
    PAGE_INFO,
    START,
    TOTAL,
    Span,
    first_rows,
    page_info,
    span,
)
from resolvers.views.cursor import Sealed
from resolvers.views.offered import with_views

__all__ = [
    "AFTER",
    "AVERAGE",
    "BEFORE",
    "COUNT",
    "DISTINCT",
    "END",
    "FIRST",
    "GREATEST",
    "HAS_NEXT",
    "HAS_PREVIOUS",
    "KEY",
    "LAST",
    "LEAST",
    "NODES",
    "PAGE_INFO",
    "START",
    "SUM",
    "TOTAL",
    "Sealed",
    "Span",
    "first_rows",
    "page_info",
    "span",
    "with_views",
]
