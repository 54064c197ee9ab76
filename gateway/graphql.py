"""GraphQL over HTTP: a request's headers and bytes in, a status, a media type and bytes out.

What an operation means is the graph's business; who asks is ``auth.py``'s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from gateway.asked import Asked
from gateway.auth import Authenticator
from gateway.body import from_get, from_post
from gateway.keys import KeysUnavailable
from gateway.limits import BodyTooLarge, Busy, LimitSettings, Places, read_body, whole_body
from gateway.telemetry import log, log_request
from gateway.uploads import PREFLIGHTED, UploadSettings, from_multipart
from resolvers import (
    Caller,
    CallerError,
    Code,
    Context,
    DeadlineExceeded,
    IsthmusError,
    OutcomeUnknown,
    TimeLimits,
    Unauthenticated,
)
from schema import ANONYMOUS, Answer, GraphQLRequest, MutationOverGet, Principal

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
_CONTENT_TYPES = {media: f"{media}; charset=utf-8".encode() for media in (GRAPHQL, JSON)}
_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
GRACE_S = 0.1
"""How long an operation may still word its answer after its calls have reached the deadline, in seconds."""


class Graph(Protocol):
    def part(self, view: str, principal: Principal) -> Graph | None: ...

    def writes(self, request: GraphQLRequest) -> bool: ...

    async def execute(
        self, request: GraphQLRequest, principal: Principal, context: Context, *, read_only: bool
    ) -> Answer: ...


class Snapshot(Protocol):
    @property
    def graph(self) -> Graph | None: ...

    @property
    def degraded(self) -> Mapping[str, str]: ...


class Holder(Protocol):
    """``current`` is swapped whole; a request reads it once and ends on what it read."""

    @property
    def current(self) -> Snapshot: ...


@dataclass(eq=False)
class Refusal(Exception):
    """An answer of the HTTP layer itself."""

    status: int
    code: Code
    message: str
    headers: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=256)
def _media(text: str) -> tuple[str, Mapping[str, str]]:
    kind, *rest = text.split(";")
    parameters = {}
    for part in rest:
        name, _, value = part.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"').lower()
    return kind.strip().lower(), parameters


def _weight(parameters: Mapping[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0


@lru_cache(maxsize=256)
def negotiate(accept: str | None) -> str | None:
    """The media type of the reply (RFC 9110 section 12.5.1), or None when nothing fits; JSON when nothing is said."""
    if accept is None or not accept.strip():
        return JSON
    best: tuple[float, int, str] | None = None
    for entry in accept.split(","):
        kind, parameters = _media(entry)
        if parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
            continue
        chosen = {GRAPHQL: GRAPHQL, JSON: JSON, "application/*": JSON, "*/*": JSON}.get(kind)
        weight = _weight(parameters)
        if chosen is None or weight <= 0:
            continue
        rank = (weight, "*" not in kind)
        if best is None or rank > best[:2]:
            best = (*rank, chosen)
    return best[2] if best else None


def _check_content(request: Asked, uploads: UploadSettings | None) -> bool:
    """Whether the body is a form with files; otherwise it is JSON."""
    if "content-encoding" in request.headers:
        raise Refusal(415, Code.BAD_REQUEST, "Encoded bodies are not read.")
    values = request.headers.getlist("content-type")
    kind, parameters = _media(values[0]) if len(values) == 1 else ("", {})
    if kind == "multipart/form-data" and uploads is not None:
        if not any(request.headers.get(name) for name in PREFLIGHTED):
            raise Refusal(400, Code.BAD_REQUEST, f"A form with files needs a header {PREFLIGHTED[0]}.")
        return True
    if kind != JSON or parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
        raise Refusal(415, Code.BAD_REQUEST, "The body must be application/json in UTF-8.")
    return False


def _errors(code: Code, message: str, **extensions: object) -> dict[str, object]:
    return {"errors": [{"message": message, "extensions": {**extensions, "code": code}}]}


class Reply(Response):
    """Bytes of a media type, in UTF-8, kept by nobody (RFC 9111) and taken for nothing else."""

    def __init__(self, content: bytes, status: int, headers: Mapping[str, str], media: str) -> None:
        self.status_code, self.body, self.background = status, content, None
        self.raw_headers = [
            *_HEADERS,
            (b"content-type", _CONTENT_TYPES[media]),
            (b"content-length", b"%d" % len(content)),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ]


class Endpoint:
    """The route /graphql, and those of the graph's views under it."""

    def __init__(
        self,
        holder: Holder,
        limits: LimitSettings,
        authenticator: Authenticator | None,
        *,
        get: bool = True,
        uploads: UploadSettings | None = None,
    ) -> None:
        self._holder = holder
        self._limits = limits
        self._authenticator = authenticator
        self._get = get
        self._uploads = uploads
        self._upload_places = Places(0 if uploads is None else uploads.max_requests)
        self._places = Places(limits.max_requests)
        self._unfinished: set[asyncio.Future[Answer]] = set()
        self._times = TimeLimits()

    async def finish(self, seconds: float) -> None:
        """Waits until the writes whose callers were answered or are gone have ended, ``seconds`` at most."""
        if self._unfinished:
            await asyncio.wait(self._unfinished, timeout=seconds)

    async def __call__(self, request: Asked) -> Response:
        """Answers one request; whatever goes wrong inside is an answer in GraphQL's shape, never a 500."""
        started = time.perf_counter()
        request_id = request.request_id
        media = negotiate(request.headers.get("accept"))
        headers: dict[str, str] = {}
        status, body = 200, {}
        content: bytes | None = None
        try:
            answer = await self._answer(request, request_id, media)
            content = answer.encode()
            refused = answer.kind == "request_error"
            status = 403 if answer.kind == "forbidden" else 400 if refused and media == GRAPHQL else 200
        except Refusal as refusal:
            status, body = refusal.status, _errors(refusal.code, refusal.message)
            headers.update(refusal.headers)
        except Unauthenticated as error:
            log("unauthenticated", request_id=request_id, level="warning", detail=error.detail)
            status, body = 401, _errors(error.code, error.message)
            headers["www-authenticate"] = "Bearer"
        except BodyTooLarge:
            status, body = 413, _errors(Code.LIMIT_EXCEEDED, "The body is larger than this server allows.")
            headers["connection"] = "close"
        except (Busy, KeysUnavailable):
            status, body = 503, _errors(Code.LIMIT_EXCEEDED, "The server cannot take the request now.")
            headers["retry-after"] = "1"
        except CallerError as error:
            status, body = 400, _errors(error.code, error.detail or error.message)
        except IsthmusError as error:
            log("failed", request_id=request_id, level="error", code=error.code, detail=error.detail)
            body = {"data": None, **_errors(error.code, error.message, **error.extensions)}
        except ClientDisconnect:
            log("disconnected", request_id=request_id)
            return Response(status_code=408)
        except Exception as error:  # noqa: BLE001  # the last net: a caller never sees a traceback or a 500
            log("internal", request_id=request_id, level="error", exc_info=error)
            body = {"data": None, **_errors(Code.INTERNAL, IsthmusError.message)}
        seconds = round(time.perf_counter() - started, 4)
        log_request(request_id, request.method, status, seconds)
        return Reply(content or _encode(body, request_id), status, headers, media or JSON)

    async def _answer(self, request: Asked, request_id: str, media: str | None) -> Answer:
        if media is None:
            raise Refusal(406, Code.BAD_REQUEST, "Replies are application/graphql-response+json or JSON.")
        if len(request.headers.getlist("host")) != 1:
            raise Refusal(400, Code.BAD_REQUEST, "Exactly one Host header is needed.")
        allowed = ("GET", "POST") if self._get else ("POST",)
        if request.method not in allowed:
            raise Refusal(405, Code.BAD_REQUEST, "Use POST.", (("allow", ", ".join(allowed)),))
        deadline = asyncio.get_running_loop().time() + self._limits.deadline_s
        read_only = request.method == "GET"
        received = None if read_only else self._at_once(request)
        if received is None:
            try:
                with self._times.until(deadline):
                    received = await self._received(request, read_only=read_only)
            except TimeoutError:
                raise DeadlineExceeded from None
        principal, parameters = received
        # Whoever sends slowly, or waits for a slow key server, holds no place: only what runs does.
        with self._places:
            return await self._run(request, parameters, principal, Deadline(request_id, deadline, read_only=read_only))

    def _at_once(self, request: Asked) -> tuple[Principal, GraphQLRequest] | None:
        """As ``_received``, where nothing need be waited for: nearly every body is there, and its token known."""
        if _check_content(request, self._uploads):
            return None
        values = request.headers.getlist("authorization")
        principal = self._authenticator.known(values) if self._authenticator is not None else None
        if principal is None:
            return None
        body = whole_body(request, self._limits.max_body_bytes)
        return None if body is None else (principal, from_post(body))

    async def _received(self, request: Asked, *, read_only: bool) -> tuple[Principal, GraphQLRequest]:
        if not read_only and _check_content(request, self._uploads):
            return await self._uploaded(request)
        most = 0 if read_only else self._limits.max_body_bytes
        body = await read_body(request, most)
        principal = await self._principal(request)
        if not read_only:
            return principal, from_post(body)
        return principal, from_get(request.query_string)

    async def _uploaded(self, request: Asked) -> tuple[Principal, GraphQLRequest]:
        """A form with files: who asks is known before any of it is read, and only so many are in memory at once."""
        settings = self._uploads
        assert settings is not None
        principal = await self._principal(request)
        with self._upload_places:
            body = await read_body(request, settings.max_bytes)
            words = self._limits.max_body_bytes
            return principal, from_multipart(body, request.headers["content-type"], settings, words)

    async def _run(self, request: Asked, parameters: GraphQLRequest, principal: Principal, limit: Deadline) -> Answer:
        whole = self._holder.current.graph
        if whole is None:
            raise Refusal(503, Code.SOURCE_UNAVAILABLE, "Nothing can be served yet.", (("retry-after", "1"),))
        graph = whole.part(request.view, principal)
        if graph is None:
            raise Refusal(404, Code.BAD_REQUEST, "There is no such view.")
        rights = "anonymous" if principal.subject is None else f"subject:{principal.subject}"
        context = Context(limit.at, limit.request_id, rights, self._limits.calls_per_operation)
        context.caller = _caller(request, principal)
        reads = limit.read_only or not graph.writes(parameters)
        work = graph.execute(parameters, principal, context, read_only=limit.read_only)
        try:
            if reads:
                return await self._read(request, work, limit.at + GRACE_S)
            return await self._write(asyncio.ensure_future(work), limit)
        except MutationOverGet:
            raise Refusal(405, Code.BAD_REQUEST, "Mutations need POST.", (("allow", "POST"),)) from None

    async def _read(self, request: Asked, work: Coroutine[Any, Any, Answer], until: float) -> Answer:
        """The answer of a read, which ends when its caller leaves.

        Raises:
            ClientDisconnect: nobody waits for the answer any more.
            DeadlineExceeded: it has not ended by ``until``.
        """
        connection = request.connection
        if connection.is_closed():
            work.close()
            raise ClientDisconnect
        limit = self._times.until(until)
        connection.watch(limit.interrupt)  # a task of its own for the work would cost more
        try:
            with limit:
                return await work
        except TimeoutError:
            raise (ClientDisconnect if connection.is_closed() else DeadlineExceeded) from None
        finally:
            connection.unwatch(limit.interrupt)

    async def _write(self, work: asyncio.Future[Answer], limit: Deadline) -> Answer:
        """The answer of a write, which runs to its end whoever leaves and whatever the clock says.

        Raises:
            OutcomeUnknown: it has not ended in time.
        """
        self._unfinished.add(work)
        work.add_done_callback(self._ended)
        left = limit.at + GRACE_S - asyncio.get_running_loop().time()
        done, _ = await asyncio.wait([work], timeout=left)
        if not done:
            log("write_unfinished", request_id=limit.request_id, level="warning")
            raise OutcomeUnknown("the write was still running at the deadline")
        return work.result()

    def _ended(self, work: asyncio.Future[Answer]) -> None:
        self._unfinished.discard(work)
        if not work.cancelled():
            work.exception()  # whoever waited has it already; without this the loop would complain of a lost one

    async def _principal(self, request: Asked) -> Principal:
        values = request.headers.getlist("authorization")
        if self._authenticator is None:
            if values:
                # A token that nobody verifies is not a valid one, and an invalid one never counts as none.
                raise Unauthenticated("a token came, but server.jwt is not configured")
            return ANONYMOUS
        return await self._authenticator.principal(values)


def _caller(request: Asked, principal: Principal) -> Caller:
    """What sources may be told of the caller; only a token that was verified is handed on."""
    if principal.subject is None:
        return Caller(headers=request.headers)
    token = request.headers["authorization"].strip(" \t").partition(" ")[2].lstrip(" ")
    return Caller(token, principal.claims, request.headers)


@dataclass(frozen=True, slots=True)
class Deadline:
    """``at``: time of the event loop's clock after which no call to a source goes on."""

    request_id: str
    at: float
    read_only: bool


def _encode(body: dict[str, object], request_id: str) -> bytes:
    errors = body.get("errors")
    if isinstance(errors, list):
        body["errors"] = [
            {**error, "extensions": {**error.get("extensions", {}), "requestId": request_id}} for error in errors
        ]
    return Answer("data", body).encode()
