"""Hive Gateway over GraphQL Mesh, where npm can install it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from benchmarks.competitors.competitor import python

FOLDER = Path(__file__).parents[1] / "hive"
_STAMP = FOLDER / "node_modules" / ".isthmus-installed"
_INSTALL_S = 600


def installed() -> bool:
    """Whether the packages of the lock file are there, and Node.js to run them."""
    return shutil.which("node") is not None and _STAMP.exists() and _STAMP.read_text("utf-8") == _wanted()


def _prepare() -> str | None:
    npm = shutil.which("npm")
    if installed():
        return None
    if npm is None or shutil.which("node") is None:
        return "it needs npm and Node.js"
    sys.stderr.write("installing Hive Gateway with npm into benchmarks/hive (once, 640 MB)\n")
    # No package has a script that must run for it to work, and none is wanted to.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(  # noqa: S603  # our own
            command, cwd=FOLDER, check=False, capture_output=True, text=True, timeout=_INSTALL_S
        )
    except subprocess.TimeoutExpired:
        return f"npm did not install it in {_INSTALL_S} seconds"
    if done.returncode:
        return f"npm could not install it: {done.stderr.strip()[:500]}"
    _STAMP.write_text(_wanted(), "utf-8")
    return None


def _wanted() -> str:
    return sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()


# Mesh has no source for SQL that npm can install: @graphql-mesh/transport-sqlite needs @omnigraph/sqlite, which is not
# published. @omnigraph/soap 0.96.0 does not export the loader that mesh-compose takes. So Q5 is left out.
COMPETITOR = replace(
    python("hive", "benchmarks.servers.hive", NODE_ENV="production"), without=frozenset({"Q5"}), prepare=_prepare
)
