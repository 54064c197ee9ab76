"""The trading company's file without its systems: nothing listens, and of the warehouse its catalogue is kept."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.commands import app
from gateway.demo import warehouse
from gateway.demo.folder import trading_folder
from gateway.file.config import read
from gateway.snapshot import load

NOWHERE = {
    "CRM_URL": "https://crm.invalid/api",
    "BILLING_URL": "https://billing.invalid/billing",
    "STOCK_URL": "sqlite:///stock.sqlite",
    "ISTHMUS_DEMO_SECRET": "a secret of more than thirty-two bytes",
}


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the file, with the kept catalogue of a database that is gone."""
    folder = tmp_path_factory.mktemp("trading")
    for path in trading_folder().iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    warehouse.write(folder / "stock.sqlite")

    async def opened() -> None:
        await (await load(read(folder / "isthmus.yaml", NOWHERE))).close()

    asyncio.run(opened())
    (folder / "stock.sqlite").unlink()
    return folder


@pytest.fixture
def trading(known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "trading"
    shutil.copytree(known, folder)
    (folder / "scenes").mkdir()
    (folder / "scenes" / "environment.yaml").write_text("STOCK_URL: sqlite:///stock.sqlite\n", "utf-8")
    for name in NOWHERE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    return folder


Command = Callable[..., Result]


@pytest.fixture
def isthmus() -> Command:
    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


Write = Callable[..., Path]


@pytest.fixture
def scene(trading: Path) -> Write:
    """Writes a scene of one query."""

    def write(name: str, query: str, said: str) -> Path:
        folder = trading / "scenes" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "query.graphql").write_text(query, "utf-8")
        (folder / "scene.yaml").write_text(said, "utf-8")
        return folder

    return write
