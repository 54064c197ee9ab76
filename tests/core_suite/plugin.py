"""The pytest plugin that graphql-core's tests run with: it puts the plan behind ``execute`` before they import it.

It writes what became of every test, and where each operation ran, to the file named by ``CORE_SUITE_REPORT``.
"""

from __future__ import annotations

import functools
import json
import os
import signal
from collections import Counter
from pathlib import Path

import graphql
import graphql.execution
import pytest
from graphql.harness import default_harness

from tests.core_suite import by_plan

HANGS_S = 5
"""After so long a test is taken to wait for what never comes."""

_outcomes: dict[str, str] = {}
_planned: Counter[str] = Counter()


def _replace() -> None:
    waits = default_harness._replace(execute=by_plan.execute)
    direct = default_harness._replace(execute=by_plan.execute_for_graphql_sync)
    replaced = {
        "execute": by_plan.execute,
        "execute_sync": by_plan.execute_sync,
        "graphql": functools.partial(graphql.graphql, harness=waits),
        "graphql_sync": functools.partial(graphql.graphql_sync, harness=direct),
    }
    for name, function in replaced.items():
        for module in (graphql, graphql.execution):
            if hasattr(module, name):
                setattr(module, name, function)


def _hangs(*_: object) -> None:
    raise TimeoutError(f"nothing came within {HANGS_S} s")


_replace()
signal.signal(signal.SIGALRM, _hangs)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> object:
    before = by_plan.counts[by_plan.PLANNED]
    signal.alarm(HANGS_S)
    done = yield
    signal.alarm(0)
    _planned[item.nodeid] = by_plan.counts[by_plan.PLANNED] - before
    return done


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed or (report.when == "call" and _outcomes.get(report.nodeid) != "failed"):
        _outcomes[report.nodeid] = report.outcome


def pytest_sessionfinish() -> None:
    told = {"outcomes": _outcomes, "planned": _planned, "counts": by_plan.counts}
    Path(os.environ["CORE_SUITE_REPORT"]).write_text(json.dumps(told, indent=1))
