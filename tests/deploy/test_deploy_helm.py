"""The Helm chart, where there is a helm: it is linted, and what it renders is read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "isthmus"
FILE = CHART.parents[1] / "isthmus.yaml"


@pytest.mark.skipif(shutil.which("helm") is None, reason="no helm on this machine: the chart is not rendered")
@pytest.mark.parametrize("more", [[], ["--set", "workers=4,metrics.port=9090,secretName=s"]])
def test_the_chart_is_sound(more: list[str]) -> None:
    values = ["--set-file", f"config={FILE}", *more]
    subprocess.run(["helm", "lint", str(CHART), *values], check=True, capture_output=True)
    rendered = subprocess.run(["helm", "template", "shop", str(CHART), *values], check=True, capture_output=True)
    kinds = [each["kind"] for each in yaml.safe_load_all(rendered.stdout) if each]
    assert {"Deployment", "Service", "ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget"} <= set(kinds)


def test_the_file_of_the_cluster_is_the_one_that_the_tests_serve() -> None:
    compose = yaml.safe_load((CHART.parents[1] / "compose.yaml").read_text())
    mounted = [each for service in compose["services"].values() for each in service.get("volumes", ())]
    for each in mounted:
        source = each.partition(":")[0]
        assert not source.startswith("./") or (CHART.parents[1] / source).exists(), source
