"""The explorer: GraphiQL as ``explorer/build.sh`` built it, served from here alone, with no script from elsewhere.

It answers browsers at ``/graphql`` with the page and under ``/explorer/`` with its files. What is typed there is sent
to ``/graphql`` like any other request; nothing here knows of GraphQL or of tokens.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

Page = Callable[[Request], Awaitable[Response]]

STATIC = Path(__file__).resolve().parent / "explorer_static"

POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    # The editor makes style sheets while it runs, and its icons are data: addresses.
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
ASSET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
"""A file's name without any folder: no path from a request ever leaves the folder of the assets."""
FOR_EVER = "public, max-age=31536000, immutable"
"""Assets bear a hash of their content in their name: another content is another address."""

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Isthmus explorer</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; padding: 0 1rem }</style>
<h1>The explorer is not built here</h1>
<p>The GraphQL API works: send it operations with <code>POST /graphql</code>.</p>
<p>To explore it in the browser, install Node.js 20.19 or newer with npm, then run this in the folder of Isthmus and
load the page again:</p>
<pre>make explorer</pre>
<p>Packages of Isthmus and its container image contain the explorer already.</p>
</html>
"""


def make_page(static: Path = STATIC) -> Page:
    """The answer to a browser at ``/graphql``, from the files in ``static``; it says how to build where they miss."""

    async def page(_: Request) -> Response:
        headers = {**HEADERS, "cache-control": "no-cache", "vary": "accept"}
        content = await asyncio.to_thread(_read, static / "index.html")
        if content is None:
            return Response(NOT_BUILT, headers={**headers, "cache-control": "no-store"}, media_type="text/html")
        return Response(content, headers=headers, media_type="text/html")

    return page


page = make_page()


def routes(static: Path | None = None, default_query: str | None = None) -> list[BaseRoute]:
    """What lies under ``/explorer/``: the page's files and, where there is one, the query it opens with.

    ``static``: where the built files lie; absent: inside this package.
    """
    folder = (static or STATIC) / "assets"

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        kind = TYPES.get(Path(name).suffix)
        content = await asyncio.to_thread(_read, folder / name) if kind and ASSET.fullmatch(name) else None
        if content is None:
            return PlainTextResponse("Not found\n", 404, HEADERS)
        return Response(content, headers={**HEADERS, "cache-control": FOR_EVER}, media_type=kind)

    async def suggested(_: Request) -> Response:
        headers = {**HEADERS, "cache-control": "no-cache"}
        # 204: none is suggested. A 404 would stand as an error in every browser's console.
        return Response(status_code=204, headers=headers) if default_query is None else _plain(default_query, headers)

    return [Route("/explorer/assets/{name}", asset), Route("/explorer/default-query", suggested)]


def _plain(text: str, headers: dict[str, str]) -> Response:
    return Response(text, headers=headers, media_type="text/plain")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
