"""A real Chromium opens the explorer over the real edge; the graph behind it is a small Strawberry schema."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
import strawberry
import uvicorn

from gateway.app import ServerSettings, make_app
from gateway.explorer import STATIC, page, routes
from gateway.token import sign
from resolvers import Context, Unauthenticated
from schema import Answer, GraphQLRequest, Principal

HERE = Path(__file__).parent
QUERY = "# The harbour master's question\n{ ships(first: 1) { name tonnage } }\n"
SETTINGS = {"issuer": "https://id.example/", "audience": "isthmus", "secret": "0123456789abcdef0123456789abcdef"}


@strawberry.type(description="A vessel that waits at the entrance of the canal.")
class Ship:
    name: str
    tonnage: int


@strawberry.type
class Query:
    @strawberry.field
    def ships(self, first: int = 10) -> list[Ship]:
        return [Ship(name="Estrella del Mar", tonnage=8_215), Ship(name="Ancón", tonnage=9_606)][:first]


@dataclass
class Harbour:
    """A graph for the edge; callers without a token are refused, as where access.default is authenticated."""

    schema: strawberry.Schema = field(default_factory=lambda: strawberry.Schema(Query))

    async def execute(
        self,
        request: GraphQLRequest,
        principal: Principal,
        context: Context,  # noqa: ARG002  # the edge's protocol
        *,
        read_only: bool,  # noqa: ARG002  # likewise
    ) -> Answer:
        if principal.is_anonymous:
            raise Unauthenticated
        result = await self.schema.execute(
            request.query, dict(request.variables), operation_name=request.operation_name
        )
        assert not result.errors
        return Answer("data", {"data": result.data})


@dataclass
class Snapshot:
    graph: Harbour = field(default_factory=Harbour)
    degraded: dict[str, str] = field(default_factory=dict)


@dataclass
class Holder:
    current: Snapshot = field(default_factory=Snapshot)


def _missing(reason: str) -> NoReturn:
    if os.environ.get("ISTHMUS_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The browser's path and a folder in which the script that drives it can run."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    chromium = os.environ.get("ISTHMUS_TEST_CHROMIUM") or next((path for path in found if path), None)
    npm = shutil.which("npm")
    if chromium is None:
        _missing("chromium is needed to use the explorer: apt-get install chromium")
    if npm is None or shutil.which("node") is None:
        _missing("npm and node are needed to drive the browser")
    if not (STATIC / "index.html").is_file():
        _missing("the explorer is not built: make explorer")
    room = tmp_path_factory.mktemp("browser")
    for name in ("package.json", "package-lock.json", ".npmrc", "explore.mjs"):
        shutil.copy(HERE / "browser" / name, room)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False, timeout=240)
    if installed.returncode:
        _missing(f"npm ci failed: {installed.stderr[-300:]}")
    return chromium, room


@asynccontextmanager
async def _gateway() -> AsyncIterator[tuple[str, ServerSettings]]:
    settings = ServerSettings.model_validate({"port": 0, "jwt": SETTINGS})
    app = make_app(Holder(), settings, explorer_page=page, extra_routes=routes(default_query=QUERY))
    config = uvicorn.Config(app, port=0, access_log=False, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", settings
    finally:
        server.should_exit = True
        await running
        listening.close()


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


async def test_a_person_reads_the_documentation_and_runs_a_query(browser: tuple[str, Path], tmp_path: Path) -> None:
    async with _gateway() as (address, settings):
        assert settings.jwt is not None
        token = sign(settings.jwt, "harbour-master")
        steps = {
            "token": f"Bearer {token}",
            "documentation": ["Query", "Ship"],
            "description": "A vessel that waits at the entrance of the canal.",
            "expect": "Estrella del Mar",
            "screenshot": os.environ.get("ISTHMUS_TEST_SCREENSHOT", ""),
        }
        seen = await explore(browser, address, steps, tmp_path / "profile")

    assert "# The harbour master's question" in seen["suggested"]
    assert "tonnage" in seen["documentation"]
    assert "Estrella del Mar" in seen["result"]
    assert "8215" in seen["result"]
    assert "Ancón" not in seen["result"]

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
