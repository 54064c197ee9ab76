"""``Cached``: a source whose answers are kept as long as the configuration says, and asked for once by however many.

It stands behind everything that depends on the caller: rules on rows and fields are applied to what comes from here,
kept or not. Which answers are kept is decided here; how they are found and given, in ``single.py`` and ``by_key.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from msgspec.structs import replace

from resolvers.cache.by_key import ByKey
from resolvers.cache.keeping import Keeping
from resolvers.cache.single import Single
from resolvers.cache.tags import Tags
from resolvers.errors import CallerError
from resolvers.lifetime import Lifetime
from resolvers.model import Effect, Operation, SourceModel
from resolvers.source import Call, Context, Source


class Cached:
    """``lifetimes``: operation → how long its answers are kept; one that is not there is asked every time, unless a
    call says otherwise itself.
    """

    def __init__(self, source: Source, keeping: Keeping, lifetimes: Mapping[str, Lifetime], tags: Tags) -> None:
        self._source = source
        self._keeping = keeping
        self._lifetimes = lifetimes
        self._tags = tags
        self._single = Single(keeping)
        self._by_key = ByKey(keeping)

    keeps = True
    """It tells of everything that it is asked for whether it is kept (``Context.parts``)."""

    @property
    def model(self) -> SourceModel:
        return self._source.model

    @property
    def concurrency(self) -> int:
        return self._source.concurrency

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``; what is given may be as old as the operation's lifetime says."""
        operation = self._source.model.operations.get(call.operation)
        if operation is not None and operation.effect is not Effect.READ:
            return await self._write(operation, call, context)
        life = call.lifetime or self._lifetimes.get(call.operation)
        if operation is None or life is None:
            if context.parts is not None:
                context.parts.sound = False
            return await self._source.execute(call, context)
        keyed = call.keyed
        if keyed is not None and (keyed.base.operation != call.operation or call.grouping.by):
            keyed = None
        if keyed is not None and keyed.base.arguments and not self.model.has_tables:
            keyed = None  # an argument may bound the reply as a whole, and then what a key has is not all of its own
        asked = self._keeping.asked(call if keyed is None else _without_keys(call), context, life)
        if asked is None:
            if context.parts is not None:
                context.parts.sound = False
            return await self._source.execute(call, context)
        if keyed is None:
            return await self._single.answer(asked, call, context)
        return await self._by_key.answer(asked, call, keyed, context)

    async def _write(self, operation: Operation, call: Call, context: Context) -> object:
        """A write, after which what it may have changed is forgotten, whatever became of it."""
        try:
            value = await self._source.execute(call, context)
        except CallerError:
            raise  # nothing was sent: who asks wrongly should not empty the cache
        except BaseException:
            await self._forget(operation)
            raise
        await self._forget(operation)
        return value

    async def _forget(self, operation: Operation) -> None:
        keeping = self._keeping
        keeping.epoch += 1
        # A caller who leaves now takes nothing back.
        await asyncio.shield(keeping.store.forget(self._tags.of_write(operation), keeping.tally))

    async def close(self) -> None:
        await self._single.close()
        await self._by_key.close()
        await self._source.close()


def _without_keys(call: Call) -> Call:
    """The call as it would be for any keys, which names what the answers to all of them have in common."""
    assert call.keyed is not None
    base = call.keyed.base
    return replace(call, arguments=base.arguments, predicate=base.predicate)
