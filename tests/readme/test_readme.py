from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.commands import COMMANDS
from gateway.demo.folder import trading_folder
from gateway.demo.servers import DemoServers
from gateway.drift import locked
from gateway.file.config import read
from gateway.lock import written
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.trading import trading_house

README = Path(__file__).parents[2] / "README.md"


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(found) == 1, f"{len(found)} blocks of {language}"
    return str(found[0])


SECRET = "0123456789abcdef" * 3


async def curl(command: str, token: str) -> Any:
    """What the shell command of the README prints, as JSON."""
    environment = {**os.environ, "TOKEN": token, "NO_PROXY": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", command.replace("curl ", "curl --silent ", 1), env=environment, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return json.loads(printed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in trading_folder().iterdir():
        if path.suffix in {".yaml", ".wsdl", ".xsd"}:
            shutil.copy(path, tmp_path)
    (tmp_path / "isthmus.yaml").write_text(block("yaml"), "utf-8")
    return tmp_path


async def test_the_file_and_the_query_give_the_reply(folder: Path) -> None:
    async with trading_house(folder) as house:
        body = await house.ask(block("graphql"), "clerk")
        for error in body["errors"]:
            error["extensions"]["requestId"] = "…"
        assert body == json.loads(block("json"))
        assert [entry.operation for entry in house.calls("crm")] == ["/orders", "/customers"]
        assert [entry.operation for entry in house.calls("billing")] == ["GetInvoices"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_shell_command_gives_an_answer(folder: Path) -> None:
    async with trading_house(folder) as house:
        asked = await curl(block("sh").replace("http://127.0.0.1:8000", house.address), house.tokens["clerk"])
    assert asked == {"data": {"orders": [{"number": "SO-10960", "customer": {"lastName": "Fischer"}}]}}


async def test_the_mistake_is_told_as_the_readme_says(folder: Path) -> None:
    path = folder / "isthmus.yaml"
    path.write_text(path.read_text("utf-8").replace("one: crm.customers", "one: crm.customer_s"), "utf-8")
    async with DemoServers() as servers:
        chosen = read(path, {**servers.environment, "ISTHMUS_DEMO_SECRET": SECRET})
        with pytest.raises(ConfigurationError) as raised:
            await load(chosen)
    assert chosen.describe(raised.value.problems) == block("text").strip()


async def test_the_lock_holds_the_lines_that_the_readme_shows(folder: Path) -> None:
    async with DemoServers() as servers:
        chosen = read(folder / "isthmus.yaml", {**servers.environment, "ISTHMUS_DEMO_SECRET": SECRET})
        current = await load(chosen)
        await current.close()
    assert current.built is not None
    lines = written(locked(current.sources, current.built, chosen.prefixes())).splitlines()
    shown = block("jsonl").splitlines()
    assert [line for line in lines if line in shown] == shown


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"^\| `isthmus ([a-z-]+)", README.read_text("utf-8"), re.MULTILINE))
    assert named == set(COMMANDS)


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (README.parent / "Makefile").read_text("utf-8")
    for target in re.findall(r"^    make (\w+)", README.read_text("utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
