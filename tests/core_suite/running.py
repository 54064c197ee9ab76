"""Runs graphql-core's tests of execution against our plan, in a process and a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.core_suite.sdist import PACKAGE, ROOT, sdist, unpack

_SETTINGS = """[pytest]
python_classes = PyTest*
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
"""


@dataclass(frozen=True)
class Report:
    """``outcomes``: passed, failed or skipped, by test. ``operations``: how many were planned by each test.

    ``counts``: how many operations were planned, and how many went to graphql-core for each reason.
    """

    outcomes: Mapping[str, str]
    operations: Mapping[str, int]
    counts: Mapping[str, int]
    said: str


def run(folder: Path) -> Report:
    """Runs them all in the empty ``folder``. Incremental delivery is left out: none of it goes through ``execute``.

    Raises:
        SdistUnreachable, SdistForged: there are no tests to run.
    """
    unpack(sdist(), folder)
    settings = folder / "core.ini"
    settings.write_text(_SETTINGS, encoding="utf-8")
    written = folder / "report.json"
    execution = f"{PACKAGE}/execution"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=short", "-c", str(settings), "--rootdir", str(folder),
         "-p", "no:cacheprovider", "-p", "tests.core_suite.plugin", "--ignore", f"{execution}/incremental", execution],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CORE_SUITE_REPORT": str(written)},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode in {0, 1}, said[-5000:]
    told = json.loads(written.read_text(encoding="utf-8"))
    outcomes = {_short(name): outcome for name, outcome in told["outcomes"].items()}
    operations = {_short(name): count for name, count in told["planned"].items()}
    return Report(outcomes, operations, told["counts"], said)


def _short(name: str) -> str:
    return name.removeprefix(f"{PACKAGE}/execution/")
