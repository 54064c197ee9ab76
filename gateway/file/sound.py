"""What of a file is sound, where some of it is wrong: to be looked at further, never to be served.

A misspelt key is taken for the one that is meant; any other mistake takes its whole statement away, so that what is
told of the rest is no consequence of it. Nothing is checked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.file.places import Place, Places, Where
from resolvers import Problem

_BY_NAME = frozenset({"rules", "tags", "views"})
"""Members of ``access`` that hold a statement for each name."""
_LISTS = frozenset({"hide", "extensions"})
"""Sections whose members go by their number, so that none is taken away alone."""
_DEFAULT: Where = ("access", "default")


def statement(where: Where) -> Where:
    """The path of the statement that a path is in."""
    if where[:1] and where[0] in _LISTS:
        return where[:1]
    return where[: 3 if where[:1] == ("access",) and where[1:2] and where[1] in _BY_NAME else 2]


@dataclass(slots=True)
class Sound:
    """``raw``: the file as it is read, and changed here. ``taken``: the statements that are not in it any more."""

    raw: dict[str, Any]
    taken: dict[Where, None] = field(default_factory=dict)
    moved: dict[Where, Where] = field(default_factory=dict)

    def stand_in(self, unset: Iterable[Problem]) -> None:
        """Puts something in the place of what the environment does not say, where what is read does not hang on it."""
        for problem in unset:
            where = problem.where
            if where[:1] == ("sources",) and len(where) > 2 and _is_read_here(_at(self.raw, where[:2])):
                above = _at(self.raw, where[:-1])
                above[where[-1]] = "https://unset.invalid" if where[2] == "url" else "unset"
            else:
                self.take([problem])

    def mend(self, problems: Iterable[Problem]) -> bool:
        """Takes misspelt keys for those that are meant; whether there were any."""
        before = len(self.moved)
        for problem in sorted(problems, key=lambda each: -len(each.where)):
            if not problem.meant:
                continue
            above = _at(self.raw, problem.where[:-1])
            if isinstance(above, dict) and problem.meant not in above:
                above[problem.meant] = above.pop(problem.where[-1])
                self.moved[problem.where] = (*problem.where[:-1], problem.meant)
        return len(self.moved) > before

    def take(self, problems: Iterable[Problem]) -> bool:
        """Takes the statements away that are wrong; whether there were any."""
        before = len(self.taken)
        for problem in problems:
            where = statement(problem.where)
            above = _at(self.raw, where[:-1])
            if problem.where in {(), ("access",)} and _DEFAULT not in self.taken:
                self.taken[_DEFAULT] = None
            elif where and isinstance(above, dict) and where[-1] in above:
                del above[where[-1]]
                self.taken[where] = None
        if self.taken:
            access = self.raw.setdefault("access", {})
            if isinstance(access, dict):
                access.setdefault("default", "deny")  # nothing asks more than that
        return len(self.taken) > before

    def places(self, places: Places) -> Places:
        """Where everything stands, by the keys that are meant."""
        moved: dict[Where, Place] = {}
        for where, place in places.marks.items():
            now = where
            for before, meant in self.moved.items():
                if now[: len(before)] == before:
                    now = (*meant, *now[len(before) :])
            moved[now] = place
        return Places(places.first, moved)

    def hangs(self, problem: Problem) -> bool:
        """Whether a problem stands in a section of which something was taken away, and may come of that."""
        return any(where[0] == problem.where[0] for where in self.taken) if problem.where else bool(self.taken)


def _is_read_here(source: object) -> bool:
    """Whether the description of a source lies beside the file, so that nothing proves anything to read it."""
    known = [source[kind] for kind in ("openapi", "wsdl") if kind in source] if isinstance(source, Mapping) else []
    return len(known) == 1 and isinstance(known[0], str) and "://" not in known[0]


def _at(raw: Any, where: Sequence[Any]) -> Any:
    """What stands at a path; ``None`` where nothing does."""
    for key in where:
        within = isinstance(raw, dict) and key in raw
        within |= isinstance(raw, list) and isinstance(key, int) and key < len(raw)
        if not within:
            return None
        raw = raw[key]
    return raw
