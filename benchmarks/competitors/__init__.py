"""Who is measured. One file adds a competitor, with one line here; each is a process that answers at ``/graphql``."""

from __future__ import annotations

from benchmarks.competitors import hand, hive, isthmus, plain_strawberry, seen
from benchmarks.competitors.competitor import Competitor

COMPETITORS: tuple[Competitor, ...] = (
    hand.COMPETITOR,
    isthmus.COMPETITOR,
    isthmus.REFERENCE,
    seen.COMPETITOR,
    seen.EVERY,
    plain_strawberry.COMPETITOR,
    hive.COMPETITOR,
)
"""The first is the limit that the others are compared with, in answers and in milliseconds."""
