"""graphql-core's own tests of execution, run against our plan."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

import pytest

from tests.core_suite import sdist
from tests.core_suite.by_plan import PLANNED
from tests.core_suite.known_failures import KNOWN_FAILURES
from tests.core_suite.running import Report, run


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    try:
        return run(tmp_path_factory.mktemp("core"))
    except sdist.SdistUnreachable as error:
        reason = f"graphql-core's source distribution could not be downloaded: {error}"
        (pytest.fail if os.environ.get("ISTHMUS_REQUIRE_SERVICES") == "1" else pytest.skip)(reason)


def test_what_fails_is_what_is_known_to_fail_and_why(report: Report) -> None:
    failed = {name for name, outcome in report.outcomes.items() if outcome == "failed"}
    assert failed - KNOWN_FAILURES.keys() == set(), report.said
    assert KNOWN_FAILURES.keys() - failed == set(), "these pass, or are gone: known_failures.py must not name them"


def test_most_operations_really_ran_by_plan(report: Report) -> None:
    assert sum(outcome == "passed" for outcome in report.outcomes.values()) > 400
    assert report.counts[PLANNED] > 250, report.counts
    elsewhere = sum(report.counts.values()) - report.counts[PLANNED]
    assert elsewhere < 170, report.counts
    by_plan = [name for name, count in report.operations.items() if count and report.outcomes[name] == "passed"]
    assert len(by_plan) > 150


def test_a_package_that_the_lock_does_not_know_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the cache under the right name is downloaded again when its hash is wrong."""
    monkeypatch.setattr(sdist, "CACHE", tmp_path)
    monkeypatch.setattr(sdist, "_download", lambda _pinned: None)
    version = metadata.version("graphql-core")
    (tmp_path / f"graphql_core-{version}.tar.gz").write_bytes(b"something else")
    with pytest.raises(sdist.SdistForged):
        sdist.sdist()
