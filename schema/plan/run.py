"""``Run``: one execution of one plan: who asks, with which sources, what was loaded so far. It dies with its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from resolvers import Context, Loaders, Source
from schema.access.principal import Principal
from schema.access.rows import Guards
from schema.plan.operation import OperationPlan
from schema.plan.recorded import Trail


class Run(msgspec.Struct, eq=False):
    """What hand-written resolvers see as ``info.context``; ``batches`` belongs to batch resolvers."""

    plan: OperationPlan
    principal: Principal
    context: Context
    guards: Guards
    loaders: Loaders
    batches: dict[object, object] = {}  # msgspec makes a new one for each
    filters: dict[object, asyncio.Future[Sequence[tuple[object, ...]]]] = {}
    """What filters asked of other sources (``semijoin.py``), for every field that asks the same."""
    objects: int = 100_000
    """How many objects the answer may still have."""
    trail: Trail | None = None
    """What is told of the request to whoever audits it."""
    lays: bool = False
    """Whether rows may come as they are to stand in the answer."""

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources, of which the caller sees what rules on rows let them see."""
        return self.guards.sources

    def end(self) -> None:
        """Ends what nobody waits for any more."""
        for asked in self.filters.values():
            asked.cancel()
