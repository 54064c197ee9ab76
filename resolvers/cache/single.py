"""Answers to whole calls: looked up, given while they may be, fetched once by however many ask at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from resolvers.cache.flights import Flight, Flights
from resolvers.cache.keeping import DENIED, EARLY_S, Asked, Keeping, late
from resolvers.cache.packed import Corrupt, Unpackable, pack
from resolvers.cache.store import Kept, Stamp
from resolvers.errors import untraced
from resolvers.source import Call, Context, Exchange


@dataclass(slots=True)
class _Brought:
    """``value``: for one of those who wait, as it came. ``data``: for all others; ``None``: it cannot be shared."""

    value: object
    data: bytes | None
    taken: bool = False


class Single:
    """The calls of one source, each with one answer."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._flights: Flights[_Brought] = Flights()

    async def answer(self, asked: Asked, call: Call, context: Context) -> object:
        """As ``Source.execute``, from what is kept where that is fresh, or may be stale.

        Raises:
            SourceTimeout: the caller's own time ran out.
        """
        keeping, life = self._keeping, asked.life
        found = await keeping.store.read((asked.key,), asked.tags, keeping.tally)
        kept = found.entries[0]
        if kept is not None and kept.age_s < life.ttl_s + life.stale_s:
            given = await self._given(asked, kept, call)
            if given is not _NOTHING:
                stale = kept.age_s >= life.ttl_s
                if stale:
                    keeping.tally.stale += 1
                    self._refresh(asked, found.stamp, call, context)
                else:
                    keeping.tally.hits += 1
                keeping.tell(call, context, kept.age_s, stale=stale)
                keeping.note(asked, context, found.stamp, life.ttl_s - kept.age_s)
                return given
            kept = None
        spare = kept is not None and kept.age_s < life.ttl_s + life.stale_if_error_s
        try:
            value = await self._fetched(asked, found.stamp, call, context, EARLY_S if spare else 0.0)
        except Exception as error:
            if kept is not None and isinstance(error, DENIED):
                await keeping.store.drop((asked.key,))
            if kept is not None and spare and keeping.hides(error):
                given = await self._given(asked, kept, call)
                if given is not _NOTHING:
                    untraced(error)
                    keeping.tally.stale += 1
                    keeping.tell(call, context, kept.age_s, stale=True)
                    keeping.note(asked, context, None, 0.0)
                    return given
            if isinstance(error, TimeoutError):
                raise late(call) from error
            raise
        keeping.note(asked, context, found.stamp, life.ttl_s if value is not None or life.missing else 0.0)
        return value

    async def _given(self, asked: Asked, kept: Kept, call: Call) -> object:
        """The value of an entry; what cannot be read is forgotten."""
        try:
            return self._read(kept.data, call)
        except Corrupt:
            self._keeping.tally.failures += 1
            await self._keeping.store.drop((asked.key,))
            return _NOTHING

    def _read(self, data: bytes, call: Call) -> object:
        if call.exchange is None:
            return self._keeping.readers.read(data, call.selection)
        length = int.from_bytes(data[:4], "big")
        try:
            target, link = _exchange(data[4 : 4 + length])
        except msgspec.MsgspecError as error:
            raise Corrupt("exchange") from error
        call.exchange.target, call.exchange.link = target, link
        return self._keeping.readers.read(data[4 + length :], call.selection)

    async def _fetched(self, asked: Asked, stamp: Stamp | None, call: Call, context: Context, early_s: float) -> object:
        """The answer of the one call that is under way for it.

        Raises:
            TimeoutError: the caller's own time ran out.
        """
        keeping = self._keeping
        flight = self._flights.of((asked.key, stamp, keeping.epoch))
        if flight is None:
            keeping.tally.misses += 1
            flight = self._begin(asked, stamp, call, context, wanted=False)
        else:
            keeping.tally.shared += 1
        brought = await flight.wait(keeping.limits, context.deadline - early_s)
        if not brought.taken:
            brought.taken = True
            if call.exchange is not None and brought.data is not None:
                return self._read(brought.data, call)
            return brought.value
        if brought.data is None:
            return await keeping.source.execute(call, context)
        return self._read(brought.data, call)

    def _begin(
        self, asked: Asked, stamp: Stamp | None, call: Call, context: Context, *, wanted: bool
    ) -> Flight[_Brought]:
        flying = self._keeping.flying(context, wanted=wanted)

        async def bring(outcome: asyncio.Future[_Brought]) -> None:
            exchange = Exchange() if call.exchange is not None else None
            value = await self._keeping.source.execute(replace(call, exchange=exchange), flying)
            data = _packed(value, exchange)
            outcome.set_result(_Brought(value, data))
            if data is not None and stamp is not None and (value is not None or asked.life.missing):
                items = ((asked.key, 1, data),)
                await self._keeping.store.write(items, asked.tags, stamp, asked.life.kept_s, self._keeping.tally)

        return self._flights.begin([(asked.key, stamp, self._keeping.epoch)], bring, wanted=wanted)

    def _refresh(self, asked: Asked, stamp: Stamp | None, call: Call, context: Context) -> None:
        """Fetches anew what was given stale, with nobody waiting for it."""
        keeping = self._keeping
        if self._flights.of((asked.key, stamp, keeping.epoch)) is None and keeping.may_refresh():
            flight = self._begin(asked, stamp, call, context, wanted=True)
            assert flight.task is not None
            flight.task.add_done_callback(lambda _: keeping.refreshed())

    async def close(self) -> None:
        """Ends what is under way."""
        await self._flights.close()


_NOTHING = object()
_exchange = msgspec.msgpack.Decoder(tuple[str, str]).decode
_encode = msgspec.msgpack.Encoder().encode


def _packed(value: object, exchange: Exchange | None) -> bytes | None:
    try:
        data = pack(value)
    except Unpackable:
        return None
    if exchange is None:
        return data
    head = _encode((exchange.target, exchange.link))
    return len(head).to_bytes(4, "big") + head + data
