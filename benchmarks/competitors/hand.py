"""The limit: hand-written code for these five queries and nothing else."""

from __future__ import annotations

from benchmarks.competitors.competitor import python

COMPETITOR = python("limit", "benchmarks.servers.hand")
