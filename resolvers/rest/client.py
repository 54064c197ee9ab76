"""A REST source: the one file of this room that does I/O. Requests are made and replies read elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

import msgspec

from resolvers.connect import Told, cautions, connect
from resolvers.credentials import origin
from resolvers.documents import DescriptionError, Document, Documents
from resolvers.errors import BadRequest, DeadlineExceeded, SourceError
from resolvers.exposed import beside, inside
from resolvers.forwarding import Forwarding, forwarding_of, traced
from resolvers.http import Http, Reply, Request, keyed
from resolvers.model import Effect, LeftOut, Operation, SourceModel, TypeRef, unwrapped
from resolvers.nearby import refused
from resolvers.problem import ConfigurationError, Problem
from resolvers.reply_cache import CachingClient, ReplyStore
from resolvers.rest.documents.files import gather, same
from resolvers.rest.documents.overlays import Overlay, read_overlay
from resolvers.rest.kept import Kept, unpack
from resolvers.rest.operations.openapi import read
from resolvers.rest.operations.security import settled
from resolvers.rest.replies.reply import Replies
from resolvers.rest.requests.given import Inputs
from resolvers.rest.requests.request import Encoder
from resolvers.rest.settings import RestSettings
from resolvers.rest.shapes import Description, Outline, RequestShape
from resolvers.source import Call, Context, Exchange, rows_of
from resolvers.stage import Stage
from resolvers.tally import Standing

IN_THREAD_BYTES = 1024 * 1024
"""Larger replies are decoded in a thread, so that others go on meanwhile."""


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """What the calls of one operation have in common: worked out at the first of them, for the model that it has then.

    ``names``: headers of the reply that are served; ``errors``: declared bodies of errors that callers may see.
    """

    model: SourceModel
    operation: Operation
    shape: RequestShape
    encoder: Encoder
    server: str
    http: Http
    replies: Replies
    result: TypeRef | None
    wire: str
    reads: bool
    names: Sequence[str]
    errors: Mapping[str, Outline] | None

    def value(self, call: Call, reply: Reply) -> object:
        """What a reply says. Raises SourceError."""
        selection = inside(call.selection) if self.names else call.selection
        value = self.replies.decode(self.shape, self.operation, self.result, reply, selection, self.errors)
        return beside(value, self.names, reply.headers) if self.names else value


class RestSource:
    """Calls the operations of one OpenAPI document.

    ``model`` may be replaced by one with the user's statements applied; whether a call may be sent twice is taken
    from it at every call.
    """

    def __init__(
        self,
        description: Description,
        settings: RestSettings,
        http: Http,
        forwarding: Forwarding | None,
        uncached: Http | None = None,
    ) -> None:
        """``uncached``: what sends calls of operations of which nothing may be kept, where ``http`` keeps replies."""
        self.model: SourceModel = description.model
        self._requests = description.requests
        self._results = {name: item.result for name, item in description.model.operations.items()}
        self._server = description.server
        self._inputs = Inputs(description.model.inputs, description.inputs)
        model = description.model
        self._replies = Replies(model.types, model.enums, description.results, settings.encoding)
        self._ways: dict[str, _Way] = {}
        keys = settings.auth.api_key if settings.auth is not None else ()
        self._kept = frozenset(key.query for key in keys if key.query is not None)
        self._settings = settings
        self._timeout_s = settings.timeout_s
        self._address = settings.address
        self._several = len(settings.replicas) > 1
        self._http = http
        self._uncached = uncached
        self._forwarding = forwarding
        self._adds = self._several or forwarding is not None

    async def execute(self, call: Call, context: Context) -> object:
        """One exchange; of the reply only what the selection asks is read and checked.

        Raises:
            SourceError: by what went wrong. BadRequest: an argument that cannot be sent.
            DeadlineExceeded: no time was left to begin.
        """
        way = self._ways.get(call.operation)
        if way is None or way.model is not self.model:
            way = self._ways[call.operation] = self._way(call.operation)
        request = way.encoder.encode(way.server, call.arguments)
        tried = [*call.tried] if self._several else None
        if self._adds or call.query or call.idempotency is not None:
            request = self._added(request, call, context, tried)
        timeout = min(self._timeout_s, context.remaining())
        if timeout <= 0:
            raise DeadlineExceeded
        with context.journal.call(self.model.name, call.operation, way.wire) as record:
            if context.trace is not None:
                request = traced(request, context, record)
            try:
                reply = await way.http.send(request, timeout=timeout, resendable=way.reads)
                record.size = len(reply.body)
                try:
                    if record.size > IN_THREAD_BYTES:
                        value = await asyncio.to_thread(way.value, call, reply)
                    else:
                        value = way.value(call, reply)
                except SourceError as error:
                    error.sends = reply.sends
                    raise
            except SourceError as error:
                error.tried = tuple(tried or ())
                raise
            if call.exchange is not None:
                _tell(call.exchange, request, reply)
            if context.journal.detailed:
                record.rows = rows_of(value, unwrapped(way.operation).at)
            return value

    def _added(self, request: Request, call: Call, context: Context, tried: list[str] | None) -> Request:
        """The request with what few calls have beside their arguments."""
        if call.query:
            target = f"{request.url}{'&' if '?' in request.url else '?'}{urlencode(call.query)}"
            request = msgspec.structs.replace(request, url=target)
        if tried is not None:
            request = msgspec.structs.replace(request, tried=tried)
        if self._forwarding is not None:
            request = self._forwarding.on(request, context)
        return request if call.idempotency is None else keyed(request, *call.idempotency)

    def _way(self, name: str) -> _Way:
        """What all calls of an operation have in common, as the model is now.

        Raises:
            BadRequest: there is no such operation.
        """
        shape, operation = self._requests.get(name), self.model.operations.get(name)
        if shape is None or operation is None:
            raise BadRequest(f"{self.model.name} has no operation {name}")
        server = self._address or shape.server or self._server
        assert server is not None, "open_rest refuses a source without an address"
        stated = self._settings.operations.get(name)
        told = self._settings.error_detail
        if stated is not None and stated.error_detail is not None:
            told = stated.error_detail
        http = self._uncached if stated is not None and stated.cache is False else None
        return _Way(
            self.model,
            operation,
            shape,
            Encoder(shape, self._inputs, self._kept),
            server,
            http or self._http,
            self._replies,
            self._results[name],
            f"{shape.method} {shape.path}",
            reads=operation.effect is Effect.READ,
            names=stated.reply_headers if stated is not None else (),
            errors=shape.errors if told else None,
        )

    async def close(self) -> None:
        await self._http.close()


def _tell(exchange: Exchange, request: Request, reply: Reply) -> None:
    exchange.target = urlsplit(request.url).path
    lines = [value for header, value in reply.headers.items() if header.lower() == "link"]
    exchange.link = ", ".join(lines)  # lines of one name are one list (RFC 9110 section 5.3)


async def open_rest(
    name: str,
    settings: RestSettings,
    documents: Documents,
    pinned: Mapping[str, str] | None = None,
    standing: Standing | None = None,
    stage: Stage | None = None,
) -> RestSource:
    """Reads the OpenAPI document and its files off the event loop and makes the source ready to be called.

    ``pinned``: operation (``GET /orders/{id}``) → the name that it keeps inside the source. ``standing``: where its
    replicas stand. ``stage``: as in ``open_all``.

    Raises:
        DescriptionError: the document cannot be had or read, or names no address while ``url`` is not set.
    """
    document = await documents.read(settings.openapi)
    description = await _described(name, settings, documents, document, pinned or {})
    if settings.url is None and description.server is None:
        without = [item for item in description.requests.values() if item.server is None]
        if without:
            raise DescriptionError(Problem(
                "the document names no HTTP address of the source",
                where=("url",), mend="set url", document=settings.openapi,
            ))  # fmt: skip
    description = _reachable(description, settings, document.location)
    home = settings.address or description.server or settings.openapi
    http = await connect(settings, documents, home, document.location, Told(name, standing or Standing(), stage=stage))
    uncached = http
    if settings.cache is not None and settings.cache.by_headers:
        http = CachingClient(http, ReplyStore(settings.cache.max_bytes))
    told = (*description.model.cautions, *cautions(settings, home))
    where = settings.address or description.server or ""
    model = replace(settled(description.model, settings), cautions=told, address=where)
    description = replace(description, model=model)
    return RestSource(description, settings, http, forwarding_of(settings, origin(home)), uncached)


async def _described(
    name: str, settings: RestSettings, documents: Documents, document: Document, pinned: Mapping[str, str]
) -> Description:
    """The document and its files read, or what was kept of the very same ones.

    Raises:
        DescriptionError: they cannot be read. ConfigurationError: an overlay cannot, or does not fit the document.
    """
    overlays = await _overlays(settings, documents, document)
    kept = None
    if documents.keep is not None:
        laid = " ".join(overlay.digest for overlay in overlays)
        about = f"{settings.references} {settings.server!r} {sorted(pinned.items())!r} {laid}"
        kept = await asyncio.to_thread(Kept, documents.keep, name, document, about)
        found = await asyncio.to_thread(kept.load)
        if found is not None and await same(documents, document, found[0], network=settings.references == "network"):
            description = await asyncio.to_thread(unpack, found[1])
            if description is not None:
                return description
    files = await gather(documents, document, overlays, network=settings.references == "network")
    description = await asyncio.to_thread(read, name, files, settings.server, pinned)
    if files.cautions:
        description = replace(description, model=replace(description.model, cautions=files.cautions))
    if kept is not None and not files.refused:
        await asyncio.to_thread(kept.save, files.hashes, description)
    return description


async def _overlays(settings: RestSettings, documents: Documents, document: Document) -> list[Overlay]:
    """The overlays that the settings name, read.

    Raises:
        ConfigurationError: with all that is wrong with any of them.
    """
    found: list[Overlay] = []
    problems: list[Problem] = []
    for index, name in enumerate(settings.overlays):
        try:
            content = await documents.read(name)
            found.append(await asyncio.to_thread(read_overlay, name, content, document.location))
        except DescriptionError as error:
            problems.append(replace(error.problem, where=("overlays", index)))
        except ConfigurationError as error:
            problems += [replace(problem, where=("overlays", index)) for problem in error.problems]
    if problems:
        raise ConfigurationError(problems)
    return found


def _reachable(description: Description, settings: RestSettings, location: str) -> Description:
    """The description without operations whose own server it may not name.

    Raises:
        DescriptionError: it may not name its server.
    """
    if settings.url is not None:
        return description
    reason = refused(description.server, location, settings.allowed_servers) if description.server else ""
    if reason:
        raise DescriptionError(Problem(reason, ("url",), "set url, or allowed_servers", location))
    without = {
        name: reason
        for name, shape in description.requests.items()
        if shape.server and (reason := refused(shape.server, location, settings.allowed_servers))
    }
    if not without:
        return description
    model = description.model
    told = [LeftOut(name, reason, model.operations[name].place) for name, reason in without.items()]
    kept = {name: item for name, item in model.operations.items() if name not in without}
    return replace(description, model=replace(model, operations=kept, left_out=(*model.left_out, *told)))
