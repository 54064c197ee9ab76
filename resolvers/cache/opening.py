"""Settings become a source whose answers are kept, or stay the source as it is where nothing is to be kept."""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.cache.keeping import Keeping
from resolvers.cache.source import Cached
from resolvers.cache.stated import stated, version
from resolvers.cache.store import Store
from resolvers.cache.tags import Tags
from resolvers.cache.told import Told
from resolvers.problem import Problem
from resolvers.settings import SourceSettings
from resolvers.source import Source
from resolvers.tally import CacheTally

MAX_BYTES = 67_108_864
"""Of all sources together, where nobody says otherwise: a tenth of what a process may take."""


@dataclass(frozen=True, slots=True)
class Caching:
    """``store``: where answers are kept. ``by_coordinate``: the configuration also says it of coordinates."""

    store: Store
    by_coordinate: bool = False


def cached(
    source: Source, kind: str, settings: SourceSettings, caching: Caching, tally: CacheTally
) -> tuple[Source, list[Problem]]:
    """The source, and what is wrong with what its settings say of keeping."""
    told = Told.by(settings)
    said = stated(source.model, settings, told)
    if not said.lifetimes and not caching.by_coordinate:
        return source, said.problems
    tags = Tags(source.model, said.invalidates)
    keeping = Keeping(
        source,
        caching.store,
        tally,
        tags,
        told,
        version=version(kind, settings, source.model),
        timeout_s=settings.timeout_s,
    )
    return Cached(source, keeping, said.lifetimes, tags), said.problems
