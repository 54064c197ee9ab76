"""What of a caller is put on a call to a source, where the source's settings say so. Pure: headers in, headers out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from msgspec.structs import replace

from resolvers.errors import Forbidden, Unauthenticated
from resolvers.http import Request
from resolvers.http_settings import Exchange, Forward, HttpSettings
from resolvers.source import ANONYMOUS, CallRecord, Context

_VALUE = re.compile(r"[\x21-\x7e\xa0-\xff](?:[\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?")


class Forwarding:
    """``home``: the origin (``https://host/``) of the source; calls to other hosts are told nothing of the caller."""

    def __init__(self, settings: Forward | None, exchange: Exchange | None, home: str) -> None:
        settings = settings or Forward.model_construct()
        self._settings = settings
        self._exchange = exchange
        self._home = home
        names = {*settings.claims, *settings.headers, *(("Authorization",) if settings.token else ())}
        self._names = frozenset(name.lower() for name in names)

    def on(self, request: Request, context: Context) -> Request:
        """The request with what of the caller goes along; nothing a caller's argument says stands in its place.

        An anonymous caller owns nothing: whoever else comes without a credential has the same rights.

        Raises:
            Unauthenticated: the token is sent on or exchanged, and the caller came without one.
            Forbidden: a claim is sent on that the caller's token does not hold, or that no header can carry.
        """
        caller = context.caller
        owner = "" if context.credential_class == ANONYMOUS else context.credential_class
        headers = {name: value for name, value in request.headers.items() if name.lower() not in self._names}
        if not (request.url.startswith(self._home) or f"{request.url}/" == self._home):
            return replace(request, headers=headers, owner=owner)
        if self._settings.token:
            if not caller.token:
                raise Unauthenticated("the source is asked with the caller's own token, and there is none")
            headers["Authorization"] = f"Bearer {caller.token}"
        for header, path in self._settings.claims.items():
            headers[header] = _text(claim_at(caller.claims, path))
        for header in self._settings.headers:
            value = caller.headers.get(header.lower())
            if value is not None and _VALUE.fullmatch(value):
                headers[header] = value
        if self._exchange is None:
            return replace(request, headers=headers, owner=owner)
        if not caller.token:
            if self._exchange.fallback == "refuse":
                raise Unauthenticated("the source is asked with a token got for the caller's own, and there is none")
            return replace(request, headers=headers, owner=owner)
        # Another token of the same caller may have other rights, and so would the one that is got for it.
        owner = f"{owner} {sha256(caller.token.encode()).hexdigest()}"
        return replace(request, headers=headers, owner=owner, subject_token=caller.token)


def traced(request: Request, context: Context, record: CallRecord) -> Request:
    """The request with the trace context of the call (W3C), where sources are told."""
    trace = context.trace
    if trace is None or not trace.passed_on:
        return request
    return replace(request, headers=trace.on(request.headers, record.span_id))


def forwarding_of(settings: HttpSettings, home: str) -> Forwarding | None:
    """None where the source is told nothing of its callers."""
    if settings.auth is None or (settings.auth.forward is None and settings.auth.exchange is None):
        return None
    return Forwarding(settings.auth.forward, settings.auth.exchange, home)


def claim_at(claims: Mapping[str, object], path: str) -> object:
    """A claim by its own name, which may hold dots, or by a path of names."""
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: object) -> str:
    """A claim as the value of a header: a text, a number, true or false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int) and _VALUE.fullmatch(str(value)):
        return str(value)
    raise Forbidden
