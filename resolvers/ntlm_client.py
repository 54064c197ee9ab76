"""A client whose connections are proven by NTLM, one after the other, and held by one call at a time.

A handshake proves the connection that it was made on, so each lane here is an ``HttpClient`` that never has a second
connection; a call takes a lane for itself, and gives it back when its reply is there. What may be sent twice is a read;
for anything else the handshake comes first, and the request itself is sent once, as the last step of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from resolvers.errors import OutcomeUnknown, SourceTimeout, SourceUnavailable
from resolvers.http import HttpClient, Reply, Request
from resolvers.ntlm import Handshake, NtlmRefused

_UNAUTHORIZED = 401


@dataclass(slots=True)
class _Lane:
    """``proven``: the number of the connection that was proven last; 0 for none."""

    http: HttpClient
    proven: int = 0


class NtlmClient:
    """Sends as ``HttpClient`` does; ``lane`` makes one with room for a single connection."""

    def __init__(self, lane: Callable[[], HttpClient], begin: Callable[[], Handshake]) -> None:
        self._lane = lane
        self._begin = begin
        self._lanes: list[_Lane] = []
        self._free: list[_Lane] = []
        self._lasting = True

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # whole call
        """As ``HttpClient.send``; the handshake counts.

        Raises:
            SourceUnavailable: no handshake came about, and what was asked for was not done.
        """
        lane = self._free.pop() if self._free else self._open()
        try:
            if not lane.http.is_home(request.url):
                return await lane.http.send(request, timeout=timeout, resendable=resendable)
            return await self._send(lane, request, asyncio.get_running_loop().time() + timeout, resendable=resendable)
        finally:
            self._free.append(lane)

    async def _send(self, lane: _Lane, request: Request, until: float, *, resendable: bool) -> Reply:
        if resendable and self._lasting and lane.proven:
            reply = await lane.http.send(request, timeout=_left(until), resendable=True)
            if reply.status != _UNAUTHORIZED:
                return reply
            # On the connection that was proven: this source wants the proof of every request.
            self._lasting = lane.proven != lane.http.opened
        reply, same = await self._prove(lane, request, until, resendable=resendable)
        if reply.status == _UNAUTHORIZED and not same:
            if not resendable:
                raise SourceUnavailable(_LOST)
            reply, same = await self._prove(lane, request, until, resendable=resendable)
            if reply.status == _UNAUTHORIZED and not same:
                raise SourceUnavailable(_LOST)
        return reply

    async def _prove(self, lane: _Lane, request: Request, until: float, *, resendable: bool) -> tuple[Reply, bool]:
        """The handshake, whose last step is the request; and whether all of it went over one connection."""
        lane.proven = 0  # if this is cut short, its connection stands between two steps
        handshake = self._begin()
        bare = replace(request, headers=_bearing(request, handshake.hello), body=b"" if request.body else request.body)
        reply = await lane.http.send(bare, timeout=_left(until), resendable=resendable or bool(request.body))
        if reply.status != _UNAUTHORIZED:
            return _unasked(reply, request, resendable=resendable), True
        number = lane.http.opened
        try:
            proof = handshake.answer(reply.headers)
        except NtlmRefused as error:
            raise SourceUnavailable(str(error)) from error
        whole = replace(request, headers=_bearing(request, proof))
        reply = await lane.http.send(whole, timeout=_left(until), resendable=resendable)
        same = lane.http.opened == number
        lane.proven = number if same and reply.status != _UNAUTHORIZED else 0
        return reply, same

    def _open(self) -> _Lane:
        lane = _Lane(self._lane())
        self._lanes.append(lane)
        return lane

    async def close(self) -> None:
        await asyncio.gather(*(lane.http.close() for lane in self._lanes))


_LOST = "the connection did not stay open between the steps of NTLM, as it must; is there a proxy in between?"


def _unasked(reply: Reply, request: Request, *, resendable: bool) -> Reply:
    """The reply of a source that asked for no proof: an answer, where the request has no body that was left out."""
    if not request.body:
        return reply
    detail = f"it answered {reply.status} to the first step of NTLM, which bears no body; does it ask for NTLM at all?"
    if resendable or reply.status >= 300:
        raise SourceUnavailable(detail, passing=False)
    raise OutcomeUnknown(detail)


def _left(until: float) -> float:
    left = until - asyncio.get_running_loop().time()
    if left <= 0:
        raise SourceTimeout("no time was left in the handshake")
    return left


def _bearing(request: Request, value: str) -> dict[str, str]:
    headers = {name: text for name, text in request.headers.items() if name.lower() != "authorization"}
    return {**headers, "Authorization": value}
