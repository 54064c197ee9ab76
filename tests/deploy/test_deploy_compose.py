"""The Compose file and the image, without anything that runs containers: what they name is there and fits together."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
ROOT = DEPLOY.parent
SERVICES: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
GATEWAYS = sorted(name for name in SERVICES if name.startswith("gateway-"))


def test_what_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for each in service.get("volumes", ()):
            source = each.partition(":")[0]
            assert not source.startswith("./") or (DEPLOY / source).exists(), source


def test_haproxy_is_told_of_every_gateway_and_of_nothing_else() -> None:
    given = SERVICES["haproxy"]["environment"]
    read = set(re.findall(r"\$\{?(\w+)", (DEPLOY / "haproxy" / "haproxy.cfg").read_text()))
    assert read == set(given)
    addresses = [address for name, address in sorted(given.items()) if name.startswith("GATEWAY_")]
    (port,) = {SERVICES[name]["command"][SERVICES[name]["command"].index("--port") + 1] for name in GATEWAYS}
    assert addresses == [f"{name}:{port}" for name in GATEWAYS]
    assert set(SERVICES["haproxy"]["depends_on"]) == set(GATEWAYS)


def test_a_gateway_has_what_its_file_asks_for_and_time_to_end() -> None:
    text = (DEPLOY / "isthmus.yaml").read_text()
    server = yaml.safe_load(text)["server"]
    for name in GATEWAYS:
        service = SERVICES[name]
        assert set(re.findall(r"\$\{env:(\w+)\}", text)) <= set(service["environment"])
        assert float(service["stop_grace_period"].removesuffix("s")) > server["notice_s"] + server.get("drain_s", 20)
        for other, stated in service["depends_on"].items():
            assert stated["condition"] == "service_healthy"
            assert "healthcheck" in SERVICES[other]


def test_the_image_is_made_of_what_is_there_and_sent_along() -> None:
    sent = [each[1:] for each in (ROOT / ".dockerignore").read_text().split() if each.startswith("!")]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    sources = [each.rstrip("/") for line in copied for each in line.split()]
    assert {"gateway", "schema", "resolvers"} <= set(sources)
    for each in sources:
        assert (ROOT / each).exists(), each
        assert any(each == one or each.startswith(f"{one}/") for one in sent), each


def test_compose_understands_it() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("no docker-compose on this machine: the file is not read by it")
    command = [program, "-f", str(DEPLOY / "compose.yaml"), "config"]
    read = yaml.safe_load(subprocess.run(command, check=True, capture_output=True).stdout)
    assert set(read["services"]) == set(SERVICES)
