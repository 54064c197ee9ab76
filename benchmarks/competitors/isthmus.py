"""Isthmus as a user has it: ``isthmus serve`` on a file with tokens, access rules and limits; column by column, and
with graphql-core.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.competitors.competitor import python

FILE = Path(__file__).parents[1] / "isthmus.yaml"
COMPETITOR = python("isthmus", "gateway", "serve", str(FILE), "--port", "0", ISTHMUS_EXECUTOR="columns")
REFERENCE = python("isthmus-reference", "gateway", "serve", str(FILE), "--port", "0", ISTHMUS_EXECUTOR="reference")
