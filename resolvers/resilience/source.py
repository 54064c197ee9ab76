"""What stands between the loaders and a client, so that each call ends well, in time, or with an error in order.

It makes a ``Source`` of any client and knows nothing of the wire. A call waits for its turn (a limit of calls) and for
a place (a bound on those under way), is made within its deadline, and is made again where that is safe and worth it:
the only layer that does so, which is why no call leaves us more than three times.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import NoReturn

from msgspec.structs import replace

from resolvers.breaker import Breaker, Permit
from resolvers.bulkhead import Bulkhead, Full
from resolvers.errors import (
    BreakerOpen,
    IsthmusError,
    OutcomeUnknown,
    RateLimited,
    SourceBadResponse,
    SourceBusy,
    SourceError,
    SourceTimeout,
    untraced,
)
from resolvers.http_settings import HttpSettings
from resolvers.idempotency import fresh
from resolvers.model import SourceModel
from resolvers.resilience.allowance import SharedAllowance
from resolvers.resilience.budget import Budget
from resolvers.resilience.guard import Guard, guard_of, outcome, pause
from resolvers.resilience.pacing import Pacing
from resolvers.resilience.verdict import say
from resolvers.settings import SourceSettings
from resolvers.source import Call, Client, Context
from resolvers.tally import Standing, Tally
from resolvers.time_limits import TimeLimits

_log = logging.getLogger("isthmus.sources")
_GRACE_S = 0.1
"""Clients keep the same time themselves and know how far a call has come: theirs is the word, when it comes."""


class Resilient:
    """A source that keeps its promises: it answers in time or with a ``SourceError``, never with anything else.

    ``standing``: where its breaker stands, where that is not to be told yet. ``shared``: counts the calls of several
    processes together, where ``rate_limit`` says so. ``clock``: the breaker's.
    """

    def __init__(
        self,
        client: Client,
        tally: Tally,
        settings: SourceSettings,
        *,
        standing: Standing | None = None,
        shared: SharedAllowance | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.concurrency = settings.concurrency
        self.tally = tally
        self._standing = tally.standing if standing is None else standing
        self._client = client
        self._settings = settings
        self._timeout_s = settings.timeout_s
        self._places = Bulkhead(settings.concurrency, settings.max_waiting)
        self._limits = TimeLimits()
        self._budget = Budget(settings.retries.budget_percent / 100, settings.retries.min_per_s)
        self._pacing = Pacing(client.model.name, tally, settings.rate_limit, shared)
        self._guards: dict[str, Guard] = {}
        several = isinstance(settings, HttpSettings) and len(settings.replicas) > 1
        # Each of several replicas has a breaker of its own.
        name = client.model.name
        self._breaker = None if several else Breaker(settings.breaker, self._standing, called=name, clock=clock)
        auth = settings.auth if isinstance(settings, HttpSettings) else None
        self._knows_callers = auth is not None and (auth.forward is not None or auth.exchange is not None)

    @property
    def model(self) -> SourceModel:
        return self._client.model

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``.

        Raises:
            SourceTimeout: no place became free, or no answer came, before the deadline; nothing was changed there.
            SourceBusy: too many wait for a place, or this one waited for too long. RateLimited: it may not be sent yet.
            OutcomeUnknown: something other than a read was under way when its time ran out.
        """
        guard = self._guards.get(call.operation)
        if guard is None:
            guard = self._guards[call.operation] = guard_of(call.operation, self.model, self._settings)
        started, code = asyncio.get_running_loop().time(), None
        self._budget.call(started)
        if guard.header:
            call = self._marked(call, context, guard.header)
        try:
            try:
                return await self._once(call, context, guard, context.deadline)
            except SourceError as error:
                failed = untraced(error)
            return await self._again(failed, call, context, guard, started)
        except IsthmusError as error:
            code = error.code
            raise
        finally:
            self.tally.ended(asyncio.get_running_loop().time() - started, code)

    def _marked(self, call: Call, context: Context, header: str) -> Call:
        """The call with the key by which the source knows it when it is made again, by us or by the caller."""
        if context.idempotency is None:
            key = fresh()
        else:
            operation = f"{self.model.name}.{call.operation}"
            key = context.idempotency.of(context.credential_class, operation, call.arguments)
        return replace(call, idempotency=(header, key))

    async def _again(self, error: SourceError, call: Call, context: Context, guard: Guard, started: float) -> object:
        """Makes a call again that has failed with ``error``, as often as that is safe and worth it.

        Raises:
            IsthmusError: what it came to.
        """
        loop = asyncio.get_running_loop()
        ends = min(context.deadline, started + self._timeout_s)
        errors: list[IsthmusError] = [error]
        sends, made = error.sends, 0
        while guard.may_repeat(error, sends, made):
            now = loop.time()
            wait = pause(made, error)
            if now + wait >= ends:
                break
            if not self._budget.take(now):
                self.tally.not_retried += 1
                break
            self.tally.retries += 1
            made += 1
            if error.tried:
                call = replace(call, tried=error.tried)
            if wait:
                await asyncio.sleep(wait)
            try:
                return await self._once(call, replace(context, deadline=ends), guard, ends)
            except SourceError as failed:
                errors.append(untraced(failed))
                sends += failed.sends
                error = failed
            except IsthmusError as failed:
                errors.append(untraced(failed))
                break
        try:
            raise outcome(errors) from errors[-1].__cause__
        finally:
            del error, errors  # the traceback begins here

    async def _once(  # noqa: C901, PLR0912  # every call comes here: no frame more than it needs
        self, call: Call, context: Context, guard: Guard, latest: float
    ) -> object:
        """Makes a call, which must begin before ``latest``."""
        if self._standing.state != "closed":
            self._look()
        pacing = self._pacing
        turn = None
        if pacing.rated or pacing.throttle.held:
            turn = await pacing.admit(self._who(context), latest)
        if not self._places.enter():
            try:
                await self._place(call, latest)
            except BaseException:
                pacing.give_back(turn)
                raise
        self.tally.under_way += 1
        permit: Permit | None = None
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            if self._breaker is not None:
                permit = self._breaker.permit() or self._refuse()
            due = min(context.deadline, started + self._timeout_s)
            if due <= started:
                self._be_late(call)
            with self._limits.until(due + _GRACE_S):
                value = await self._client.execute(call, context)
        except BaseException as error:  # noqa: BLE001  # it is raised again below
            failed = self._named(error, call, guard)
            if isinstance(failed, SourceError) and not failed.sends:
                pacing.give_back(turn)  # a source that is down would use up a day's calls and hear none
            self._note(failed, permit, context, started)
            try:
                if failed is error:
                    raise
                raise failed from error
            finally:
                del failed  # the traceback begins here
        else:
            if permit is not None:
                permit.succeeded(loop.time() - started)
            return value
        finally:
            self.tally.under_way -= 1
            self._places.leave()

    def _look(self) -> None:
        """Refuses a call at once where the breaker would: nobody waits for a turn in vain.

        Raises:
            BreakerOpen: it is open, and nothing was sent.
        """
        if self._breaker is not None and not self._breaker.would_permit():
            self.tally.refused_open += 1
            raise BreakerOpen(f"{self.model.name} is not asked now")

    def _refuse(self) -> NoReturn:
        raise BreakerOpen(f"{self.model.name} is not asked now")

    def _be_late(self, call: Call) -> NoReturn:
        """A timeout that is due only interrupts what waits, and a client may send before it first waits."""
        raise SourceTimeout(self._out_of_time(call), sends=0, passing=False)

    def _note(self, failed: BaseException, permit: Permit | None, context: Context, started: float) -> None:
        """Tells the breaker, the throttle and the tally how a call failed."""
        now = asyncio.get_running_loop().time()
        if permit is not None:
            given = min(context.deadline - started, self._timeout_s)
            say(permit, failed, now - started, given, self._timeout_s)
        if isinstance(failed, RateLimited) and failed.retry_after:
            self._pacing.throttle.hold(self._who(context), now, failed.retry_after)
        elif isinstance(failed, BreakerOpen):
            self.tally.refused_open += 1

    def _named(self, error: BaseException, call: Call, guard: Guard) -> BaseException:
        """What a call ended in, as an error in order; what ends the task itself stays what it is."""
        if isinstance(error, IsthmusError) or not isinstance(error, Exception):
            return error
        if isinstance(error, TimeoutError):
            return (SourceTimeout if guard.reads else OutcomeUnknown)(self._out_of_time(call))
        _log.error("unexpected failure in %s.%s", self.model.name, call.operation, exc_info=error)
        return (SourceBadResponse if guard.reads else OutcomeUnknown)(type(error).__name__)

    def _who(self, context: Context) -> str:
        """Whom the source takes a call for: the gateway, or the caller where the source is told of callers."""
        return context.credential_class if self._knows_callers else ""

    async def _place(self, call: Call, latest: float) -> None:
        """Waits for a place among the calls under way.

        Raises:
            SourceTimeout: none became free before the deadline. SourceBusy: too many wait, or this one too long.
        """
        longest = asyncio.get_running_loop().time() + self._settings.max_wait_s
        self.tally.waiting += 1
        try:
            with self._limits.until(min(latest, longest)):
                await self._places.wait()
        except Full:
            raise SourceBusy(f"{self.model.name}: {self._settings.max_waiting} calls wait", sends=0) from None
        except TimeoutError as error:
            if longest < latest:
                why = f"{self.model.name}: no place in {self._settings.max_wait_s} s"
                raise SourceBusy(why, sends=0) from error
            raise SourceTimeout(self._out_of_time(call), sends=0, passing=False) from error
        finally:
            self.tally.waiting -= 1

    def _out_of_time(self, call: Call) -> str:
        return f"{self.model.name}.{call.operation} ran out of time"

    async def close(self) -> None:
        await self._client.close()
        await self._pacing.close()
