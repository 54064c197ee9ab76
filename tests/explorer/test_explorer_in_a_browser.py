"""A real Chromium opens the explorer of the gateway over the three demo systems, and uses it as a person would."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
import uvicorn

from gateway.app import make_app
from gateway.file.config import read
from gateway.demo import DemoServers, records, tokens, trading_folder
from gateway.explorer import STATIC, page, routes
from gateway.snapshot import Holder, load
from tests.services import missing

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The browser's path and a folder in which the script that drives it can run."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    chromium = os.environ.get("ISTHMUS_TEST_CHROMIUM") or next((path for path in found if path), None)
    npm = shutil.which("npm")
    if chromium is None:
        missing("chromium is needed to use the explorer: apt-get install chromium")
    if npm is None or shutil.which("node") is None:
        missing("npm and node are needed to drive the browser")
    if not (STATIC / "index.html").is_file():
        missing("the explorer is not built: make explorer")
    room = tmp_path_factory.mktemp("browser")
    for name in ("package.json", "package-lock.json", ".npmrc", "explore.mjs"):
        shutil.copy(HERE / "browser" / name, room)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False, timeout=240)
    if installed.returncode:
        missing(f"npm ci failed: {installed.stderr[-300:]}")
    return chromium, room


@asynccontextmanager
async def _gateway(servers: DemoServers) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """The gateway over the trading company: its address and a token for each role."""
    folder = trading_folder()
    chosen = read(folder / "isthmus.yaml", {**servers.environment, "ISTHMUS_DEMO_SECRET": secrets.token_urlsafe(48)})
    snapshot = await load(chosen)
    settings = chosen.settings.server
    assert settings.jwt is not None
    explorer = routes(default_query=(folder / "query.graphql").read_text("utf-8"))
    app = make_app(Holder(snapshot), settings, explorer_page=page, extra_routes=explorer)
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", ws="none"))
    listening = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", tokens(settings.jwt)
    finally:
        server.should_exit = True
        await running
        listening.close()
        await snapshot.close()


async def explore(browser: tuple[str, Path], address: str, steps: dict[str, Any], profile: Path) -> dict[str, Any]:
    """What the browser saw; ``steps`` are described at the head of ``browser/explore.mjs``."""
    chromium, room = browser
    process = await asyncio.create_subprocess_exec(
        "node", "explore.mjs", address, chromium, str(profile), json.dumps(steps),
        cwd=room, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(150):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors.decode()[-3000:]
    seen = json.loads(output)
    assert isinstance(seen, dict)
    return seen


async def test_a_person_reads_the_documentation_and_runs_a_joined_query(
    browser: tuple[str, Path], tmp_path: Path
) -> None:
    newest = records.orders()[-1]
    async with DemoServers() as servers, _gateway(servers) as (address, roles):
        token = roles["accountant"]
        steps = {
            "without": "This API wants a token: paste one.",
            "token": f"Bearer {token}",
            "documentation": ["Query", "Order"],
            "description": "What a customer ordered at one time.",
            "expect": newest["number"],
            "screenshot": os.environ.get("ISTHMUS_TEST_SCREENSHOT", ""),
        }
        seen = await explore(browser, address, steps, tmp_path / "profile")
        called = sorted(entry.operation for journal in servers.journals.values() for entry in journal)

    # The query that the server suggests joins all three systems, each asked once; its result is what is shown.
    assert "query NewestOrders" in seen["suggested"]
    assert called == ["/customers", "/orders", "GetInvoices"]
    assert seen["answer"].keys() == {"data"}
    orders = seen["answer"]["data"]["orders"]
    assert [order["number"] for order in orders] == [order["number"] for order in records.orders()[:-11:-1]]
    assert any(order["customer"] for order in orders)
    assert any(order["invoice"] for order in orders)
    assert any(line["product"] for order in orders for line in order["lines"])
    assert any(order["shipments"] for order in orders)
    assert newest["number"] in seen["result"]
    assert orders[0]["customer"]["displayName"] in seen["result"]

    # Generated types are documented with the words of their own descriptions, links among their fields.
    assert "In euros." in seen["documentation"]
    assert "shipments" in seen["documentation"]

    # Nothing was asked of any other host, and everything of ours was answered.
    assert {urlsplit(url).scheme for url in seen["requests"]} <= {"http", "data", "blob"}
    assert {urlsplit(url).netloc for url in seen["requests"] if url.startswith("http")} == {urlsplit(address).netloc}
    # Before there is a token the schema is refused; the browser's console notes that and nothing else.
    assert {entry.split()[0] for entry in seen["failed"]} == {"401"}
    assert all("401 (Unauthorized)" in text for text in seen["console"])
    assert any("graphql.worker" in url for url in seen["workers"])

    # The token lives in the tab alone.
    assert token in seen["sessionStorage"]
    assert "Bearer" not in seen["sessionStorage"]
    assert token not in seen["localStorage"]
