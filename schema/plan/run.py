"""``Run``: one execution of one plan: who asks, with which sources, what was loaded so far. It dies with its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from resolvers import Context, Loaders, Source
from schema.access.principal import Principal
from schema.plan.operation import OperationPlan


@dataclass(slots=True)
class Run:
    """What hand-written resolvers see as ``info.context``; ``batches`` belongs to batch resolvers."""

    plan: OperationPlan
    principal: Principal
    context: Context
    sources: Mapping[str, Source]
    loaders: Loaders
    batches: dict[object, object] = field(default_factory=dict)
    filters: dict[object, asyncio.Future[Sequence[tuple[object, ...]]]] = field(default_factory=dict)
    """What filters asked of other sources (``semijoin.py``), for every field that asks the same."""
    objects: int = 100_000
    """How many objects the answer may still have."""
    lays: bool = False
    """Whether rows may come as they are to stand in the answer."""

    def end(self) -> None:
        """Ends what nobody waits for any more."""
        for asked in self.filters.values():
            asked.cancel()
