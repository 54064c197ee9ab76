"""Isthmus as a user has it: ``isthmus serve`` on a file with tokens, access rules and limits."""

from __future__ import annotations

from pathlib import Path

from benchmarks.competitors.competitor import python

FILE = Path(__file__).parents[1] / "isthmus.yaml"
COMPETITOR = python("isthmus", "gateway", "serve", str(FILE), "--port", "0")
