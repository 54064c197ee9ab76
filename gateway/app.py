"""The wiring of the edge: settings composed, routes made, keys opened. What a route does is in its own module."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from gateway.audit.auditor import Auditor, degraded, open_audit, writing
from gateway.cors import cors
from gateway.edge.graphql import Endpoint, Holder
from gateway.hosts import accepted
from gateway.identity import (
    Authenticator,
    ProxiedCertificates,
    open_authenticator,
)
from gateway.metrics.gathered import Gathered
from gateway.metrics.listener import listening, open_metrics, tally_of
from gateway.overload.admission import Admission
from gateway.overload.lag import Lag
from gateway.rates.limiter import Rates
from gateway.redis import Redis, open_redis
from gateway.registered.documents import RegisteredDocuments, registered_of
from gateway.request.addresses import Networks
from gateway.request.asked import Asked, Headers
from gateway.request.replies import Reply
from gateway.request.whole import taken_from
from gateway.server_settings import ServerSettings
from gateway.tally import EdgeTally
from gateway.telemetry import new_request_id, request_id
from gateway.tracing.tracer import Tracer, open_tracer, sending
from resolvers import ConfigurationError, Problem
from schema import ANONYMOUS

Page = Callable[[Request], Awaitable[Response]]
PATH = "/graphql"
HSTS = "max-age=31536000"
"""Browsers come by https from now on, for a year; other names of the domain are not ours to decide for."""


@dataclass(frozen=True, slots=True)
class Front:
    """What of the settings answers requests: put in the place of another whole, together with a snapshot."""

    settings: ServerSettings
    endpoint: Endpoint
    authenticator: Authenticator
    rates: Rates | None
    audit: Auditor | None
    registered: RegisteredDocuments | None
    tally: EdgeTally | None
    admission: Admission
    tracer: Tracer | None

    async def close(self, successor: Front | None = None) -> None:
        """Ends what goes on for it in the background and not for its successor."""
        if successor is None or successor.authenticator is not self.authenticator:
            await self.authenticator.close()


class Edge(Starlette):
    """Starlette, with an ``X-Request-Id`` on every answer, whoever made it.

    ``front`` answers; with ``at_once`` a POST to ``PATH`` goes there right away: it catches everything itself, so what
    Starlette would put around it only costs time. ``hung_up`` is called at SIGHUP.
    """

    front: Front
    at_once = False
    shared: Redis | None = None
    hung_up: Callable[[], None] | None = None

    def hang_up(self) -> None:
        """Opens the file of the audit log anew, as logrotate expects, and looks at what may have changed."""
        if self.front.audit is not None:
            self.front.audit.reopen()
        if self.hung_up is not None:
            self.hung_up()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        whole = taken_from(scope)
        headers = Headers(scope["headers"])
        given = request_id(headers.getlist("x-request-id")) if "x-request-id" in headers else new_request_id()
        scope.setdefault("state", {})["request_id"] = given
        if self.at_once and scope["method"] == "POST" and scope["path"] == PATH:
            response = await self.front.endpoint(Asked(scope, receive, whole, headers=headers))
            if whole is not None and isinstance(response, Reply) and not self.state.leaving:
                lines = b"%bx-request-id: %b\r\n" % (response.lines, given.encode())
                if whole.answer(response.status_code, lines, response.content, close=response.closes):
                    return
            await response(scope, receive, self._naming(given, send))
        else:
            await super().__call__(scope, receive, self._naming(given, send))

    def _naming(self, given: str, send: Send) -> Send:
        """What sends answers with the id of their request."""

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(b"x-request-id", given.encode())]
                if self.state.leaving:
                    added.append((b"connection", b"close"))  # the next request finds a server that stays
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        return named


def _came_by_tls(request: Request, trusted: Networks) -> bool:
    """Whether a proxy that we trust says that it was asked by https."""
    peer = request.client.host if request.client is not None else None
    return peer in trusted and request.headers.get("x-forwarded-proto") == "https"


def authenticator_of(settings: ServerSettings, redis: Redis | None) -> Authenticator:
    """Who tells who asks.

    Raises:
        ConfigurationError: with every file that cannot be used.
    """
    certificates = settings.tls if settings.tls is not None and settings.tls.client_ca is not None else None
    told, proxied = settings.client_cert, None
    if told is not None:
        proxied = ProxiedCertificates(told, Networks(settings.trusted_proxies))
    return open_authenticator(
        settings.jwt, settings.api_keys, certificates, settings.revocation, redis, proxied=proxied
    )


def _recorded(holder: Holder) -> Iterable[str]:
    graph = holder.current.graph
    return () if graph is None else graph.recorded


async def _explored(request: Request, page: Page | None) -> Response | None:
    """The explorer, for a browser that asks nothing; it sends what is typed there to the address that it is at."""
    wants = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    asks = not {"query", "documentId", "extensions"}.isdisjoint(request.query_params)
    return None if page is None or not wants or asks else await page(request)


def _kept_by_tls(page: Page, trusted: Networks) -> Page:
    """The same page, which tells browsers that came by TLS to stay there."""

    async def told(request: Request) -> Response:
        shown = await page(request)
        if request.scope["scheme"] == "https" or _came_by_tls(request, trusted):
            shown.headers["strict-transport-security"] = HSTS
        return shown

    return told


_IDENTITY = ("jwt", "api_keys", "tls", "client_cert", "revocation", "trusted_proxies")
"""Settings that say who asks."""


def edge_problems(settings: ServerSettings) -> list[Problem]:
    """What keeps keys, lists and registered operations of the edge from being used: all of it at once."""

    def fails(opens: Callable[[], object]) -> list[Problem]:
        try:
            opens()
        except ConfigurationError as error:
            return list(error.problems)
        return []

    return [*fails(lambda: authenticator_of(settings, None)), *fails(lambda: registered_of(settings.documents))]


def make_front(
    holder: Holder, settings: ServerSettings, shared: Redis | None, before: Front | None = None, *, renew: bool = False
) -> Front:
    """What answers requests by ``settings``. What ``before`` has that is the same is taken over: keys that were
    fetched, what callers have used of their limits, requests under way, the audit log.

    ``renew``: files that it names are others.

    Raises:
        ConfigurationError: a file of keys, of what is revoked or of operations cannot be used, or a library is
            missing.
    """

    def same(*names: str) -> bool:
        return before is not None and all(getattr(settings, n) == getattr(before.settings, n) for n in names)

    trusted = Networks(settings.trusted_proxies)
    if before is not None and same(*_IDENTITY) and not renew:
        authenticator = before.authenticator
    else:
        authenticator = authenticator_of(settings, shared)
    rates = None
    if before is not None and same("rate_limits", "trusted_proxies"):
        rates = before.rates
    elif settings.rate_limits is not None:
        rates = Rates(settings.rate_limits, trusted, shared)
        if before is not None and before.rates is not None:
            rates.take_over(before.rates)
    if before is not None and same("documents") and not renew:
        registered = before.registered
    else:
        registered = registered_of(settings.documents)
    audit = before.audit if before is not None else open_audit(settings.audit)
    if audit is not None:
        audit.trust(trusted)
    if before is not None:
        tally = before.tally
    else:
        tally = tally_of(settings.metrics, () if registered is None else registered.names)
    admission = before.admission if before is not None else Admission(settings.overload)
    tracer = before.tracer if before is not None else open_tracer(settings.tracing)
    endpoint = Endpoint(
        holder,
        settings.limits,
        authenticator,
        get=settings.get,
        uploads=settings.uploads,
        rates=rates,
        registered=registered,
        hosts=accepted(settings.hosts, settings.host, needs_token=settings.identifies),
        audit=audit,
        admission=admission,
        tally=tally,
        log_settings=settings.log,
        tracer=tracer,
    )
    if before is not None:
        endpoint.take_over(before.endpoint)
    return Front(settings, endpoint, authenticator, rates, audit, registered, tally, admission, tracer)


def make_app(
    holder: Holder,
    settings: ServerSettings,
    *,
    explorer_page: Page | None = None,
    extra_routes: Sequence[BaseRoute] = (),
) -> Edge:
    """The ASGI application. ``app.state.draining`` turns readiness off.

    Raises:
        ConfigurationError: as ``make_front``.
    """
    shared = open_redis(settings.redis) if settings.redis else None
    trusted = Networks(settings.trusted_proxies)
    page = _kept_by_tls(explorer_page, trusted) if explorer_page is not None else None

    async def graphql(request: Request) -> Response:
        shown = await _explored(request, page if app.front.settings.explorer else None)
        return shown or await app.front.endpoint(Asked(request.scope, request.receive))

    async def view(request: Request) -> Response:
        name, graph = request.path_params["view"], holder.current.graph
        there = graph is not None and graph.part(name, ANONYMOUS) is not None
        shown = await _explored(request, page if there and app.front.settings.explorer else None)
        return shown or await app.front.endpoint(Asked(request.scope, request.receive, view=name))

    async def front(_: Request) -> Response:
        return RedirectResponse(PATH)

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        current, front = holder.current, app.front
        serving = current.graph is not None and front.authenticator.ready and not request.app.state.draining
        told = {**current.degraded, **front.authenticator.degraded, **degraded(front.audit), **holder.degraded}
        body = {"ready": serving, "degraded": told}
        return JSONResponse(body, 200 if serving else 503)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        with suppress(RuntimeError, ValueError, NotImplementedError):  # a server in a thread gets no signals
            loop.add_signal_handler(signal.SIGHUP, app.hang_up)
        async with listening(metrics), sending(app.front.tracer):
            app.front.authenticator.start()
            lag.start()
            async with writing(app.front.audit, _recorded(holder)):
                yield
                await app.front.endpoint.finish(settings.drain_s)
            lag.stop()
            await app.front.close()
        if shared is not None:
            await shared.close()

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
    app.front = make_front(holder, settings, shared)
    lag = Lag(settings.overload, app.front.admission)
    metrics = open_metrics(settings.metrics, Gathered(holder, app.front.tally, lambda: app.front, lag.stalls))
    app.at_once = settings.cors is None
    app.shared = shared
    app.router.redirect_slashes = False
    app.state.draining = app.state.leaving = False
    app.state.admission, app.state.lag = app.front.admission, lag
    app.state.tally = app.front.tally
    app.state.metrics = metrics
    return app
