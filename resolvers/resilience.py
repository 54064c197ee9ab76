"""What stands between the loaders and a client: a bound on calls under way, one deadline round each, errors in order.

It wraps any ``Source`` and knows nothing of the wire. Retries and breakers will live here too; today a call is made
once.
"""

from __future__ import annotations

import asyncio
import logging

from resolvers.errors import IsthmusError, OutcomeUnknown, SourceBadResponse, SourceTimeout
from resolvers.model import Effect, SourceModel
from resolvers.source import Call, Context, Source

_log = logging.getLogger("isthmus.sources")


class Resilient:
    """A source that keeps its promises: it answers in time or with a ``SourceError``, and never with anything else."""

    def __init__(self, source: Source, *, concurrency: int, timeout_s: float) -> None:
        self._source = source
        self._timeout_s = timeout_s
        self._places = asyncio.Semaphore(concurrency)

    @property
    def model(self) -> SourceModel:
        return self._source.model

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``.

        Raises:
            SourceTimeout: no place became free, or no answer came, before the deadline; nothing was changed there.
            OutcomeUnknown: a write was under way when its time ran out.
        """
        started = False
        try:
            async with asyncio.timeout_at(context.deadline), self._places:
                _check_time(context)
                started = True
                async with asyncio.timeout(self._timeout_s):
                    return await self._source.execute(call, context)
        except TimeoutError as error:
            operation = self.model.operations.get(call.operation)
            if started and operation is not None and operation.effect is Effect.WRITE:
                raise OutcomeUnknown(f"{self.model.name}.{call.operation} ran out of time") from error
            raise SourceTimeout(f"{self.model.name}.{call.operation} ran out of time") from error
        except IsthmusError:
            raise
        except Exception as error:
            _log.exception("unexpected failure in %s.%s", self.model.name, call.operation)
            raise SourceBadResponse(f"{type(error).__name__}") from error

    async def close(self) -> None:
        await self._source.close()


def _check_time(context: Context) -> None:
    """A timeout that is due only interrupts what waits, and a client may send before it first waits.

    Raises:
        TimeoutError: the deadline has passed.
    """
    if not context.remaining():
        raise TimeoutError
