"""``Lifetime``: for how long an answer of a source may be given again, and to whom. Data; nothing here keeps anything.

The configuration says it of a source, an operation or a coordinate, and a call carries what its coordinate says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal["shared", "caller"]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Seconds since the answer came: fresh for ``ttl_s``; for ``stale_s`` more it is given while it is fetched anew;
    for ``stale_if_error_s`` more than ``ttl_s`` it is given where the source fails.

    ``scope``: who shares it; ``None``: everybody where the source is told nothing of its callers, else nobody.
    ``missing``: what is not there is kept too. ``tags``: by what it is forgotten.
    """

    ttl_s: float
    stale_s: float = 0.0
    stale_if_error_s: float = 0.0
    scope: Scope | None = None
    missing: bool = True
    tags: tuple[str, ...] = ()

    @property
    def kept_s(self) -> float:
        """After so many seconds nobody is given it any more."""
        return self.ttl_s + max(self.stale_s, self.stale_if_error_s)
