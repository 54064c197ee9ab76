"""What stands between the loaders and a client: a bound on calls under way, one deadline round each, errors in order.

It makes a ``Source`` of any client and knows nothing of the wire. Retries and breakers will live here too; today a
call is made once.
"""

from __future__ import annotations

import asyncio
import logging

from resolvers.errors import IsthmusError, OutcomeUnknown, SourceBadResponse, SourceTimeout
from resolvers.model import Effect, SourceModel
from resolvers.source import Call, Client, Context
from resolvers.tally import Tally
from resolvers.time_limits import TimeLimits

_log = logging.getLogger("isthmus.sources")
_GRACE_S = 0.1
"""Clients keep the same time themselves and know how far a call has come: theirs is the word, when it comes."""


class Resilient:
    """A source that keeps its promises: it answers in time or with a ``SourceError``, never with anything else."""

    def __init__(self, client: Client, tally: Tally, *, concurrency: int, timeout_s: float) -> None:
        self.concurrency = concurrency
        self.tally = tally
        self._client = client
        self._timeout_s = timeout_s
        self._places = asyncio.Semaphore(concurrency)
        self._limits = TimeLimits()

    @property
    def model(self) -> SourceModel:
        return self._client.model

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``.

        Raises:
            SourceTimeout: no place became free, or no answer came, before the deadline; nothing was changed there.
            OutcomeUnknown: something other than a read was under way when its time ran out.
        """
        started, code = asyncio.get_running_loop().time(), None
        try:
            return await self._execute(call, context)
        except IsthmusError as error:
            code = error.code
            raise
        finally:
            self.tally.ended(asyncio.get_running_loop().time() - started, code)

    async def _execute(self, call: Call, context: Context) -> object:
        await self._place(context, call)
        self.tally.under_way += 1
        try:
            with self._limits.until(self._due(context, call) + _GRACE_S):
                return await self._client.execute(call, context)
        except TimeoutError as error:
            operation = self.model.operations.get(call.operation)
            if operation is not None and operation.effect is not Effect.READ:
                raise OutcomeUnknown(self._out_of_time(call)) from error
            raise SourceTimeout(self._out_of_time(call)) from error
        except IsthmusError:
            raise
        except Exception as error:
            _log.exception("unexpected failure in %s.%s", self.model.name, call.operation)
            raise SourceBadResponse(f"{type(error).__name__}") from error
        finally:
            self.tally.under_way -= 1
            self._places.release()

    async def _place(self, context: Context, call: Call) -> None:
        """Waits for a place among the calls under way.

        Raises:
            SourceTimeout: none became free before the deadline.
        """
        if not self._places.locked():
            await self._places.acquire()  # which does not wait now, so nothing need bound it
            return
        try:
            with self._limits.until(context.deadline):
                await self._places.acquire()
        except TimeoutError as error:
            raise SourceTimeout(self._out_of_time(call)) from error

    def _due(self, context: Context, call: Call) -> float:
        """When a call must have ended, by the running loop's clock.

        Raises:
            SourceTimeout: there are none. A timeout that is due only interrupts what waits, and a client may send
                before it first waits.
        """
        now = asyncio.get_running_loop().time()
        if context.deadline <= now:
            raise SourceTimeout(self._out_of_time(call))
        return min(context.deadline, now + self._timeout_s)

    def _out_of_time(self, call: Call) -> str:
        return f"{self.model.name}.{call.operation} ran out of time"

    async def close(self) -> None:
        await self._client.close()
