"""Who is measured on PostgreSQL, and in what words each of them is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.competitors.competitor import Competitor, python
from benchmarks.competitors.npm import Packages
from benchmarks.databases.questions import HAND, ISTHMUS, POSTGRAPHILE, Words

HERE = Path(__file__).parent
PACKAGES = Packages(HERE / "postgraphile", "PostGraphile, 310 MB,")

CONTEST: tuple[tuple[Competitor, Words], ...] = (
    (python("limit", "benchmarks.databases.hand"), HAND),
    (python("isthmus", "gateway", "serve", str(HERE / "isthmus.yaml"), "--port", "0"), ISTHMUS),
    (
        replace(
            python("postgraphile", "benchmarks.databases.node", NODE_ENV="production", GRAPHILE_ENV="production"),
            prepare=PACKAGES.prepare,
        ),
        POSTGRAPHILE,
    ),
)
"""The first is the limit that the others are compared with."""
