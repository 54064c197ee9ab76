"""``Auditor``: what is told of one request becomes one record, where it asked for anything that is recorded.

No token, no variable's value and no value of a field but keys is in a record; all of it is JSON in ASCII.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.audit.settings import AuditSettings
from gateway.audit.sinks import File, open_sink
from gateway.audit.writer import Writer
from gateway.identity.claims import at
from gateway.request.addresses import Networks, caller_address
from gateway.request.asked import Asked
from resolvers import ConfigurationError, Context, Problem
from schema import ANONYMOUS, GraphQLRequest, Objects, Principal, Trail

_MOST_LISTED = 20_000
_LONGEST = 256
_HASH_LETTERS = 32


@dataclass(slots=True)
class Entry:
    """One request, as far as it came."""

    trail: Trail
    principal: Principal = ANONYMOUS
    parameters: GraphQLRequest | None = None
    context: Context | None = None
    doubted: str = ""
    """Why the credential that was shown is none."""


class Auditor:
    """The audit log of one server."""

    def __init__(self, settings: AuditSettings) -> None:
        """Opens it.

        Raises:
            ConfigurationError: its file cannot be appended to.
        """
        self._settings = settings
        try:
            self._sink = open_sink(settings)
        except OSError as error:
            what = f"the audit log cannot be written: {error.strerror or error}"
            raise ConfigurationError([Problem(what, ("server", "audit", "path"))]) from error
        self._writer = Writer(self._sink, settings.max_waiting)
        self._proxies = Networks(())
        self._key = settings.hash_key.get_secret_value().encode() if settings.hash_key is not None else b""

    @property
    def failing(self) -> bool:
        return self._writer.failing

    def start(self, recorded: Iterable[str]) -> None:
        """Begins to write; ``recorded``: the coordinates that are recorded, for whoever asks which were never used."""
        listed = list(recorded)
        header = _line({
            "time": _now(), "event": "recording", "coordinates": listed[:_MOST_LISTED],
            "more": max(0, len(listed) - _MOST_LISTED),
        })  # fmt: skip
        if isinstance(self._sink, File):
            self._sink.header = header
        else:
            self._writer.put(header)
        self._writer.start()

    def reopen(self) -> None:
        self._writer.reopen()

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.close)

    def begin(self) -> Entry:
        settings = self._settings
        closed = settings.on_failure == "refuse" and self._writer.failing
        return Entry(Trail(closed, settings.max_ids))

    def end(self, entry: Entry, asked: Asked, status: int, seconds: float) -> None:
        """The request was answered with ``status``, or nobody waits for its answer any more."""
        if entry.trail.later is not None:
            # What is found out now must not be told by the time of the answer: that is sent first.
            asyncio.get_running_loop().call_soon(self._end_later, entry, asked, status, seconds)
        elif entry.doubted and self._settings.unauthenticated:
            self._writer.put(_line(self._refused(entry, asked)))
        elif entry.trail.told or status == 403:
            self._writer.put(_line(self._record(entry, asked, status, seconds)))

    def _end_later(self, entry: Entry, asked: Asked, status: int, seconds: float) -> None:
        assert entry.trail.later is not None
        entry.trail.later()
        if any(entry.trail.told.values()):
            self._writer.put(_line(self._record(entry, asked, status, seconds)))

    def trust(self, proxies: Networks) -> None:
        """From now on these are believed from where a request came."""
        self._proxies = proxies

    def _refused(self, entry: Entry, asked: Asked) -> dict[str, object]:
        """A record of a credential that was refused: nothing of it is told, and nobody is named who may not have sent
        it.
        """
        forwarded = asked.headers.getlist("x-forwarded-for") if self._proxies else ()
        address = caller_address(asked.peer, forwarded, self._proxies)
        return {
            "time": _now(), "event": "unauthenticated", "request": asked.request_id, "address": address,
            "reason": _cut(entry.doubted), "status": 401,
        }  # fmt: skip

    def _record(self, entry: Entry, asked: Asked, status: int, seconds: float) -> dict[str, object]:
        trail, context, parameters = entry.trail, entry.context, entry.parameters
        record: dict[str, object] = {"time": _now(), "event": "operation", "request": asked.request_id}
        record.update(self._who(entry.principal, asked))
        if parameters is not None:
            query = parameters.query.encode("utf-8", "surrogatepass")
            record["operation"] = {
                "name": _cut(trail.operation) if trail.operation else None,
                "sha256": hashlib.sha256(query).hexdigest() if query else None,
                "id": _cut(parameters.document_id) if parameters.document_id else None,
            }
            if self._settings.arguments == "masked":
                record["variables"] = {name: "***" for name in trail.variables if name in parameters.variables}
        if asked.view:
            record["view"] = _cut(asked.view)
        record["coordinates"] = {outcome: list(found) for outcome, found in trail.told.items() if found}
        record["objects"] = {name: self._objects(name, found) for name, found in trail.objects.items()}
        record["status"] = status
        record["ms"] = round(seconds * 1000, 1)
        record["calls"] = len(context.journal.calls) if context is not None else 0
        return record

    def _who(self, principal: Principal, asked: Asked) -> Iterator[tuple[str, object]]:
        issuer = principal.claims.get("iss")
        yield "issuer", _cut(issuer) if isinstance(issuer, str) else None
        subject = principal.subject
        if subject is not None and self._settings.subject == "hash":
            subject = self._hashed("subject", f"{issuer}\0{subject}")
        yield "subject", None if subject is None else _cut(subject)
        if self._settings.claims:
            yield "claims", {path: _plain(at(principal.claims, path)) for path in self._settings.claims}
        named = next((found for path in self._settings.client_claims if (found := at(principal.claims, path))), None)
        if isinstance(named, str):
            yield "client", {"name": _cut(named), "verified": True}
        else:
            said = asked.headers.get(self._settings.client_header.lower())
            yield "client", {"name": _cut(said), "verified": False} if said else None

    def _objects(self, type_name: str, found: Objects) -> dict[str, object]:
        told: dict[str, object] = {"count": found.count}
        if self._settings.ids and found.ids:
            shown = [list(key) if len(key) > 1 else key[0] for key in found.ids]
            if self._settings.ids == "hash":
                shown = [self._hashed(type_name, "\0".join(key)) for key in found.ids]
            told["ids"] = shown
            told["more"] = found.more
        if found.restricted:
            told["restricted"] = True
        return told

    def _hashed(self, kind: str, text: str) -> str:
        whole = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, whole, hashlib.sha256).hexdigest()[:_HASH_LETTERS]


def _plain(value: object) -> object:
    """A claim as far as it is recorded: a text, a number, a boolean, or a list of texts."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, list):
        return [_cut(item) for item in value[:20] if isinstance(item, str)]
    return _cut(value) if isinstance(value, str) else None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _line(record: Mapping[str, object]) -> bytes:
    """One line in ASCII: no character of it means anything to a terminal or ends the line."""
    return json.dumps(record, separators=(",", ":")).replace("\x7f", "\\u007f").encode("ascii")


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def open_audit(settings: AuditSettings | None) -> Auditor | None:
    """The audit log, where the settings ask for one.

    Raises:
        ConfigurationError: as ``Auditor``.
    """
    return None if settings is None else Auditor(settings)


def degraded(audit: Auditor | None) -> Mapping[str, str]:
    """What /readyz tells of it."""
    return {"audit": "records cannot be written now"} if audit is not None and audit.failing else {}


@asynccontextmanager
async def writing(audit: Auditor | None, recorded: Iterable[str]) -> AsyncIterator[None]:
    """Records are written in this block."""
    if audit is None:
        yield
        return
    audit.start(recorded)
    try:
        yield
    finally:
        await audit.close()
