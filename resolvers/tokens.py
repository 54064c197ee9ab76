"""Access tokens of the gateway's own, got by client credentials (RFC 6749 section 4.4) and kept until they run out.

One fetch serves all who wait for it, and goes on when any of them leaves. Nothing here sends a call to a source.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

import msgspec

from resolvers.credentials import basic
from resolvers.errors import SourceError, SourceUnavailable
from resolvers.http import HttpClient, Reply, Request
from resolvers.http_settings import OAuth2

MAX_REPLY_BYTES = 262_144
_UNSAID_S = 300.0
"""How long a token is kept whose endpoint does not say how long it lives."""
_LONGEST_S = 86_400.0
_PAUSE_S = 1.0
"""How long an endpoint that failed is left alone."""
_SETTLED_S = 30.0
"""A token that replaced a refused one and is refused itself within this time is not replaced: it is not its age."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
_KNOWN = {
    "invalid_client": "check client_id, client_secret and client_auth",
    "invalid_grant": "the client may not use client credentials there",
    "unauthorized_client": "the client may not use client credentials there",
    "unsupported_grant_type": "it gives no tokens for client credentials",
    "invalid_scope": "check scopes",
    "invalid_target": "check resource and audience",
    "invalid_request": "check client_auth, audience and parameters",
}


@dataclass(frozen=True, slots=True)
class Token:
    """``fresh_until``: from then on a new one is fetched while this one, valid until ``good_until``, still serves."""

    value: str = field(repr=False)
    since: float
    fresh_until: float
    good_until: float
    replaces_refused: bool = False


class ClientCredentials:
    """The token of one source. ``http``: the way to the endpoint; ``clock`` counts seconds and never goes back."""

    def __init__(
        self, settings: OAuth2, http: HttpClient, *, timeout_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._timeout_s = timeout_s
        self._clock = clock
        self._where = settings.token_url
        self._request = _request(settings)
        self._held: Token | None = None
        self._flight: asyncio.Task[Token | str] | None = None
        self._failure = ""
        self._pause_until = 0.0
        self._refused = False

    async def token(self) -> Token:
        """A token that is valid now; it waits only where none is held.

        Raises:
            SourceUnavailable: the endpoint gave none.
        """
        held, now = self._held, self._clock()
        if held is not None and now < held.good_until:
            if now >= held.fresh_until and now >= self._pause_until:
                self._fetching()
            return held
        if self._failure and now < self._pause_until:
            raise SourceUnavailable(self._failure)
        got = await asyncio.shield(self._fetching())
        if isinstance(got, str):
            raise SourceUnavailable(got)
        return got

    def refused(self, token: Token) -> bool:
        """Tells that the source refused ``token``; True where the next one is worth a try."""
        if self._held is not token:
            return True
        if token.replaces_refused and self._clock() - token.since < _SETTLED_S:
            return False
        self._held, self._refused = None, True
        return True

    def _fetching(self) -> asyncio.Task[Token | str]:
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch(), name="token")
        return self._flight

    async def _fetch(self) -> Token | str:
        """A new token, or why there is none."""
        try:
            reply = await self._http.send(self._request, timeout=self._timeout_s, resendable=True)
            self._held = token = self._read(reply)
        except SourceError as error:
            self._failure = f"no token from {self._where}: {error.detail}"
            self._pause_until = self._clock() + _PAUSE_S
            return self._failure
        finally:
            self._flight = None
        self._failure, self._refused = "", False
        return token

    def _read(self, reply: Reply) -> Token:
        try:
            body = msgspec.json.decode(reply.body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            body = None
        said = body if isinstance(body, dict) else {}
        if reply.status != 200:
            word = said.get("error")
            known = f" ({word}): {_KNOWN[word]}" if isinstance(word, str) and word in _KNOWN else ""
            raise SourceUnavailable(f"it answered {reply.status}{known}")
        value, kind = said.get("access_token"), said.get("token_type")
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise SourceUnavailable("its answer holds no access token")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise SourceUnavailable("its token is no bearer token")
        now, life = self._clock(), _life(said.get("expires_in"))
        early = min(60.0, life / 5)
        return Token(value, now, now + life - early, now + life, self._refused)

    async def close(self) -> None:
        """Ends a fetch that is under way, and the connections to the endpoint."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)
        await self._http.close()


def _life(said: object) -> float:
    """Seconds that a token lives (RFC 6749 section 5.1); some endpoints write the number as a string."""
    if isinstance(said, str) and re.fullmatch(r"[0-9]{1,9}", said):
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float):
        return _UNSAID_S
    return float(max(0, min(said, _LONGEST_S)))  # bounded before it is a float: an integer may be larger than any


def _request(settings: OAuth2) -> Request:
    form = {"grant_type": "client_credentials"}
    if settings.scopes:
        form["scope"] = " ".join(settings.scopes)
    if settings.audience is not None:
        form["audience"] = settings.audience
    if settings.resource is not None:
        form["resource"] = settings.resource
    form |= {name: value.get_secret_value() for name, value in settings.parameters.items()}
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    secret = None if settings.client_secret is None else settings.client_secret.get_secret_value()
    if secret is not None and settings.client_auth == "basic":
        headers["Authorization"] = basic(quote_plus(settings.client_id), quote_plus(secret))
    else:
        form["client_id"] = settings.client_id
        if secret is not None:
            form["client_secret"] = secret
    return Request("POST", settings.token_url, headers, urlencode(form).encode())
