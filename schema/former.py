"""Why a coordinate is not there: ``rename`` gave it another name, an entity took its type, or ``hide`` takes it away.

It reads what the configuration says and changes nothing; whether a coordinate is missing is found by whoever looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from resolvers import Problem

_NONE: Mapping[str, Iterable[str]] = MappingProxyType({})


class Former:
    """The coordinates that a file changes, by the names they would have without it."""

    def __init__(
        self, rename: Mapping[str, str], hide: Sequence[str], entities: Mapping[str, Iterable[str]] = _NONE
    ) -> None:
        """``entities``: each with its parts, as source.Type."""
        self._rename = rename
        self._hide = frozenset(hide)
        self._types = {new: old for old, new in rename.items() if "." not in old}
        """The name of a type today → before."""
        self._parts = {
            part.partition(".")[2]: (part, name)
            for name, each in entities.items()
            for part in each
            if part.partition(".")[2] not in entities
        }
        """The name of a type that is part of an entity → that part, and the entity."""

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
        if owner in self._parts:
            part, entity = self._parts[owner]
            return f'write "{entity}{dot}{name}": {part} is part of that entity'
        return ""
