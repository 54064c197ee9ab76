"""Copies of a database that are read instead of it: which of them answers, and which are left alone for a while.

A read goes to the less busy of two that are taken at random. One that fails is left out, twice as long each time, and
then one read tries it again; where none is left the primary answers, so whatever fails here costs time and no answer.
Nothing is ever changed through a replica.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from resolvers.errors import SourceBadResponse, SourceError, SourceTimeout, SourceUnavailable
from resolvers.sql.dialects.dialect import Database, Dialect, Plain
from resolvers.tally import ReplicaTally

_log = logging.getLogger("isthmus.sources")
_LEFT_OUT_S, _LEFT_OUT_MOST_S = 2.0, 60.0
_SILENT_S = 2.0
"""A copy that does not say this soon that it is there is not waited for."""
_HEARD_S = 10.0
"""For so long after an answer nobody asks a copy whether it is there."""
_THERE = text("SELECT 1")
_LAG_EVERY_S = 1.0
_NEWEST = 0.3
"""The share of the newest answer in the average time that is told; nothing is decided by it."""


class Replica:
    """One copy. ``called``: how the log calls it. ``tally``: where it counts; it is ejected while it is left out."""

    def __init__(
        self, called: str, database: Database, dialect: Dialect, max_lag_s: float | None, tally: ReplicaTally
    ) -> None:
        self.called = called
        self.under_way = 0
        self._tally = tally
        self._database = database
        self._dialect = dialect
        self._max_lag_s = max_lag_s
        self._failures = 0
        self._until = 0.0
        self._looked = self._heard = float("-inf")
        self._behind = False

    def may_answer(self, now: float) -> bool:
        """Whether it may be asked: it works, or its time is over and nobody else tries it just now."""
        return now >= self._until and not (self._failures and self.under_way)

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        """As ``Database.ask``.

        Raises:
            Elsewhere: it did not answer, and another may. SourceError: what another would say too.
        """
        self.under_way += 1
        self._tally.under_way += 1
        self._tally.calls += 1
        began = asyncio.get_running_loop().time()
        try:
            await self._look(budget)
            rows = await self._database.ask(query, budget)
        except Elsewhere:
            raise
        except (SQLAlchemyError, OSError, SourceError) as error:
            raise self._judged(error) from error
        finally:
            self.under_way -= 1
            self._tally.under_way -= 1
        if self._failures:
            _log.warning("%s answers again", self.called)
        self._failures = 0
        self._tally.ejected = False
        self._heard = asyncio.get_running_loop().time()
        took = self._heard - began
        self._tally.latency_s += _NEWEST * (took - self._tally.latency_s) if self._tally.latency_s else took
        return rows

    def _judged(self, error: Exception) -> Exception:
        said = error if isinstance(error, SourceError) else self._dialect.failure(error)
        if isinstance(said, SourceUnavailable):
            if not isinstance(error.__cause__, PoolTimeout):  # that one is only busy
                self.leave_out(said.detail)
            return Elsewhere(said)
        if isinstance(said, SourceTimeout):
            self._heard = float("-inf")  # it, or the statement: the next one asks first whether it is there
            return said
        if isinstance(said, SourceBadResponse) and not isinstance(error, SourceError):
            return Elsewhere(said, suspected=True)  # a table or a column is not there
        return Elsewhere(said) if self._dialect.gave_way(error) else error

    def leave_out(self, why: str) -> None:
        """Nobody asks it for a while."""
        spell = min(_LEFT_OUT_MOST_S, _LEFT_OUT_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._until = asyncio.get_running_loop().time() + spell
        self._tally.failures += 1
        self._tally.ejected = True
        _log.warning("%s is left out for %.0f s: %s", self.called, spell, why)

    async def _look(self, budget: float) -> None:
        """Whether it is there, and how far it is behind, both asked once in a while."""
        now = asyncio.get_running_loop().time()
        if self._max_lag_s is None:
            if now - self._heard >= _HEARD_S:
                await self._say(_THERE, budget)
            return
        if now - self._looked >= _LAG_EVERY_S:
            assert self._dialect.lag is not None
            ((lag,),) = await self._say(text(self._dialect.lag), budget)
            self._looked = now
            behind = lag is None or float(lag) > self._max_lag_s
            if behind != self._behind:
                _log.warning("%s is %s", self.called, "too far behind" if behind else "up to date again")
            self._behind = behind
        if self._behind:
            raise Elsewhere(SourceUnavailable("it is too far behind"))

    async def _say(self, query: Executable, budget: float) -> Sequence[Any]:
        try:
            return await self._database.ask(query, min(budget / 2, _SILENT_S))
        except SourceTimeout as error:
            self.leave_out("it does not answer")
            raise Elsewhere(SourceUnavailable("it does not answer")) from error

    async def close(self) -> None:
        """Gives back its connections."""
        await self._database.close()


class Elsewhere(Exception):  # it is no error of anybody's
    """A replica did not answer, and another may. ``suspected``: it lacks something, if another has that."""

    def __init__(self, said: SourceError, *, suspected: bool = False) -> None:
        super().__init__(said.detail)
        self.said = said
        self.suspected = suspected


class Replicas:
    """All copies of one database, and the primary behind them."""

    def __init__(self, replicas: Sequence[Replica], primary: Database) -> None:
        self._replicas = replicas
        self._primary = primary

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        """As ``Database.ask``."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + budget
        tried: list[Replica] = []
        suspected: list[tuple[Replica, str]] = []
        while (one := self._next(tried)) is not None:
            tried.append(one)
            try:
                rows = await one.ask(query, ends - loop.time())
            except Elsewhere as elsewhere:
                if elsewhere.suspected:
                    suspected.append((one, elsewhere.said.detail))
                if ends - loop.time() <= 0:
                    raise SourceTimeout("no replica answered in time") from elsewhere
            else:
                break
        else:
            rows = await self._primary.ask(query, ends - loop.time())
        for replica, why in suspected:  # another could do what it could not
            replica.leave_out(f"it is not like the others: {why}")
        return rows

    def _next(self, tried: Sequence[Replica]) -> Replica | None:
        now = asyncio.get_running_loop().time()
        left = [each for each in self._replicas if each not in tried and each.may_answer(now)]
        two = random.sample(left, 2) if len(left) > 1 else left  # no secret
        return min(two, key=lambda each: each.under_way, default=None)

    async def close(self) -> None:
        """Gives back all connections but those of the primary."""
        await asyncio.gather(*(each.close() for each in self._replicas))
