"""The page that a browser gets at ``/graphql``. It holds no GraphQL: the page asks the API like any other client."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Isthmus</title>
<h1>The explorer was not built</h1><p>Install Node.js and npm, then run <code>make explorer</code> and start again.</p>
<p>The API itself works: send queries to this address by POST.</p></html>"""


async def page(request: Request) -> Response:  # noqa: ARG001  # the signature of a route
    """The explorer, or how to build it."""
    return HTMLResponse(_NOT_BUILT, headers={"content-security-policy": "default-src 'none'"})


def routes() -> list[BaseRoute]:
    """Routes of the explorer's files."""
    return []
