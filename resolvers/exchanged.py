"""Callers' own tokens, exchanged for ones that a source takes (RFC 8693): one for each caller's token, none shared.

How a token is fetched, kept and replaced is ``tokens.py``'s; nothing here sends a call to a source.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from resolvers.http import HttpClient, Request
from resolvers.http_settings import Exchange
from resolvers.tokens import ClientCredentials, FetchedToken, exchange_request

KEPT_TOKENS = 10_000
"""Callers whose exchanged tokens are kept; of more, those who have not asked for the longest are forgotten."""


class ExchangedTokens:
    """The tokens of one source, by the digest of the caller's own.

    ``http``: the way to the endpoint; ``clock`` counts seconds and never goes back.
    """

    def __init__(
        self, settings: Exchange, http: HttpClient, *, timeout_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._http = http
        self._timeout_s = timeout_s
        self._clock = clock
        self._own = ClientCredentials(settings, http, timeout_s=timeout_s, clock=clock)
        self._held: OrderedDict[bytes, FetchedToken] = OrderedDict()

    def of(self, request: Request) -> FetchedToken:
        """The token that a request is sent with; the gateway's own where it comes from a caller who has none."""
        if not request.subject_token:
            return self._own
        digest = hashlib.sha256(request.subject_token.encode()).digest()
        held = self._held.get(digest)
        if held is None:
            exchange = exchange_request(self._settings, request.subject_token)
            held = FetchedToken(exchange, self._http, timeout_s=self._timeout_s, clock=self._clock, of_caller=True)
            self._held[digest] = held
            while len(self._held) > KEPT_TOKENS:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(digest)
        return held

    async def close(self) -> None:
        """Ends fetches that are under way, and the connections to the endpoint."""
        for held in self._held.values():
            await held.end()
        await self._own.close()
