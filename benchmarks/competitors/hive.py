"""Hive Gateway over GraphQL Mesh, where npm can install it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.competitors.competitor import python
from benchmarks.competitors.npm import Packages

PACKAGES = Packages(Path(__file__).parents[1] / "hive", "Hive Gateway, 640 MB,")

# Mesh has no source for SQL that npm can install: @graphql-mesh/transport-sqlite needs @omnigraph/sqlite, which is not
# published. @omnigraph/soap 0.96.0 does not export the loader that mesh-compose takes. So Q5 is left out.
COMPETITOR = replace(
    python("hive", "benchmarks.servers.hive", NODE_ENV="production"),
    without=frozenset({"Q5"}),
    prepare=PACKAGES.prepare,
)
