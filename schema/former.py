"""Why a coordinate is not there: ``rename`` gave it another name, or ``hide`` takes it away.

It reads what the configuration says and changes nothing; whether a coordinate is missing is found by whoever looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from resolvers import Problem


class Former:
    """The coordinates that a file changes, by the names they would have without it."""

    def __init__(self, rename: Mapping[str, str], hide: Sequence[str]) -> None:
        self._rename = rename
        self._hide = frozenset(hide)
        self._types = {new: old for old, new in rename.items() if "." not in old}
        """The name of a type today → before."""

    def explain(self, problem: Problem) -> Problem:
        """The problem, whose mend says what became of the coordinate that it lacks; otherwise as it is."""
        became = self._became(problem.lacks) if problem.lacks else ""
        return replace(problem, mend=became) if became else problem

    def _became(self, coordinate: str) -> str:
        owner, dot, name = coordinate.partition(".")
        first = self._types.get(owner, owner)
        for written in (f"{first}{dot}{name}", first):
            if written in self._hide:
                return f"hide takes {written} away: show it, or remove this"
        new = self._rename.get(f"{first}{dot}{name}")
        if new is not None:
            return f'write "{new}", as rename calls {first}{dot}{name}'
        if dot and first in self._rename and owner == first:
            return f'write "{self._rename[first]}.{name}", as rename calls {first}'
        return ""
