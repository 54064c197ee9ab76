"""Clients that others' generators make of our introspection compile, run and are given what the gateway answers."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import OPERATIONS, Same, Served
from tests.installed import install, node_modules

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def packages() -> Path:
    return node_modules(HERE / "typescript")


@pytest.fixture(scope="module")
def generators_python() -> Path:
    """The generator needs an older graphql-core than ours: it lives in an environment of its own."""
    made = HERE / "python" / ".venv"
    pins = HERE / "python" / "requirements.txt"
    python = made / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands = [
        [sys.executable, "-m", "venv", "--clear", str(made)],
        [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(pins)],
    ]
    install(made, [pins], commands)
    return python


def room(folder: Path, source: str, *names: str) -> Path:
    for path in (OPERATIONS, *(HERE / source / name for name in names)):
        shutil.copy(path, folder)
    return folder


async def test_graphql_codegen_makes_a_typescript_client_that_compiles_strictly_and_is_answered(
    served: Served, packages: Path, same: Same, tmp_path: Path
) -> None:
    work = room(tmp_path, "typescript", "package.json", "codegen.yml", "tsconfig.json", "main.ts")
    (work / "node_modules").symlink_to(packages)
    tools = packages / ".bin"
    await served.run(work, tools / "graphql-codegen", "--config", "codegen.yml")
    # main.ts also holds lines that must not compile, each marked so: the types are the gateway's, not "any".
    await served.run(work, tools / "tsc", "--project", ".")
    given = json.loads(await served.run(work, "node", "main.js"))
    answered = await served.answers()
    same(given, answered)
    assert given["numbers"] == [order["number"] for order in answered["joined"]["orders"]]


async def test_ariadne_codegen_makes_a_python_client_that_is_answered(
    served: Served, generators_python: Path, same: Same, tmp_path: Path
) -> None:
    work = room(tmp_path, "python", "ariadne-codegen.toml", "ask.py")
    await served.run(work, generators_python.parent / "ariadne-codegen", "--config", "ariadne-codegen.toml")
    same(json.loads(await served.run(work, generators_python, "ask.py")), await served.answers())
