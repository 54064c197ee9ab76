"""The wiring of the edge: settings composed, routes made, keys opened. What a route does is in its own module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from gateway.asked import Asked
from gateway.auth import Authenticator, JwtSettings, open_keys
from gateway.cors import CorsSettings, cors
from gateway.graphql import Endpoint, Holder
from gateway.keys import FetchedKeys
from gateway.limits import LimitSettings
from gateway.telemetry import request_id
from gateway.uploads import UploadSettings
from gateway.whole import taken_from
from resolvers import Settings
from schema import Executor

Page = Callable[[Request], Awaitable[Response]]
PATH = "/graphql"


class ServerSettings(Settings):
    host: str = Field("127.0.0.1", description="Address that is listened on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port that is listened on; 0: any free one.")
    jwt: JwtSettings | None = Field(None, description="Which access tokens are accepted; absent: all are anonymous.")
    limits: LimitSettings = Field(LimitSettings.model_validate({}), description="What one request may take.")
    cors: CorsSettings | None = Field(None, description="Web pages of other origins that may ask; absent: none.")
    uploads: UploadSettings | None = Field(None, description="Files inside requests (multipart forms); absent: none.")
    get: bool = Field(True, description="Queries may come by GET; mutations never do.")
    explorer: bool = Field(True, description="A browser that opens /graphql gets the explorer.")
    notice_s: float = Field(
        0.0,
        ge=0,
        le=60,
        description="How long, after SIGTERM, /readyz says 503 while new connections are still taken, in seconds: "
        "give load balancers the time to notice.",
    )
    executor: Executor = Field(
        "columns",
        description="columns; or reference: graphql-core runs every operation field by field, for doubt. The "
        "environment's ISTHMUS_EXECUTOR comes first.",
    )
    drain_s: float = Field(20.0, ge=0, description="Longest wait for running requests at the end, in seconds.")


class Edge(Starlette):
    """Starlette, with an ``X-Request-Id`` on every answer, whoever made it.

    ``posted`` answers a POST to ``PATH`` right away: it catches everything itself, so what Starlette would put around
    it only costs time.
    """

    posted: Endpoint | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        whole = taken_from(scope)
        given = request_id([value for name, value in scope["headers"] if name == b"x-request-id"])
        scope.setdefault("state", {})["request_id"] = given

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(b"x-request-id", given.encode())]
                if self.state.draining:
                    added.append((b"connection", b"close"))  # the next request finds a server that stays
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        if self.posted is not None and scope["method"] == "POST" and scope["path"] == PATH:
            response = await self.posted(Asked(scope, receive, whole))
            headers = [*response.raw_headers, (b"x-request-id", given.encode())]
            if (
                whole is None
                or self.state.draining
                or not whole.answer(response.status_code, headers, bytes(response.body))
            ):
                await response(scope, receive, named)
        else:
            await super().__call__(scope, receive, named)


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
    endpoint = Endpoint(holder, settings.limits, authenticator, get=settings.get, uploads=settings.uploads)

    async def graphql(request: Request) -> Response:
        wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if explorer_page is not None and settings.explorer and wants_page and "query" not in request.query_params:
            return await explorer_page(request)
        return await endpoint(Asked(request.scope, request.receive))

    async def view(request: Request) -> Response:
        return await endpoint(Asked(request.scope, request.receive, view=request.path_params["view"]))

    async def front(_: Request) -> Response:
        return RedirectResponse(PATH)

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
        await endpoint.finish(settings.drain_s)
        if isinstance(keys, FetchedKeys):
            await keys.close()

    every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    routes = [
        Route(PATH, graphql, methods=every),
        Route(f"{PATH}/{{view}}", view, methods=every),
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/", front),
        *extra_routes,
    ]
    app = Edge(routes=routes, lifespan=lifespan, middleware=[cors(settings.cors)] if settings.cors else [])
    app.posted = None if settings.cors else endpoint
    app.router.redirect_slashes = False
    app.state.draining = False
    return app
