"""A client whose calls carry a token that runs out: fetched before it does, and once more when a source refuses it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from msgspec.structs import replace

from resolvers.errors import SourceError, SourceTimeout
from resolvers.http import HttpClient, Reply, Request
from resolvers.tokens import FetchedToken, Token

_UNAUTHORIZED = 401


class Tokens(Protocol):
    def of(self, request: Request) -> FetchedToken:
        """The token that a request is sent with."""

    async def close(self) -> None:
        """Closes every connection to the authorization server."""


class AuthorizedClient:
    """Sends as ``HttpClient`` does, with ``Authorization: Bearer`` on every call to the source's own host."""

    def __init__(self, http: HttpClient, tokens: Tokens) -> None:
        self._http = http
        self._tokens = tokens

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # whole call
        """As ``HttpClient.send``; waiting for a token counts.

        A call that the source answers with 401 is sent again with a new token where it may be sent twice at all.

        Raises:
            SourceUnavailable: there is no token, and nothing was sent.
            SourceTimeout: no token came in time, and nothing was sent.
            Unauthenticated, Forbidden: the caller's own token is not exchanged, and nothing was sent.
        """
        if not self._http.is_home(request.url):
            return await self._http.send(request, timeout=timeout, resendable=resendable)
        until = asyncio.get_running_loop().time() + timeout
        tokens = self._tokens.of(request)
        token = await _token(tokens, until)
        reply = await self._http.send(_bearing(request, token), timeout=_left(until), resendable=resendable)
        if reply.status != _UNAUTHORIZED or not tokens.refused(token) or not resendable:
            return reply
        token = await _token(tokens, until)
        left = _left(until)
        try:
            again = await self._http.send(_bearing(request, token), timeout=left, resendable=resendable)
        except SourceError as error:
            error.sends += 1  # the refused one left us too, and no call leaves us for ever
            raise
        return replace(again, sends=again.sends + 1)

    async def close(self) -> None:
        """Closes every connection, those to the authorization server too."""
        await self._tokens.close()
        await self._http.close()


async def _token(tokens: FetchedToken, until: float) -> Token:
    try:
        async with asyncio.timeout_at(until):
            return await tokens.token()
    except TimeoutError as error:
        raise SourceTimeout("no token came in time") from error


def _left(until: float) -> float:
    left = until - asyncio.get_running_loop().time()
    if left <= 0:
        raise SourceTimeout("no time was left after the token came")
    return left


def _bearing(request: Request, token: Token) -> Request:
    headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    headers["Authorization"] = f"Bearer {token.value}"
    return replace(request, headers=headers, subject_token="")
