"""``make clean`` leaves nothing behind that setting up, testing and measuring installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.services import missing

ROOT = Path(__file__).parents[2]


def test_whatever_was_installed_below_the_folder_is_gone_and_nothing_else(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        missing("make is not installed")
    shutil.copy(ROOT / "Makefile", tmp_path)
    listed = subprocess.run(["git", "ls-files", "*package.json"], cwd=ROOT, check=True, capture_output=True, text=True)
    manifests = [tmp_path / name for name in listed.stdout.split()]
    assert len(manifests) > 4
    installed = [manifest.with_name("node_modules") for manifest in manifests]
    installed += [tmp_path / ".venv", tmp_path / "tests" / "clients" / "python" / ".venv"]
    for folder in installed:
        (folder / "bin").mkdir(parents=True)
    for manifest in manifests:
        manifest.write_text("{}")
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert [folder for folder in installed if folder.exists()] == []
    assert all(manifest.exists() for manifest in manifests)
