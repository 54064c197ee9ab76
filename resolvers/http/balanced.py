"""``Balanced``: the calls of one source, each sent to one of its replicas, and to another where it never left us.

Requests are made out to the source's first address, whatever replica they go to, so that all that stands above (what
is kept, whose credentials these are) knows one address. Only the addresses that were configured are ever called. A
request that left us is not sent again here; who does that finds the replicas that failed it in ``Request.tried``.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from resolvers.breaker import Breaker, BreakerSettings, Permit
from resolvers.errors import BreakerOpen, ReplyTooLarge, SourceError
from resolvers.http.exchange import Http, Reply, Request
from resolvers.http.replica import ROW, Replica
from resolvers.tally import ReplicaTally, Standing

_log = logging.getLogger("isthmus.sources")
_AWAY = frozenset({502, 503, 504})
"""Answers that say that the source is not there (RFC 9110 section 15.6)."""
_TOO_MANY = 429
_EARLY_S = 0.005
"""A time-out may come so much too early, in seconds."""
_FAIR = 0.5
"""A call that had less than this share of the longest time says nothing by not being answered: callers choose how long
they wait, and who waits for a moment only must not close a replica to all others."""


@dataclass(frozen=True, slots=True)
class Several:
    """The replicas of a source, as they are stated.

    ``addresses``: name → address, the first being the one that requests are made out to. ``called``: how the log calls
    the source. ``timeout_s``: the longest time for one call. ``faults``: a 500 with XML in it is an answer (SOAP 1.2
    part 2, section 7.5.2.2).
    """

    called: str
    addresses: tuple[tuple[str, str], ...]
    timeout_s: float
    standing: Standing
    breaker: BreakerSettings
    faults: bool = False


class Balanced:
    """The state of the source is open while none of its replicas may be asked.

    ``way``: gives the way to an address; it may be the same for all. ``chance``: a random number, 0 to 1.
    """

    def __init__(
        self, several: Several, way: Callable[[str], Http], *, chance: Callable[[], float] = random.random
    ) -> None:
        self._several = several
        self._chance = chance
        self._home = several.addresses[0][1].rstrip("/")
        self._replicas = [self._replica(name, url, way(url)) for name, url in several.addresses]
        known = several.standing.replicas
        for name in known.keys() - {each.name for each in self._replicas}:
            del known[name]

    def _replica(self, name: str, url: str, way: Http) -> Replica:
        tally = self._several.standing.replicas.setdefault(name, ReplicaTally())
        called = f"{self._several.called}, replica {name}"
        return Replica(name, url.rstrip("/"), way, tally, Breaker(self._several.breaker, tally, called=called))

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # whole call
        """As ``Http.send``.

        Raises:
            BreakerOpen: no replica may be asked now, and nothing was sent.
        """
        rest = request.url[len(self._home) :]
        if not request.url.startswith(self._home) or (rest and rest[0] not in "/?"):
            return await self._replicas[0].way.send(request, timeout=timeout, resendable=resendable)
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout
        tried = request.tried if request.tried is not None else []
        unheard: list[Replica] = []
        said: SourceError | None = None
        while (found := self._choose(tried, unheard, loop.time(), reads=resendable)) is not None:
            replica, permit = found
            asked = replace(request, url=replica.url + rest)
            try:
                return await self._ask(replica, permit, asked, ends - loop.time(), resendable=resendable)
            except SourceError as error:
                _note(tried, replica)
                error.tried = tuple(tried)
                if error.sends or ends <= loop.time():
                    raise
                unheard.append(replica)
                said = error
        if said is None:
            self._several.standing.state = "open"
            raise BreakerOpen(f"{self._several.called}: no replica is asked now")
        raise said

    async def _ask(
        self,
        replica: Replica,
        permit: Permit,
        request: Request,
        timeout: float,  # noqa: ASYNC109  # whole call
        *,
        resendable: bool,
    ) -> Reply:
        """One exchange with one replica, judged by how it ends."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        replica.begins()
        try:
            reply = await replica.way.send(request, timeout=timeout, resendable=resendable)
        except SourceError as error:
            now = loop.time()
            if not self._proves_nothing(error, now - began, timeout):
                permit.failed()
                self._failed(replica, now, now - began)
            elif not error.stale:
                replica.took(now, now - began)
            raise
        except BaseException:
            now = loop.time()
            replica.took(now, now - began)
            raise
        else:
            now = loop.time()
            self._answered(replica, permit, reply, now, now - began)
            if request.tried is not None and (reply.status >= 500 or reply.status == _TOO_MANY):
                _note(request.tried, replica)
            return reply
        finally:
            permit.release()
            replica.ends()

    def _proves_nothing(self, error: SourceError, seconds: float, timeout: float) -> bool:
        """Whether an error is none of the replica's doing, or cannot be known to be."""
        if error.stale or isinstance(error.__cause__ or error, ReplyTooLarge):
            return True
        return seconds >= timeout - _EARLY_S and timeout < _FAIR * self._several.timeout_s

    def _answered(self, replica: Replica, permit: Permit, reply: Reply, now: float, seconds: float) -> None:
        status = reply.status
        if status not in _AWAY:
            self._several.standing.state = "closed"  # whatever it says, it answers
        if status < 400:
            permit.succeeded(seconds)
            replica.answered(now, seconds)
        elif status in _AWAY:
            permit.failed()
            self._failed(replica, now, seconds)
        elif status >= 500 and not (self._several.faults and "xml" in reply.headers.get("content-type", "")):
            permit.succeeded(seconds)  # it is there; whether all its operations work is not the breaker's to say
            self._failed(replica, now, seconds)
        else:
            permit.succeeded(seconds)
            replica.refused()
            if status == _TOO_MANY:
                replica.was_busy(now, seconds)

    def _failed(self, replica: Replica, now: float, seconds: float) -> None:
        replica.failed(now, seconds)
        if replica.in_a_row < ROW or replica.is_left_out(now):
            return
        unwell = sum(not each.is_well(now) for each in self._replicas if each is not replica)
        if unwell + 1 > len(self._replicas) // 2:
            return  # where most of them fail, the fault is not theirs, and the rest could not bear all calls
        spell = replica.leave_out(now)
        _log.warning(
            "%s, replica %s is left out for %.0f s: %d calls in a row failed",
            self._several.called, replica.name, spell, replica.in_a_row,
        )  # fmt: skip

    def _choose(
        self, tried: Collection[str], unheard: Sequence[Replica], now: float, *, reads: bool
    ) -> tuple[Replica, Permit] | None:
        """The replica to be asked next, with the permit of its breaker; ``None``: none may be asked.

        The less costly of two by chance: whoever always took the best would send all calls of a moment to one.
        """
        every = self._replicas
        if not tried:
            one, other = self._two(every)
            if one.is_well(now) and other.is_well(now):
                best = one if one.cost(now) <= other.cost(now) else other
                permit = best.breaker.permit()
                if permit is not None:
                    return best, permit
        left = [each for each in every if each not in unheard and each.breaker.would_permit()]
        fit = [each for each in left if not each.is_left_out(now)]
        if not fit:  # the others do not work either
            fit = left
            for each in left:
                each.pardon()
        fit = [each for each in fit if each.name not in tried] or fit
        if not fit:
            return None
        # A read looks whether one that was given up is back: it can be asked of another, should it not be.
        back = [each for each in fit if each.breaker.state != "closed" and not each.under_way] if reads else []
        one, other = self._two(back or fit)
        best = one if one.cost(now) <= other.cost(now) else other
        permit = best.breaker.permit()
        return None if permit is None else (best, permit)

    def _two(self, of: Sequence[Replica]) -> tuple[Replica, Replica]:
        """Two by chance; the same one twice where there is but one."""
        number = len(of)
        if number == 1:
            return of[0], of[0]
        first = int(self._chance() * number)
        second = int(self._chance() * (number - 1))
        return of[first], of[second + (second >= first)]

    async def close(self) -> None:
        """Closes every connection."""
        for way in {id(each.way): each.way for each in self._replicas}.values():
            await way.close()


def _note(tried: list[str], replica: Replica) -> None:
    if replica.name not in tried:
        tried.append(replica.name)
