"""A wheel built from a copy of the tree works in a fresh environment, from another folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.services import missing

ROOT = Path(__file__).parents[2]
COPIED = ("gateway", "schema", "resolvers", "examples", "tests", "pyproject.toml", "README.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        missing("uv is needed to build the wheel: make setup")
    tree = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, tree)
    done = subprocess.run(
        [str(uv), "build", "--wheel"], cwd=tree, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    (made,) = (tree / "dist").glob("*.whl")
    return made


def test_the_wheel_holds_the_three_storeys_and_the_demo_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"gateway", "schema", "resolvers"}
    for path in (ROOT / "examples" / "trading").iterdir():
        assert path.is_dir() or f"gateway/demo/trading/{path.name}" in names
    built = ROOT / "gateway" / "explorer_static"
    for path in built.rglob("*.*"):
        assert path.is_dir() or path.relative_to(ROOT).as_posix() in names


def test_the_installed_command_works_elsewhere(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "fresh")], check=True, timeout=60)
    python = tmp_path / "fresh" / "bin" / "python"
    say = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(say, check=True, capture_output=True, text=True, timeout=30).stdout.strip())
    zipfile.ZipFile(wheel).extractall(packages)
    # What Isthmus needs is seen from here; an editable installation's own .pth file is not followed there.
    (packages / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = "import gateway, schema; print(gateway.__file__); from gateway.__main__ import main; main()"
    for argument, said in (("--version", "isthmus "), ("--help", "demo")):
        done = subprocess.run(
            [str(python), "-c", code, argument], cwd=elsewhere, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert str(packages) in done.stdout
        assert said in done.stdout
    example = "from gateway.demo.folder import trading_folder; print(trading_folder())"
    found = subprocess.run(
        [str(python), "-c", example], cwd=elsewhere, check=True, capture_output=True, text=True, timeout=60
    )
    assert found.stdout.strip() == str(packages / "gateway" / "demo" / "trading")
