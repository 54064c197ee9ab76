"""A SOAP source: the one file of this room that does I/O. Envelopes and descriptions are made elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from resolvers.connect import Told, cautions, connect
from resolvers.credentials import origin
from resolvers.documents import DescriptionError, Documents
from resolvers.errors import BadRequest, DeadlineExceeded, SourceError
from resolvers.forwarding import Forwarding, forwarding_of, traced
from resolvers.http import Http, Request, keyed
from resolvers.model import Effect, SourceModel
from resolvers.nearby import refused
from resolvers.origin import can_be_called
from resolvers.problem import Problem
from resolvers.retry_after import retry_after
from resolvers.soap.documents.gather import gather
from resolvers.soap.operations.wsdl import Description, read
from resolvers.soap.replies.envelope import decode
from resolvers.soap.replies.reader import Readers
from resolvers.soap.requests.envelope import Encoders, Prepare, Sent
from resolvers.soap.security.exchange import Security, open_security
from resolvers.soap.settings import SoapSettings
from resolvers.soap.shapes import OperationCodec
from resolvers.source import Call, Context, rows_of
from resolvers.stage import Stage
from resolvers.tally import Standing

IN_THREAD_BYTES = 256 * 1024
"""Larger replies are read in a thread, so that others go on meanwhile."""
IN_THREAD_VALUES = 10_000
"""Requests with more values are written in one."""
_LATER = frozenset({429, 503})
"""Statuses whose ``Retry-After`` says when to ask again."""


class SoapSource:
    """Calls the operations of one WSDL.

    ``model`` may be replaced by one with the user's statements applied; whether a call may be sent twice is taken from
    it at every call.
    """

    def __init__(
        self,
        description: Description,
        settings: SoapSettings,
        http: Http,
        forwarding: Forwarding | None,
        security: Security | None = None,
    ) -> None:
        self.model: SourceModel = description.model
        self._codecs = description.codecs
        if security is not None and security.signs:
            # Bytes that travel beside the envelope would be outside of its signature (XOP 1.0, section 5).
            self._codecs = {name: replace(codec, mtom=False) for name, codec in description.codecs.items()}
        self._encoders = Encoders()
        self._readers = Readers()
        self._settings = settings
        self._address = settings.address
        self._several = len(settings.replicas) > 1
        self._http = http
        self._forwarding = forwarding
        self._security = security

    async def execute(self, call: Call, context: Context) -> object:
        """One exchange; SOAP has no way to ask for less, so of the reply only what the selection asks is read.

        Raises:
            SourceError: by what went wrong. BadRequest: an argument that cannot be written.
            OutcomeUnknown: a write was sent, and no answer came that says what became of it.
            DeadlineExceeded: no time was left to begin.
        """
        codec = self._codecs.get(call.operation)
        operation = self.model.operations.get(call.operation)
        if codec is None or operation is None:
            raise BadRequest(f"{self.model.name} has no operation {call.operation}")
        url = self._address or codec.address
        exchange = None if self._security is None else self._security.exchange(codec, url)
        sent = await self._written(codec, call, None if exchange is None else exchange.on_request)
        tried = [*call.tried] if self._several else None
        request = Request(method="POST", url=url, headers=sent.headers, body=sent.body, tried=tried)
        if self._forwarding is not None:
            request = self._forwarding.on(request, context)
        if call.idempotency is not None:
            request = keyed(request, *call.idempotency)
        timeout = min(self._settings.timeout_s, context.remaining())
        if timeout <= 0:
            raise DeadlineExceeded
        with context.journal.call(self.model.name, call.operation, f"SOAP {call.operation}") as record:
            repeatable = operation.effect is not Effect.WRITE
            request = traced(request, context, record)
            reply = await self._http.send(request, timeout=timeout, resendable=repeatable)
            media = reply.headers.get("content-type", "")
            several = media.lstrip().lower().startswith("multipart/")
            read = partial(
                decode,
                codec,
                reply.status,
                media,
                reply.body,
                repeatable=repeatable,
                selection=call.selection,
                made=self._readers,
                told=self._told(call.operation),
                count=partial(self._misnamed, call.operation, context),
                prepare=None if exchange is None else partial(exchange.on_reply, several=several),
            )
            try:
                value = await asyncio.to_thread(read) if len(reply.body) > IN_THREAD_BYTES else read()
            except SourceError as error:
                seconds = retry_after(reply.headers.get("retry-after", "")) if error.status in _LATER else None
                if seconds is not None:
                    error.wait(seconds)
                error.sends = reply.sends
                error.tried = tuple(tried or ())
                raise
            if exchange is not None:
                exchange.finish(repeatable=repeatable)
            record.size = len(reply.body)
            if context.journal.detailed:
                record.rows = rows_of(value, operation.at)
            return value

    async def _written(self, codec: OperationCodec, call: Call, prepare: Prepare | None) -> Sent:
        """The request; ``prepare`` is given its envelope and may add header blocks."""
        encoder = self._encoders.of(codec)
        if _values(call.arguments, IN_THREAD_VALUES) >= 0:
            return encoder.encode(call.arguments, prepare)
        return await asyncio.to_thread(encoder.encode, call.arguments, prepare)

    def _told(self, operation: str) -> bool:
        """Whether callers see the declared details of its faults."""
        stated = self._settings.operations.get(operation)
        if stated is not None and stated.error_detail is not None:
            return stated.error_detail
        return self._settings.error_detail

    def _misnamed(self, operation: str, context: Context, number: int) -> None:
        name = f"{self.model.name}.{operation}"
        context.misnamed[name] = context.misnamed.get(name, 0) + number

    async def close(self) -> None:
        await self._http.close()


async def open_soap(
    name: str,
    settings: SoapSettings,
    documents: Documents,
    standing: Standing | None = None,
    stage: Stage | None = None,
) -> SoapSource:
    """Reads the WSDL and what it imports, off the event loop, and makes the source ready to be called.

    ``standing``: where its replicas stand. ``stage``: as in ``open_all``; where it plays, nothing is proven to anybody.

    Raises:
        DescriptionError: the WSDL cannot be had or read, or names no address while ``url`` is not set.
        ConfigurationError: what the settings say of security cannot be done.
    """
    gathered = await gather(documents, settings.wsdl)
    description = await asyncio.to_thread(
        read, name, gathered, settings.wsdl, port=settings.port, version=settings.soap_version
    )
    if settings.url is None and not all(can_be_called(codec.address) for codec in description.codecs.values()):
        raise DescriptionError(
            Problem(
                "the WSDL names no HTTP address for its operations",
                where=("url",),
                mend="set url",
                document=settings.wsdl,
            )
        )
    home = settings.address or next((codec.address for codec in description.codecs.values()), settings.wsdl)
    if settings.url is None:
        reasons = [
            refused(codec.address, settings.wsdl, settings.allowed_servers) for codec in description.codecs.values()
        ]
        if any(reasons):
            what = next(filter(None, reasons))
            raise DescriptionError(Problem(what, ("url",), "set url, or allowed_servers", settings.wsdl))
    secure = partial(
        open_security,
        settings.ws_security,
        documents.base,
        home,
        description.codecs.values(),
        addressing=settings.addressing,
        others=[each.url for each in settings.replicas],
    )
    security = None if stage is not None and stage.plays else await asyncio.to_thread(secure)
    told = Told(name, standing or Standing(), faults=True, stage=stage)
    http = await connect(settings, documents, home, settings.wsdl, told)
    model = replace(description.model, cautions=cautions(settings, home), address=home)
    description = replace(description, model=model)
    return SoapSource(description, settings, http, forwarding_of(settings, origin(home)), security)


def _values(value: object, left: int) -> int:
    """How many of ``left`` values are left when those in ``value`` are counted; negative where they are more.

    Each 256 letters or bytes count as one.
    """
    if isinstance(value, str | bytes):
        return left - 1 - len(value) // 256
    if not isinstance(value, Mapping | list | tuple):
        return left - 1
    items: Iterable[object] = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping) and set(map(type, value)) == {str}:  # keys, mostly
        return left - len(value) - sum(map(len, value)) // 256
    for item in items:
        left = _values(item, left)
        if left < 0:
            break
    return left
