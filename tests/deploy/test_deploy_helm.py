"""The Helm chart, where there is a helm: it is linted, what it renders is read, and its pod's command is run here."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.commands.conftest import Shell
from tests.workers.supervised import Supervised

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "isthmus"
FILE = CHART.parents[1] / "isthmus.yaml"
EVERYTHING = (
    "workers=4,metrics.port=9090,metrics.serviceMonitor=true,secretName=s,ingress.enabled=true,ingress.host=api.example,"
    "ingress.className=nginx,ingress.tlsSecret=tls,image.pullSecrets[0].name=pull,env[0].name=A,env[0].value=b,"
    "tolerations[0].operator=Exists,nodeSelector.zone=a,podAnnotations.note=yes,files.a\\.json=1,service.type=NodePort"
)
LEAST = "autoscaling.enabled=false,podDisruptionBudget.enabled=false,serviceAccount.create=false"
ALWAYS = {"ConfigMap", "Deployment", "Service"}
STATED = {
    "": ALWAYS | {"HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceAccount"},
    LEAST: ALWAYS,
    EVERYTHING: ALWAYS
    | {"HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceAccount", "Ingress", "ServiceMonitor"},
}
FOREIGN = {"ServiceMonitor"}
"""Of Prometheus' operator, not of Kubernetes."""

pytestmark = pytest.mark.skipif(
    shutil.which("helm") is None, reason="no helm on this machine: the chart is not rendered"
)


def helm(*arguments: str) -> bytes:
    return subprocess.run(["helm", *arguments], check=True, capture_output=True).stdout


def rendered(stated: str, file: Path = FILE) -> Mapping[str, Any]:
    """The resources, by their kind."""
    values = ["--set-file", f"config={file}", *(["--set", stated] if stated else [])]
    helm("lint", "--strict", str(CHART), *values)
    found = [each for each in yaml.safe_load_all(helm("template", "shop", str(CHART), *values)) if each]
    assert len({each["kind"] for each in found}) == len(found)
    return {each["kind"]: each for each in found}


@pytest.mark.parametrize("stated", STATED, ids=["as it stands", "least", "everything"])
def test_the_chart_is_sound(stated: str) -> None:
    found = rendered(stated)
    assert set(found) == STATED[stated]
    assert yaml.safe_load(found["ConfigMap"]["data"]["isthmus.yaml"]) == yaml.safe_load(FILE.read_text())
    pod = found["Deployment"]["spec"]["template"]
    labels = pod["metadata"]["labels"].items()
    for each in ("Deployment", "PodDisruptionBudget"):
        if each in found:
            assert found[each]["spec"]["selector"]["matchLabels"].items() <= labels
    assert found["Service"]["spec"]["selector"].items() <= labels
    named = {each["name"] for each in pod["spec"]["containers"][0]["ports"]}
    assert {each["targetPort"] for each in found["Service"]["spec"]["ports"]} == named
    assert ("replicas" in found["Deployment"]["spec"]) == (
        stated == LEAST
    )  # or an autoscaler is undone by each upgrade


@pytest.mark.parametrize("stated", STATED, ids=["as it stands", "least", "everything"])
def test_kubernetes_knows_what_it_renders(stated: str) -> None:
    """By the schemas of Kubernetes itself, which the package ``kubernetes-validate`` carries (108 MB, so not ours)."""
    try:
        schemas = importlib.import_module("kubernetes_validate")
    except ImportError:
        pytest.skip("kubernetes-validate is not installed")
    for kind, each in rendered(stated).items():
        if kind not in FOREIGN:
            schemas.validate(each, "1.34", strict=True)


async def test_the_command_of_its_pod_answers_its_probes_and_ends_in_time(tmp_path: Path) -> None:
    Supervised.shop(tmp_path)
    file = tmp_path / "stated.yaml"
    file.write_text(
        "sources: { shop: { database: 'sqlite:///shop.sqlite' } }\naccess: { default: anonymous }\n"
        "server: { hosts: ['*'], notice_s: 0.1, drain_s: 5 }\n"
    )
    found = rendered("workers=2,port=0,noticeSeconds=1,drainSeconds=5", file)
    spec = found["Deployment"]["spec"]["template"]["spec"]
    container = spec["containers"][0]
    mounted = {each["mountPath"] for each in container["volumeMounts"]}
    where = Path(container["args"][1])
    assert str(where.parent) in mounted
    (tmp_path / where.name).write_text(found["ConfigMap"]["data"][where.name])
    shell = Shell(tmp_path)
    try:
        arguments = [str(tmp_path / where.name) if each == str(where) else each for each in container["args"]]
        running = await shell.serve(*arguments)
        async with httpx.AsyncClient(base_url=running.address, trust_env=False, timeout=20) as client:
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                asked = container[probe]["httpGet"]
                headers = {each["name"]: each["value"] for each in asked["httpHeaders"]}
                assert (await client.get(asked["path"], headers=headers)).status_code == 200, probe
        assert spec["terminationGracePeriodSeconds"] > 1 + 5
    finally:
        await shell.close()
