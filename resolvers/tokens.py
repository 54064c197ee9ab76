"""Access tokens got from a token endpoint (RFC 6749 section 4.4, RFC 8693) and kept until they run out.

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
from resolvers.errors import Forbidden, IsthmusError, SourceError, SourceUnavailable, Unauthenticated
from resolvers.http import HttpClient, Reply, Request
from resolvers.http_settings import Exchange, OAuth2

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
_CALLERS_FAULT: dict[str, type[Unauthenticated | Forbidden]] = {
    "invalid_grant": Unauthenticated,
    "invalid_request": Unauthenticated,
    "invalid_token": Unauthenticated,
    "access_denied": Forbidden,
}
"""What an endpoint says of a caller's token that it does not exchange (RFC 8693 section 2.2.2, and common practice)."""


@dataclass(frozen=True, slots=True)
class Token:
    """``fresh_until``: from then on a new one is fetched while this one, valid until ``good_until``, still serves."""

    value: str = field(repr=False)
    since: float
    fresh_until: float
    good_until: float
    replaces_refused: bool = False


class FetchedToken:
    """The token that one request to an endpoint gives. ``clock`` counts seconds and never goes back.

    ``of_caller``: the request holds a caller's own token, so that a refusal may be that caller's fault.
    """

    def __init__(
        self,
        request: Request,
        http: HttpClient,
        *,
        timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
        of_caller: bool = False,
    ) -> None:
        self._http = http
        self._timeout_s = timeout_s
        self._clock = clock
        self._request = request
        self._of_caller = of_caller
        self._held: Token | None = None
        self._flight: asyncio.Task[Token | IsthmusError] | None = None
        self._failure: IsthmusError | None = None
        self._pause_until = 0.0
        self._refused = False

    async def token(self) -> Token:
        """A token that is valid now; it waits only where none is held.

        Raises:
            SourceUnavailable: the endpoint gave none.
            Unauthenticated, Forbidden: nor will it, for this caller.
        """
        held, now = self._held, self._clock()
        if held is not None and now < held.good_until:
            if now >= held.fresh_until and now >= self._pause_until:
                self._fetching()
            return held
        if self._failure is not None and now < self._pause_until:
            raise _again(self._failure)
        got = await asyncio.shield(self._fetching())
        if isinstance(got, IsthmusError):
            raise _again(got)
        return got

    def refused(self, token: Token) -> bool:
        """Tells that the source refused ``token``; True where the next one is worth a try."""
        if self._held is not token:
            return True
        if token.replaces_refused and self._clock() - token.since < _SETTLED_S:
            return False
        self._held, self._refused = None, True
        return True

    def _fetching(self) -> asyncio.Task[Token | IsthmusError]:
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch(), name="token")
        return self._flight

    async def _fetch(self) -> Token | IsthmusError:
        """A new token, or why there is none."""
        try:
            reply = await self._http.send(self._request, timeout=self._timeout_s, resendable=True)
            self._held = token = self._read(reply)
        except (SourceError, Unauthenticated, Forbidden) as error:
            # What a caller may be told names no host.
            ours = SourceUnavailable(f"no token from {self._request.url}: {error.detail}")
            self._failure = ours if isinstance(error, SourceError) else error
            self._pause_until = self._clock() + _PAUSE_S
            return self._failure
        finally:
            self._flight = None
        self._failure, self._refused = None, False
        return token

    def _read(self, reply: Reply) -> Token:
        try:
            body = msgspec.json.decode(reply.body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            body = None
        said = body if isinstance(body, dict) else {}
        if reply.status != 200:
            word = said.get("error")
            if self._of_caller and isinstance(word, str) and word in _CALLERS_FAULT:
                raise _CALLERS_FAULT[word](f"the caller's token is not exchanged for the source ({word})")
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

    async def end(self) -> None:
        """Ends a fetch that is under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)


class ClientCredentials(FetchedToken):
    """The gateway's own token for one source. ``http``: the way to the endpoint."""

    def __init__(
        self, settings: OAuth2, http: HttpClient, *, timeout_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        request = _request(settings, {"grant_type": "client_credentials"})
        super().__init__(request, http, timeout_s=timeout_s, clock=clock)

    def of(self, _: Request) -> FetchedToken:
        """The token that a request is sent with: the same for all."""
        return self

    async def close(self) -> None:
        """Ends a fetch that is under way, and the connections to the endpoint."""
        await self.end()
        await self._http.close()


def _again(error: IsthmusError) -> IsthmusError:
    """The same for one more who waits: an error that is raised twice drags the first one's traceback along."""
    return type(error)(error.detail)


def exchange_request(settings: Exchange, token: str) -> Request:
    """A caller's token for one that the source takes (RFC 8693 section 2.1)."""
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
        "subject_token_type": settings.subject_token_type,
    }
    if settings.requested_token_type is not None:
        form["requested_token_type"] = settings.requested_token_type
    return _request(settings, form)


def _life(said: object) -> float:
    """Seconds that a token lives (RFC 6749 section 5.1); some endpoints write the number as a string."""
    if isinstance(said, str) and re.fullmatch(r"[0-9]{1,9}", said):
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float):
        return _UNSAID_S
    return float(max(0, min(said, _LONGEST_S)))  # bounded before it is a float: an integer may be larger than any


def _request(settings: OAuth2, form: dict[str, str]) -> Request:
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
