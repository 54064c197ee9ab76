"""The dashboard and the alerts name series that there are, with labels that they have: held against real families."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gateway.identity import Authenticator
from gateway.metrics.families import Family
from gateway.metrics.gathered import Gathered
from gateway.metrics.of_sources import source_families
from gateway.metrics.text import written
from gateway.tally import EdgeTally, OperationTallies
from resolvers import Code, PoolTally, ReplicaTally, Standing, Tally
from tests.metrics.conftest import Start

HERE = Path(__file__).parents[2] / "deploy"
ALERTS = HERE / "prometheus" / "alerts.yaml"
DASHBOARD = HERE / "grafana" / "isthmus.json"
OF_PROMETHEUS = frozenset({"job", "instance", "le"})
_SELECTOR = re.compile(r"\b((?:isthmus|process|python)_[a-z0-9_]+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')
_GROUPED = re.compile(r"\bby \(([^)]*)\)")


def expressions() -> Iterator[str]:
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    board = json.loads(DASHBOARD.read_text())
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["definition"]


def labels_of(text: str) -> dict[str, set[str]]:
    """Every series of a scrape and the labels that it has."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def lent(known: dict[str, set[str]], told: list[Family]) -> None:
    """Adds series that a gateway of one process without copies, limits and key sets does not show."""
    for name, labels in labels_of(written(told).decode()).items():
        known.setdefault(name, set()).update(labels)


async def test_every_series_and_label_that_they_name_is_in_a_scrape(start: Start) -> None:
    gateway = await start({
        "metrics": {"port": 0},
        "tracing": {"endpoint": "http://127.0.0.1:9", "sample": 1, "timeout_s": 1},
        "rate_limits": {"rules": {"all": {"requests": 2, "per_s": 3600, "per": ["address"]}}},
    })  # fmt: skip
    for _ in range(4):
        await gateway.ask("query People { people { id } }")
    known = labels_of((await gateway.text()).text)
    tally = Tally(standing=Standing(replicas={"1": ReplicaTally()}), pool=PoolTally())
    tally.ended(1.0, Code.SOURCE_TIMEOUT)
    lent(known, list(source_families({"crm": tally})))
    lent(known, list(_of_key_sets()))
    known["isthmus_spans_total"] = {"outcome"}
    for gauge_of_each in ("process_resident_memory_bytes", "process_open_fds"):
        known[gauge_of_each].add("worker")
    said = list(expressions())
    assert len(said) > 50
    for expression in said:
        named = _SELECTOR.findall(expression)
        assert named, expression
        has: set[str] = set(OF_PROMETHEUS)
        for name, matchers in named:
            assert name in known, f"{name} is in no scrape: {expression}"
            has |= known[name]
            assert set(_MATCHER.findall(matchers)) <= known[name] | OF_PROMETHEUS, expression
        for group in _GROUPED.findall(expression):
            assert {label.strip() for label in group.split(",")} <= has, expression


def _of_key_sets() -> Iterator[Family]:
    class Keys:
        usable, age_s, failures = True, 1.0, 0

    class Known(Authenticator):
        key_sets: Any = {"i": Keys()}  # noqa: RUF012  # a stand-in

    class Front:
        authenticator, rates, tracer, endpoint = Known(), None, None, None

    front: Any = Front()
    holder: Any = None
    yield from Gathered(holder, EdgeTally(OperationTallies(1)), lambda: front)._identity()


def test_prometheus_takes_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    checked = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
