"""Answers to single keys of an operation that takes many: a call is made for those alone of which nothing is kept.

Rows are told apart by the values of their own fields, never by position. Who asks while another's call for the same
key is under way waits for that one, and calls for the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec.structs import replace

from resolvers.cache.flights import Flight, Flights
from resolvers.cache.keeping import DENIED, EARLY_S, Asked, Keeping, late
from resolvers.cache.packed import Corrupt, Unpackable, joined, pack
from resolvers.cache.store import Kept, Stamp
from resolvers.errors import IsthmusError, untraced
from resolvers.keys import Canonical
from resolvers.source import EVERYTHING, Call, Context, Keyed, Selection

_Part: TypeAlias = "tuple[int, bytes]"
"""How many rows a key has, and their bytes one behind the other."""


@dataclass(slots=True)
class _Brought:
    """``parts``: of the keys whose rows can be kept. ``value``: the whole reply, and ``rows`` those of each key in it,
    for one of those who wait. ``foreign``: how many of its rows are nobody's.
    """

    value: object
    rows: Mapping[Canonical, list[object]]
    parts: dict[Canonical, _Part]
    foreign: int
    taken: bool = False


@dataclass(slots=True)
class _Gathered:
    """What is known of the keys of one call so far."""

    parts: dict[Canonical, _Part] = field(default_factory=dict)
    rows: list[object] = field(default_factory=list)
    """Of keys whose rows cannot be kept."""
    old: dict[Canonical, Kept] = field(default_factory=dict)
    """What may be given where the source fails."""
    refresh: list[Canonical] = field(default_factory=list)
    oldest_s: float = -1.0
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _Question:
    """One call for many keys. ``keys``: canonical key → the key of its entry."""

    asked: Asked
    keys: Mapping[Canonical, bytes]
    stamp: Stamp | None
    call: Call
    keyed: Keyed
    context: Context


class ByKey:
    """The calls of one source that are made for many keys."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._flights: Flights[_Brought] = Flights()

    async def answer(self, asked: Asked, call: Call, keyed: Keyed, context: Context) -> object:
        """As ``Source.execute``: the rows of all keys, in a reply like the operation's own. Keys that fail while others
        are answered are told to ``keyed``.

        Raises:
            SourceTimeout: the caller's own time ran out, and no key is answered.
        """
        keeping = self._keeping
        keys = {key: asked.key + repr(key).encode("utf-8", "surrogatepass") for key in keyed.keys}
        found = await keeping.store.read(list(keys.values()), asked.tags, keeping.tally)
        question = _Question(asked, keys, found.stamp, call, keyed, context)
        known = self._sorted(asked, keys, found.entries)
        missing = [key for key in keys if key not in known.parts]
        if known.refresh:
            self._refresh(question, known.refresh)
        whole = await self._fetch(question, missing, known) if missing else _NOTHING
        if known.oldest_s >= 0:
            keeping.tell(call, context, known.oldest_s, stale=known.stale)
        left_s = asked.life.ttl_s - max(known.oldest_s, 0.0)
        keeping.note(asked, context, found.stamp, left_s if asked.life.missing else 0.0)
        if whole is not _NOTHING:
            return whole
        try:
            return self._together(question, known)
        except Corrupt:
            keeping.tally.failures += 1
            await keeping.store.drop(list(keys.values()))
            return await keeping.source.execute(call, context)

    def _sorted(self, asked: Asked, keys: Mapping[Canonical, bytes], entries: Sequence[Kept | None]) -> _Gathered:
        known, life, tally = _Gathered(), asked.life, self._keeping.tally
        for key, kept in zip(keys, entries, strict=True):
            if kept is None:
                continue
            if kept.age_s < life.ttl_s + life.stale_s:
                known.parts[key] = (kept.count, kept.data)
                known.oldest_s = max(known.oldest_s, kept.age_s)
                if kept.age_s < life.ttl_s:
                    tally.hits += 1
                else:
                    tally.stale += 1
                    known.stale = True
                    known.refresh.append(key)
            elif kept.age_s < life.ttl_s + life.stale_if_error_s:
                known.old[key] = kept
        return known

    async def _fetch(self, question: _Question, missing: Sequence[Canonical], known: _Gathered) -> object:
        """Brings what is missing into ``known``; or gives the whole reply, where all was asked for by this one call.

        Raises:
            IsthmusError: no key is answered at all.
        """
        flights, mine = self._under_way(question, missing)
        own = self._begin(question, mine, wanted=False) if mine else None
        if own is not None:
            flights[own] = mine
        until = question.context.deadline - (EARLY_S if known.old else 0.0)
        waits = [self._outcome(flight, until, question.call) for flight in flights]
        ended = [await waits[0]] if len(waits) == 1 else await asyncio.gather(*waits)
        failed: dict[Canonical, IsthmusError] = {}
        for (flight, wanted), brought in zip(flights.items(), ended, strict=True):
            if isinstance(brought, IsthmusError):
                failed |= await self._failed(question, brought, wanted, known)
                continue
            took = flight is own and not brought.taken
            if took:
                brought.taken = True
                if len(mine) == len(question.keys):
                    return brought.value
                question.keyed.foreign += brought.foreign
            known.parts |= {key: brought.parts[key] for key in wanted if key in brought.parts}
            lost = [key for key in wanted if key not in brought.parts]
            if lost:
                rows = brought.rows if took else await self._alone(question, lost)
                for key in lost:
                    known.rows += rows.get(key, ())
        if failed and len(failed) == len(question.keys):
            raise next(iter(failed.values()))
        question.keyed.failed.update(failed)
        return _NOTHING

    def _under_way(
        self, question: _Question, missing: Sequence[Canonical]
    ) -> tuple[dict[Flight[_Brought], list[Canonical]], list[Canonical]]:
        """The calls of others that bring some of the keys, and the keys that none brings."""
        flights: dict[Flight[_Brought], list[Canonical]] = {}
        mine: list[Canonical] = []
        for key in missing:
            flight = self._flights.of((question.keys[key], question.stamp, self._keeping.epoch))
            if flight is None:
                mine.append(key)
            else:
                flights.setdefault(flight, []).append(key)
        self._keeping.tally.misses += len(mine)
        self._keeping.tally.shared += len(missing) - len(mine)
        return flights, mine

    async def _outcome(self, flight: Flight[_Brought], until: float, call: Call) -> _Brought | IsthmusError:
        try:
            return await flight.wait(self._keeping.limits, until)
        except TimeoutError:
            return late(call)
        except IsthmusError as error:
            return untraced(error)

    async def _failed(
        self, question: _Question, error: IsthmusError, wanted: Sequence[Canonical], known: _Gathered
    ) -> dict[Canonical, IsthmusError]:
        """The error of each key, but for those that have something stale in its place."""
        keeping = self._keeping
        if isinstance(error, DENIED):
            await keeping.store.drop([question.keys[key] for key in wanted if key in known.old])
        if not keeping.hides(error):
            return dict.fromkeys(wanted, error)
        spared = [key for key in wanted if key in known.old]
        for key in spared:
            kept = known.old[key]
            known.parts[key] = (kept.count, kept.data)
            known.oldest_s, known.stale = max(known.oldest_s, kept.age_s), True
        keeping.tally.stale += len(spared)
        return {key: error for key in wanted if key not in known.old}

    async def _alone(self, question: _Question, keys: Sequence[Canonical]) -> Mapping[Canonical, list[object]]:
        """The rows of keys, from a call that nobody shares."""
        wanted = {key: question.keyed.keys[key] for key in keys}
        reply = await self._keeping.source.execute(_bound(question, wanted), question.context)
        rows, foreign = question.keyed.group(reply, wanted)
        question.keyed.foreign += foreign
        return rows

    def _begin(self, question: _Question, keys: Sequence[Canonical], *, wanted: bool) -> Flight[_Brought]:
        keeping = self._keeping
        flying = keeping.flying(question.context, wanted=wanted)
        asking = {key: question.keyed.keys[key] for key in keys}
        whole = len(keys) == len(question.keys) and not wanted
        call = question.call if whole else _bound(question, asking)
        names, stamp, asked = question.keys, question.stamp, question.asked

        async def bring(outcome: asyncio.Future[_Brought]) -> None:
            reply = await keeping.source.execute(replace(call, keyed=None), flying)
            rows, foreign = question.keyed.group(reply, asking)
            # Where nobody stated that the operation heeds its keys, such rows are the sign that it may not.
            parts = {} if foreign and keeping.is_guessed(call) else _parts(rows, asking)
            outcome.set_result(_Brought(reply, rows, parts, foreign))
            items = [(names[key], *part) for key, part in parts.items() if part[0] or asked.life.missing]
            if items and stamp is not None:
                await keeping.store.write(items, asked.tags, stamp, asked.life.kept_s, keeping.tally)

        return self._flights.begin([(names[key], stamp, keeping.epoch) for key in keys], bring, wanted=wanted)

    def _refresh(self, question: _Question, keys: Sequence[Canonical]) -> None:
        """Fetches anew what was given stale, with nobody waiting for it."""
        keeping = self._keeping
        due = [key for key in keys if self._flights.of((question.keys[key], question.stamp, keeping.epoch)) is None]
        if due and keeping.may_refresh():
            flight = self._begin(question, due, wanted=True)
            assert flight.task is not None
            flight.task.add_done_callback(lambda _: keeping.refreshed())

    def _together(self, question: _Question, known: _Gathered) -> object:
        """A reply like the operation's own, with the rows of all keys in it.

        Raises:
            Corrupt: what was kept cannot be read.
        """
        call = question.call
        at = self._keeping.source.model.operations[call.operation].at
        selection = call.selection
        for name in at:
            selection = EVERYTHING if selection.everything else selection.fields.get(name, Selection())
        parts = [known.parts[key] for key in question.keys if key in known.parts]
        if known.rows:  # rows of one reply look alike
            selection = selection.plain()
        rows = self._keeping.readers.read(joined(parts), selection)
        reply: object = [*rows, *known.rows] if known.rows else rows
        for name in reversed(at):
            reply = {name: reply}
        return reply

    async def close(self) -> None:
        """Ends what is under way."""
        await self._flights.close()


_NOTHING = object()


def _bound(question: _Question, keys: Mapping[Canonical, tuple[object, ...]]) -> Call:
    """The call for some of its keys."""
    made = question.keyed.bind(keys)
    return replace(
        question.call, arguments=made.arguments, predicate=made.predicate, per=made.per, keyed=None
    )  # fmt: skip


def _parts(rows: Mapping[Canonical, Sequence[object]], keys: Mapping[Canonical, object]) -> dict[Canonical, _Part]:
    """The rows of each key as they are kept; a key whose rows cannot be is not among them."""
    parts: dict[Canonical, _Part] = {}
    for key in keys:
        mine = rows.get(key, ())
        try:
            parts[key] = (len(mine), b"".join([pack(row) for row in mine]))
        except Unpackable:
            continue
    return parts
