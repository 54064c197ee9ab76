"""Loaders of one request: columns that ask the same operation in the same tick become one batch of distinct keys.

The unit of a load is a whole column, so a thousand parents cost one future. Loaders belong to one request and are
never shared between callers; what was fetched before is asked again only when more of it is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiodataloader import DataLoader

from resolvers.batch import Column, Outcome, fetch
from resolvers.errors import IsthmusError
from resolvers.keys import Canonical, canonical_keys
from resolvers.source import Context, Selection, Source

_PLAIN = {int, str, type(None)}
"""Types of key values among which only equal ones are the same key; ``True`` and ``1.0`` equal ``1``, and are not."""


@dataclass(slots=True, eq=False)
class _Ask:
    """``batch``: where it is loaded, once that has begun. ``left``: whoever asked no longer waits."""

    column: Column
    keys: Mapping[Canonical, tuple[object, ...]]
    selection: Selection
    batch: _Batch | None = None
    left: bool = False

    def leave(self) -> None:
        """Nobody waits for this any more; a batch for which nobody waits ends."""
        self.left = True
        if self.batch is not None:
            self.batch.waiting -= 1
            if not self.batch.waiting:
                self.batch.task.cancel()


@dataclass(slots=True, eq=False)
class _Batch:
    task: asyncio.Task[object]
    waiting: int


class _ColumnLoader:
    """One group of columns: what they already fetched, and the aiodataloader that joins those of one tick."""

    def __init__(self, source: Source, context: Context) -> None:
        self._source = source
        self._context = context
        self._fetched: dict[Canonical, tuple[Selection, Outcome]] = {}
        # Columns are never equal, so aiodataloader's own cache would only grow.
        self._loader: DataLoader[_Ask, Mapping[Canonical, Outcome]] = DataLoader(self._load, cache=False)

    async def load(self, ask: _Ask) -> Mapping[Canonical, Outcome]:
        # Nothing to shield: aiodataloader gives every ask a future of its own and runs the batch in a task of its own,
        # so a caller that is cancelled cancels nothing that others wait for.
        try:
            return await self._loader.load(ask)
        except asyncio.CancelledError:
            ask.leave()
            raise

    async def _load(self, every: list[_Ask]) -> list[Mapping[Canonical, Outcome]]:
        asks = [ask for ask in every if not ask.left]
        if not asks:
            return [{} for _ in every]
        task = asyncio.current_task()
        assert task is not None, "aiodataloader runs every batch in a task of its own"
        batch = _Batch(task, len(asks))
        selection = Selection()
        for ask in asks:
            ask.batch = batch
            selection = selection.merge(ask.selection)
        missing: dict[Canonical, tuple[object, ...]] = {}
        outcomes: dict[Canonical, Outcome] = {}
        for ask in asks:
            if not self._fetched:
                missing |= ask.keys
                continue
            for key, values in ask.keys.items():
                known = self._fetched.get(key)
                if known is not None and known[0].covers(selection):
                    outcomes[key] = known[1]
                else:
                    missing[key] = values
        if missing:
            fetched = await fetch(self._source, asks[0].column, missing, self._context, selection)
            outcomes |= fetched
            for key, outcome in fetched.items():
                if not isinstance(outcome, BaseException):
                    self._fetched[key] = (selection, outcome)
        return [outcomes for _ in every]


class Loaders:
    """All loaders of one request."""

    def __init__(self, sources: Mapping[str, Source], context: Context) -> None:
        self._sources = sources
        self._context = context
        self._loaders: dict[tuple[object, ...], _ColumnLoader] = {}

    def forget(self) -> None:
        """What was fetched so far is fetched anew: the request itself has changed something since."""
        self._loaders = {}

    async def load_column(
        self, column: Column, values: Sequence[object], selection: Selection, *, alone: bool = False
    ) -> Sequence[Outcome]:
        """As ``load`` for a key of one part: ``values`` are the key's own values."""
        kinds = set(map(type, values))
        if not kinds <= _PLAIN:
            return await self.load(column, [(value,) for value in values], selection, alone=alone)
        distinct = list(dict.fromkeys(values))
        (part,) = column.match.parts
        if alone and part.is_canonical(kinds) and part.is_outgoing(kinds):
            # Nearly every link: what is compared, sent and found by is the value itself, so nothing goes row by row.
            parts = list(zip(distinct, strict=True))
            keys: dict[Canonical, tuple[object, ...]] = dict(zip(parts, parts, strict=True))
            loaded = await fetch(self._sources[column.source], column, keys, self._context, selection)
            by_value = dict(zip(distinct, map(loaded.__getitem__, parts), strict=True))
            return list(map(by_value.__getitem__, values))
        outcomes = await self.load(column, [(value,) for value in distinct], selection, alone=alone)
        found = dict(zip(distinct, outcomes, strict=True))
        return [found[value] for value in values]

    async def load(
        self, column: Column, values: Sequence[Sequence[object]], selection: Selection, *, alone: bool = False
    ) -> list[Outcome]:
        """One outcome for each entry of ``values`` (a key's values in the order of ``column.match``), in their order.

        A key with a null part makes no call and gives ``None``, or ``[]`` for ``many``; one whose part is an error of
        the parent's source gives that error. ``alone``: no other column of
        the request asks this operation, so there is nothing to wait for or to remember.
        """
        parts = column.match.parts
        canonical = canonical_keys(parts, list(zip(*values, strict=True)) or [()] * len(parts))
        first: dict[Canonical, Sequence[object]] = {}
        for key, raw in zip(canonical, values, strict=True):
            if key is not None and key not in first:
                first[key] = raw
        if not first:
            return [_of_no_key(column, raw) for raw in values]
        sent = [part.outgoing_column(each) for part, each in zip(parts, zip(*first.values(), strict=True), strict=True)]
        keys = dict(zip(first, zip(*sent, strict=True), strict=True))
        found: Mapping[Canonical, Outcome]
        if alone:
            found = await fetch(self._sources[column.source], column, keys, self._context, selection)
        else:
            loader = self._loaders.get(column.group)
            if loader is None:
                loader = _ColumnLoader(self._sources[column.source], self._context)
                self._loaders[column.group] = loader
            found = await loader.load(_Ask(column, keys, selection))
        return [
            _of_no_key(column, raw) if key is None else found[key] for key, raw in zip(canonical, values, strict=True)
        ]


def _of_no_key(column: Column, values: Sequence[object]) -> Outcome:
    broken = next((value for value in values if isinstance(value, IsthmusError)), None)
    return broken if broken is not None else [] if column.many else None
