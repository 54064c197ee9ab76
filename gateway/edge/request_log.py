"""``RequestLog``: the lines that tell of one request: that it was answered, what its sources refused, why it was slow.

No value of an argument, no token and no header but a client's own name is in a line; how a line is written is
``telemetry.py``'s.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from gateway.request.ended import Ended
from gateway.telemetry import Level, log, write_request
from resolvers import CallRecord, Context, HeaderName, Settings
from schema import Principal

LONGEST = 64
_PLAIN = re.compile(r"[ !#-\[\]-~]{1,64}")
"""What stands in a text of JSON as it is."""
_MOST_LINES = 20
"""Failures of sources that one request may write lines of, and calls that a slow one lists; the rest is counted."""
_LONGEST_DETAIL = 500
_HASH_LETTERS = 16


class LogSettings(Settings):
    level: Level = Field("info", description="The least that is written: info, warning or error.")
    requests: Literal["all", "failed", "none"] = Field(
        "all", description="Of which requests a line is written: of all, of those with errors, or of none."
    )
    slow_s: float = Field(
        2.0, gt=0, description="A request that took longer is told with its calls, whatever requests says, in seconds."
    )
    client_name: tuple[HeaderName, ...] = Field(
        ("apollographql-client-name", "x-graphql-client-name", "x-client-name"),
        description="Headers in which a client says its name; the first that came counts.",
    )
    client_version: tuple[HeaderName, ...] = Field(
        ("apollographql-client-version", "x-graphql-client-version", "x-client-version"),
        description="Likewise its version.",
    )
    subject: Literal["none", "hash"] = Field(
        "none", description="hash: an HMAC of who asked, so that requests of one caller are seen to be that."
    )
    hash_key: SecretStr | None = Field(None, min_length=16, description="Key of that hash.")

    @model_validator(mode="after")
    def _fits(self) -> LogSettings:
        if self.subject == "hash" and self.hash_key is None:
            raise ValueError('hash needs a key: add hash_key: "${env:ISTHMUS_LOG_KEY}", 16 letters or more')
        return self


class RequestLog:
    """The log of one server's requests."""

    def __init__(self, settings: LogSettings) -> None:
        self._settings = settings
        self._names = tuple(name.lower() for name in settings.client_name)
        self._named = frozenset(self._names)
        self._versions = tuple(name.lower() for name in settings.client_version)
        key = settings.hash_key
        self._key = b"" if key is None or settings.subject == "none" else key.get_secret_value().encode()

    def ended(self, ended: Ended) -> None:
        """Writes the lines of a request that was answered."""
        settings, context = self._settings, ended.asked.context
        if context is not None:
            _tell_failures(context)
            if ended.seconds > settings.slow_s:
                _tell_slow(ended, context)
        if settings.requests == "all" or (settings.requests == "failed" and (ended.errors or ended.status >= 400)):
            write_request(
                ended.asked.request_id, ended.asked.method, ended.status, ended.seconds, self._more(ended, context)
            )

    def _more(self, ended: Ended, context: Context | None) -> str:
        """Members of the line beside those that every one has; each begins with a comma."""
        more = ""
        if context is not None:
            if context.operation:  # a name of GraphQL: letters, digits and underscores
                more = f',"operation":"{context.operation[:LONGEST]}"'
            if context.journal.calls:
                more += f',"calls":{len(context.journal.calls)}'
        more += self._who(ended)
        trace = ended.asked.trace
        if trace is not None:
            more += f',"trace":"{trace.trace_id}"'
        if ended.refused:
            more += f',"refused":"{ended.refused}"'
        if ended.errors:
            more += f',"errors":{json.dumps(ended.errors)}'
        return more

    def _who(self, ended: Ended) -> str:
        more = ""
        principal = ended.asked.principal
        if principal.subject is not None:
            more += ',"caller":"known"'
            if self._key:
                more += f',"subject":"{self._hashed(principal)}"'
        headers = ended.asked.headers
        name = "" if self._named.isdisjoint(headers) else _first(headers, self._names)
        if name:
            more += f',"client":{_text(name)}'
            version = _first(headers, self._versions)
            if version:
                more += f',"client_version":{_text(version)}'
        return more

    def _hashed(self, principal: Principal) -> str:
        text = principal.identity.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:_HASH_LETTERS]


def _first(headers: Mapping[str, str], names: Iterable[str]) -> str:
    for name in names:
        if name in headers:
            return headers[name]
    return ""


def _text(said: str) -> str:
    """What a caller said as a text of JSON, none of whose characters means anything to a terminal."""
    if _PLAIN.fullmatch(said):
        return f'"{said}"'
    return json.dumps(said[:LONGEST]).replace("\x7f", "\\u007f")


def _tell_failures(context: Context) -> None:
    """A line for each exchange with a source that went wrong, also where another one after it went well."""
    told = 0
    for record in context.journal.calls:
        if record.code is None or record.left:
            continue
        told += 1
        if told <= _MOST_LINES:
            log("source_failed", level="warning", request_id=context.request_id, **_of(record),
                detail=record.why[:_LONGEST_DETAIL])  # fmt: skip
    if told > _MOST_LINES:
        more = told - _MOST_LINES
        log("source_failed", level="warning", request_id=context.request_id, detail=f"{more} more calls failed")


def _tell_slow(ended: Ended, context: Context) -> None:
    calls = sorted(context.journal.calls, key=lambda record: record.seconds, reverse=True)
    log(
        "slow",
        level="warning",
        request_id=context.request_id,
        operation=context.operation[:LONGEST],
        seconds=round(ended.seconds, 4),
        calls=len(calls),
        longest=[_of(record) for record in calls[:_MOST_LINES]],
    )


def _of(record: CallRecord) -> dict[str, object]:
    """What may be told of a call: names of the description, numbers and a code."""
    told: dict[str, object] = {"source": record.source, "operation": record.operation}
    told["seconds"] = round(record.seconds, 4)
    if record.code is not None:
        told["code"] = record.code
    if record.rows is not None:
        told["rows"] = record.rows
    return told
