"""The files that an image and an installation are made from say what they must."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PACKAGE_LOCKS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("explorer", "tests")
    for path in (ROOT / folder).rglob("package-lock.json")
    if "node_modules" not in path.parts
)
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_with_hashes_and_names_no_registry(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9._\[\],-]+==\S+", entry, re.IGNORECASE), entry[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)", text, re.MULTILINE)


def test_what_is_installed_for_use_is_what_is_tested() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[^\s#]+==[^\s;]+", (ROOT / name).read_text("utf-8"), re.MULTILINE))

    assert pins(LOCKS[0]) <= pins(LOCKS[1])


@pytest.mark.parametrize("name", PACKAGE_LOCKS)
def test_npm_locks_have_digests_and_name_no_registry(name: str) -> None:
    packages = json.loads((ROOT / name).read_text("utf-8"))["packages"]
    for place, package in packages.items():
        assert "://" not in package.get("resolved", ""), place
        assert not place or package.get("integrity") or package.get("inBundle"), place


def test_the_image_is_built_from_what_is_there_and_is_sent() -> None:
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    sources = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert {"gateway/", "schema/", "resolvers/", "requirements.lock"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.rstrip("/") in sent


def test_the_image_runs_as_nobody_in_particular_and_can_be_watched_and_stopped() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    user = re.search(r"^USER (\d+):\d+$", last, re.MULTILINE)
    assert user
    assert int(user[1]) > 0
    assert re.search(r"^EXPOSE 8000$", last, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n.*/healthz", last, re.MULTILINE)
    assert "\nRUN " not in last, "the last stage installs nothing: what builds stays behind"
    command = json.loads(re.findall(r"^CMD (.+)$", last, re.MULTILINE)[-1])
    assert command[:4] == ["serve", "/etc/isthmus/isthmus.yaml", "--host", "0.0.0.0"]
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
