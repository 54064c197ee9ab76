"""GraphQL over HTTP: a request's headers and bytes in, a status, a media type and bytes out.

What an operation means is the graph's business; who asks is told by ``identity/``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from gateway.audit.auditor import Auditor, Entry
from gateway.edge.content import check_content, check_link, negotiate
from gateway.edge.deadline import deadline_of
from gateway.edge.failed import failed
from gateway.edge.repeated import idempotency_of
from gateway.edge.request_log import LogSettings, RequestLog
from gateway.hosts import name_of
from gateway.identity import Authenticator, bearer
from gateway.overload.admission import Admission
from gateway.overload.settings import OverloadSettings
from gateway.rates.limiter import Rates
from gateway.registered.documents import NOT_FOUND, NOT_SUPPORTED, RegisteredDocuments
from gateway.request.asked import Asked, Headers
from gateway.request.body import from_get, from_post
from gateway.request.ended import NO_ERRORS, Ended, errors_in
from gateway.request.limits import LimitSettings, Places, read_body, sent, whole_body
from gateway.request.replies import GRAPHQL, JSON, Refusal, Reply, encoded, retry_after
from gateway.request.uploads import UploadSettings, from_multipart
from gateway.tally import EdgeTally
from gateway.telemetry import log
from gateway.tracing.tracer import Tracer
from gateway.uses import Uses
from resolvers import (
    IDEMPOTENCY_KEY,
    Caller,
    Code,
    Context,
    DeadlineExceeded,
    OutcomeUnknown,
    TimeLimits,
    Unauthenticated,
)
from schema import COST, Answer, Fresh, GraphQLRequest, MutationOverGet, Outline, Principal, Trail

GRACE_S = 0.1
"""How long an operation may still word its answer after its calls have reached the deadline, in seconds."""


class Graph(Protocol):
    def part(self, view: str, principal: Principal) -> Graph | None: ...

    def writes(self, request: GraphQLRequest) -> bool: ...

    def outline(self, request: GraphQLRequest) -> Outline | None: ...

    @property
    def recorded(self) -> Iterable[str]: ...

    async def execute(
        self,
        request: GraphQLRequest,
        principal: Principal,
        context: Context,
        *,
        read_only: bool,
        trail: Trail | None = None,
        charge: Callable[[int], Awaitable[None]] | None = None,
    ) -> Answer: ...


class Snapshot(Protocol):
    @property
    def graph(self) -> Graph | None: ...

    @property
    def degraded(self) -> Mapping[str, str]: ...

    @property
    def uses(self) -> Uses: ...


class Holder(Protocol):
    """``current`` is swapped whole; a request reads it once and ends on what it read."""

    @property
    def current(self) -> Snapshot: ...

    @property
    def degraded(self) -> Mapping[str, str]: ...


class Endpoint:
    """The route /graphql, and those of the graph's views under it."""

    def __init__(
        self,
        holder: Holder,
        limits: LimitSettings,
        authenticator: Authenticator,
        *,
        get: bool = True,
        uploads: UploadSettings | None = None,
        rates: Rates | None = None,
        registered: RegisteredDocuments | None = None,
        hosts: frozenset[str] | None = None,
        audit: Auditor | None = None,
        admission: Admission | None = None,
        tally: EdgeTally | None = None,
        log_settings: LogSettings | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._admission = Admission(OverloadSettings()) if admission is None else admission
        self._holder = holder
        self._limits = limits
        self._authenticator = authenticator
        self._get = get
        self._uploads = uploads
        self._rates = rates
        self._registered = registered
        self._hosts = hosts
        self._audit = audit
        self._tally = tally
        self._tracer = tracer
        self._log = RequestLog(log_settings or LogSettings())
        self._upload_places = Places(0 if uploads is None else uploads.max_requests)
        self._places = Places(limits.max_requests)
        self._unfinished: set[asyncio.Future[Answer]] = set()
        self._times = TimeLimits()

    def take_over(self, before: Endpoint) -> None:
        """Goes on with the places that requests have at another endpoint, and waits for its writes at the end."""
        self._unfinished = before._unfinished
        if before._limits.max_requests == self._limits.max_requests:
            self._places = before._places
        if before._uploads == self._uploads:
            self._upload_places = before._upload_places

    @property
    def under_way(self) -> int:
        """How many requests hold a place now."""
        return self._places.taken

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
        status, refused, errors, executed = 200, "", NO_ERRORS, False
        entry = self._audit.begin() if self._audit is not None else None
        if self._tracer is not None:
            request.trace = self._tracer.begin(request)
        snapshot = self._holder.current  # whatever is served meanwhile, this request ends on what it began with
        snapshot.uses.begin()
        counts = self._admission.counts
        counts.begun += 1
        try:
            answer = await self._answer(request, snapshot, entry, media, headers)
            content = sent(answer.encode(), self._limits.max_response_bytes)
            executed = answer.kind == "data"
            if answer.fresh is not None and request.method == "GET":
                headers.update(self._kept_by_others(answer.fresh))
            if "errors" in answer.held:
                errors = errors_in(answer)
                headers.update(retry_after(answer))
            if not executed:
                refused = "forbidden" if answer.kind == "forbidden" else "operation"
                status = 403 if answer.kind == "forbidden" else 400 if media == GRAPHQL else 200
        except ClientDisconnect:
            self._end(Ended(request, 408, time.perf_counter() - started, refused="left"), entry)
            return Response(status_code=408)
        except Exception as error:  # noqa: BLE001  # the last net: a caller never sees a traceback or a 500
            if entry is not None and isinstance(error, Unauthenticated):
                entry.doubted = error.detail
            found = failed(error, request_id)
            status, refused, errors = found.status, found.refused, {found.code: 1}
            headers.update(found.headers)
            content, executed = encoded(found.body, request_id), False
        finally:
            snapshot.uses.end()
            counts.ended += 1
        seconds = time.perf_counter() - started
        self._end(Ended(request, status, seconds, errors, len(content), refused, executed), entry)
        return Reply(content, status, headers, media or JSON)

    def _kept_by_others(self, fresh: Fresh) -> Mapping[str, str]:
        """What caches between us and the caller are told (RFC 9111): theirs alone, where we tell callers apart."""
        whose = "private" if self._authenticator.identifies else "public"
        said = {"cache-control": f"{whose}, max-age={fresh.lives_s}", "age": str(fresh.age_s)}
        return {**said, "vary": "accept, authorization, graphql-cost, graphql-freshness"}

    def _end(self, ended: Ended, entry: Entry | None) -> None:
        """Tells who counts and who records."""
        self._log.ended(ended)
        if self._tally is not None:
            self._tally.ended(ended)
        if self._tracer is not None:
            self._tracer.ended(ended)
        if self._audit is not None and entry is not None:
            self._audit.end(entry, ended.asked, ended.status, ended.seconds)

    async def _answer(
        self, request: Asked, snapshot: Snapshot, entry: Entry | None, media: str | None, headers: dict[str, str]
    ) -> Answer:
        self._check_head(request, media)
        if self._admission.overloaded:
            await self._admission.enter(time.monotonic())
        read_only = request.method == "GET"
        if read_only:
            check_link(request)
        deadline = deadline_of(request.headers, asyncio.get_running_loop().time(), self._limits.deadline_s)
        if self._rates is not None:
            headers.update(await self._rates.enter(request))
        principal, parameters = await self._taken(request, entry, deadline, read_only=read_only)
        if "graphql-cost" in request.headers and request.headers["graphql-cost"] == "report":
            parameters = replace(parameters, extensions={**parameters.extensions, COST: True})
        if self._registered is not None or parameters.document_id is not None:
            found = self._with_text(parameters, principal, request.request_id)
            if isinstance(found, Answer):
                return found
            parameters = found
        charge = None
        if self._rates is not None:
            outline = _outline(snapshot, parameters) if self._rates.reads_operations else None
            _add(headers, await self._rates.take(request, principal, outline))
            if self._rates.weighs:
                charge = partial(self._charge, self._rates, request, principal, outline, headers)
        # Whoever sends slowly, or waits for a slow key server, holds no place: only what runs does.
        with self._places:
            try:
                return await self._run(
                    request, snapshot, parameters, principal, deadline, entry, charge, read_only=read_only
                )
            except MutationOverGet:
                raise Refusal(405, Code.BAD_REQUEST, "Mutations need POST.", (("allow", "POST"),)) from None

    @staticmethod
    async def _charge(
        rates: Rates,
        request: Asked,
        principal: Principal,
        outline: Outline | None,
        headers: dict[str, str],
        cost: int,
    ) -> None:
        _add(headers, await rates.charge(request, principal, outline, cost))

    async def _taken(
        self, request: Asked, entry: Entry | None, deadline: float, *, read_only: bool
    ) -> tuple[Principal, GraphQLRequest]:
        """Who asks, and for what.

        Raises:
            DeadlineExceeded: it did not come in time.
        """
        received = None if read_only else self._at_once(request)
        if received is None:
            try:
                with self._times.until(deadline):
                    received = await self._received(request, read_only=read_only)
            except TimeoutError:
                raise DeadlineExceeded from None
        request.principal = received[0]
        if entry is not None:
            entry.principal, entry.parameters = received
        return received

    def _check_head(self, request: Asked, media: str | None) -> None:
        if media is None:
            raise Refusal(406, Code.BAD_REQUEST, "Replies are application/graphql-response+json or JSON.")
        if "host" not in request.headers or "host" in request.headers.several:
            raise Refusal(400, Code.BAD_REQUEST, "Exactly one Host header is needed.")
        if self._hosts is not None and name_of(request.headers["host"]) not in self._hosts:
            raise Refusal(421, Code.BAD_REQUEST, "The server is not asked by this name (server.hosts).")
        if request.method != "POST" and (request.method != "GET" or not self._get):
            allowed = ("GET", "POST") if self._get else ("POST",)
            raise Refusal(405, Code.BAD_REQUEST, "Use POST.", (("allow", ", ".join(allowed)),))

    def _with_text(self, parameters: GraphQLRequest, principal: Principal, request_id: str) -> GraphQLRequest | Answer:
        """The request with the text that its id stands for, or what a client hears whose id stands for none."""
        if self._registered is not None:
            found = self._registered.find(parameters, principal)
            return found or _without_text(NOT_FOUND, Code.PERSISTED_QUERY_NOT_FOUND, request_id)
        if not parameters.query:
            return _without_text(NOT_SUPPORTED, Code.PERSISTED_QUERY_NOT_SUPPORTED, request_id)
        return replace(parameters, document_id=None)

    def _at_once(self, request: Asked) -> tuple[Principal, GraphQLRequest] | None:
        """As ``_received``, where nothing need be waited for: nearly every body is there, and its token known."""
        if check_content(request, self._uploads):
            return None
        principal = self._authenticator.known(request)
        if principal is None:
            return None
        body = whole_body(request, self._limits.max_body_bytes)
        return None if body is None else (principal, from_post(body))

    async def _received(self, request: Asked, *, read_only: bool) -> tuple[Principal, GraphQLRequest]:
        if not read_only and check_content(request, self._uploads):
            return await self._uploaded(request)
        most = 0 if read_only else self._limits.max_body_bytes
        body = await read_body(request, most)
        principal = await self._authenticator.principal(request)
        if not read_only:
            return principal, from_post(body)
        return principal, from_get(request.query_string)

    async def _uploaded(self, request: Asked) -> tuple[Principal, GraphQLRequest]:
        """A form with files: who asks is known before any of it is read, and only so many are in memory at once."""
        settings = self._uploads
        assert settings is not None
        principal = await self._authenticator.principal(request)
        with self._upload_places:
            body = await read_body(request, settings.max_bytes)
            words = self._limits.max_body_bytes
            return principal, from_multipart(body, request.headers["content-type"], settings, words)

    def _run(
        self,
        request: Asked,
        snapshot: Snapshot,
        parameters: GraphQLRequest,
        principal: Principal,
        deadline: float,
        entry: Entry | None,
        charge: Callable[[int], Awaitable[None]] | None,
        *,
        read_only: bool,
    ) -> Coroutine[Any, Any, Answer]:
        """What answers a request; ``deadline``: time of the loop's clock after which no call to a source goes on."""
        whole = snapshot.graph
        if whole is None:
            raise Refusal(503, Code.SOURCE_UNAVAILABLE, "Nothing can be served yet.", (("retry-after", "1"),))
        graph = whole.part(request.view, principal)
        if graph is None:
            raise Refusal(404, Code.BAD_REQUEST, "There is no such view.")
        headers = request.headers
        request.context = context = Context(
            deadline,
            request.request_id,
            principal.identity,
            self._limits.calls_per_operation,
            caller=_caller(headers, principal),
            idempotency=idempotency_of(headers) if IDEMPOTENCY_KEY in headers else None,
        )
        if self._tracer is not None and request.trace is not None:
            context.trace, context.journal.traced = request.trace, request.trace.made
            self._tracer.run(request.trace)
        trail = None
        if entry is not None:
            entry.parameters, entry.context, trail = parameters, context, entry.trail
        reads = read_only or not graph.writes(parameters)
        work = graph.execute(parameters, principal, context, read_only=read_only, trail=trail, charge=charge)
        if reads:
            return self._read(request, work, deadline + GRACE_S)
        writing = asyncio.ensure_future(work)
        snapshot.uses.begin()  # which outlives this request where its caller leaves
        writing.add_done_callback(lambda _: snapshot.uses.end())
        return self._write(writing, context)

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

    async def _write(self, work: asyncio.Future[Answer], context: Context) -> Answer:
        """The answer of a write, which runs to its end whoever leaves and whatever the clock says.

        Raises:
            OutcomeUnknown: it has not ended in time.
        """
        self._unfinished.add(work)
        work.add_done_callback(self._ended)
        left = context.deadline + GRACE_S - asyncio.get_running_loop().time()
        done, _ = await asyncio.wait([work], timeout=left)
        if not done:
            log("write_unfinished", request_id=context.request_id, level="warning")
            raise OutcomeUnknown("the write was still running at the deadline")
        return work.result()

    def _ended(self, work: asyncio.Future[Answer]) -> None:
        self._unfinished.discard(work)
        if not work.cancelled():
            work.exception()  # whoever waited has it already; without this the loop would complain of a lost one


def _add(headers: dict[str, str], more: Iterable[tuple[str, str]]) -> None:
    for name, value in more:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value


def _without_text(message: str, code: Code, request_id: str) -> Answer:
    body = {"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]}
    return Answer("request_error", body)


def _outline(snapshot: Snapshot, parameters: GraphQLRequest) -> Outline | None:
    return None if snapshot.graph is None else snapshot.graph.outline(parameters)


def _caller(headers: Headers, principal: Principal) -> Caller:
    """What sources may be told of the caller; only a token that was verified is handed on."""
    if principal.subject is None:
        return Caller(headers=headers)
    # A token that came was verified, or there would be no principal; who shows a key or a certificate has none.
    token = bearer(headers["authorization"]) if "authorization" in headers else None
    return Caller(token or "", principal.claims, headers)
