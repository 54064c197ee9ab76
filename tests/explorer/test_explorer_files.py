from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.app import make_app
from gateway.server_settings import ServerSettings
from gateway.explorer import STATIC, make_page, routes
from gateway.uses import Uses
from tests.services import missing

BUILD = Path(__file__).parents[2] / "explorer" / "build.sh"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<title>the page</title>")
    (static / "assets" / "index-Ab12.js").write_text("export {}")
    (static / "assets" / "style-Cd34.css").write_text("p {}")
    (static / "assets" / "notes.exe").write_text("never served")
    (static / "secret.js").write_text("outside of the assets")
    return static


def _client(static: Path, query: str | None = None) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/graphql", make_page(static)), *routes(static, query)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


@pytest.fixture
async def client(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(built, "{ orders { number } }") as made:
        yield made


async def test_the_page_is_asked_for_every_time_and_its_assets_once(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql")
    script = await client.get("/explorer/assets/index-Ab12.js")
    style = await client.get("/explorer/assets/style-Cd34.css")
    assert page.text == "<title>the page</title>"
    assert [reply.headers["content-type"] for reply in (page, script, style)] == [
        "text/html; charset=utf-8",
        "text/javascript; charset=utf-8",
        "text/css; charset=utf-8",
    ]
    assert (page.headers["cache-control"], page.headers["vary"]) == ("no-cache", "accept")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_no_script_from_elsewhere_and_none_inside_the_page(client: httpx.AsyncClient) -> None:
    for path in ("/graphql", "/explorer/assets/index-Ab12.js", "/explorer/default-query", "/explorer/assets/none.js"):
        headers = (await client.get(path)).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert "'unsafe-inline'" not in policy["script-src"] + policy["default-src"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize(
    "name",
    ["none.js", "notes.exe", "../secret.js", "..%2fsecret.js", "%2e%2e/secret.js", ".js", "a%00.js", "..%5csecret.js"],
)
async def test_only_assets_are_served(client: httpx.AsyncClient, name: str) -> None:
    reply = await client.get(f"/explorer/assets/{name}")
    assert reply.status_code == 404
    assert "outside" not in reply.text


@dataclass
class Nothing:
    graph: None = None
    degraded: Mapping[str, str] = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)


@dataclass
class Hold:
    current: Nothing = field(default_factory=Nothing)
    degraded: Mapping[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "scheme", "told"),
    [
        ([], {}, "https", True),
        ([], {}, "http", False),
        ([], {"x-forwarded-proto": "https"}, "http", False),  # whoever asks could say so
        (["127.0.0.0/8"], {"x-forwarded-proto": "https"}, "http", True),
        (["127.0.0.0/8"], {"x-forwarded-proto": "http"}, "http", False),
    ],
)
async def test_browsers_that_came_by_tls_are_told_to_stay_there(
    built: Path, trusted: list[str], forwarded: dict[str, str], scheme: str, *, told: bool
) -> None:
    settings = ServerSettings.model_validate({"trusted_proxies": trusted})
    app = make_app(Hold(), settings, explorer_page=make_page(built))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"{scheme}://gateway") as client:
        page = await client.get("/graphql", headers={"accept": "text/html", **forwarded})
    assert page.status_code == 200
    assert page.headers.get("strict-transport-security") == ("max-age=31536000" if told else None)


async def test_a_query_is_suggested_where_there_is_one(client: httpx.AsyncClient, built: Path) -> None:
    assert (await client.get("/explorer/default-query")).text == "{ orders { number } }"
    async with _client(built) as without:
        reply = await without.get("/explorer/default-query")
    assert (reply.status_code, reply.content) == (204, b"")


async def test_where_it_was_not_built_the_page_says_how(tmp_path: Path) -> None:
    async with _client(tmp_path / "nothing") as client:
        page = await client.get("/graphql")
        assert "make explorer" in page.text
        assert "<script" not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert (await client.get("/explorer/assets/index-Ab12.js")).status_code == 404


def test_building_again_does_nothing() -> None:
    if shutil.which("npm") is None or not (STATIC / ".built").is_file():
        missing("the explorer is not built: install npm, then make explorer")
    before = (STATIC / "index.html").stat().st_mtime_ns
    subprocess.run(["sh", str(BUILD)], check=True, timeout=240)
    once = (STATIC / "index.html").stat().st_mtime_ns
    done = subprocess.run(["sh", str(BUILD)], check=True, timeout=10, capture_output=True)
    assert done.stdout == done.stderr == b""
    assert (STATIC / "index.html").stat().st_mtime_ns == once >= before
