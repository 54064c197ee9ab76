"""The wiring of the edge: settings composed, routes made, keys opened. What a route does is in its own module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.auth import Authenticator, JwtSettings, open_keys
from gateway.graphql import Endpoint, Holder
from gateway.keys import FetchedKeys
from gateway.limits import LimitSettings
from resolvers import Settings

Page = Callable[[Request], Awaitable[Response]]
PATH = "/graphql"


class ServerSettings(Settings):
    host: str = Field("127.0.0.1", description="Address that is listened on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port that is listened on; 0: any free one.")
    jwt: JwtSettings | None = Field(None, description="Which access tokens are accepted; absent: all are anonymous.")
    limits: LimitSettings = Field(LimitSettings.model_validate({}), description="What one request may take.")
    get: bool = Field(True, description="Queries may come by GET; mutations never do.")
    explorer: bool = Field(True, description="A browser that opens /graphql gets the explorer.")
    drain_s: float = Field(20.0, ge=0, description="Longest wait for running requests at the end, in seconds.")


def make_app(
    holder: Holder,
    settings: ServerSettings,
    *,
    explorer_page: Page | None = None,
    extra_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The ASGI application. ``app.state.draining`` turns readiness off.

    Raises:
        ConfigurationError: the key set file cannot be used.
    """
    keys = open_keys(settings.jwt) if settings.jwt else None
    authenticator = Authenticator(settings.jwt, keys) if settings.jwt and keys else None
    endpoint = Endpoint(holder, settings.limits, authenticator, get=settings.get)

    async def graphql(request: Request) -> Response:
        wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if explorer_page is not None and settings.explorer and wants_page and "query" not in request.query_params:
            return await explorer_page(request)
        return await endpoint(request)

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        current = holder.current
        serving = current.graph is not None and not request.app.state.draining
        body = {"ready": serving, "degraded": dict(current.degraded)}
        return JSONResponse(body, 200 if serving else 503)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if isinstance(keys, FetchedKeys):
            await keys.close()

    every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    routes = [Route(PATH, graphql, methods=every), Route("/healthz", alive), Route("/readyz", ready), *extra_routes]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.draining = False
    return app
