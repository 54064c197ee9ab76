"""Strawberry as its documentation shows it."""

from __future__ import annotations

from benchmarks.competitors.competitor import python

COMPETITOR = python("strawberry", "benchmarks.servers.plain_strawberry")
