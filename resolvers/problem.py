"""What is wrong with a configuration or a description: what, where, and how to mend it.

A problem names its place as a path of keys; the path is turned into ``file:line`` in exactly one place,
``gateway/file/config.py``. Errors of a running request live in ``errors.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from resolvers.proofs import veiled

Key = str | int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that must be mended.

    ``where`` is the path of keys in the configuration file (``("sources", "shop", "timout_s")``); ``mend`` is an
    imperative sentence without a full stop, empty where nothing better than ``what`` can be said. ``document`` names
    another file (a description) when the fault lies there, as ``file`` or ``file:line``. ``lacks``: the schema
    coordinate that is not there, for whoever knows why. ``meant``: the key that an unknown one is probably meant for.
    """

    what: str
    where: tuple[Key, ...] = ()
    mend: str = ""
    document: str = ""
    lacks: str = ""
    meant: str = ""

    def __post_init__(self) -> None:
        """Whatever is told of an address, what it proves is not: problems are logged, printed, and sent to others."""
        for name in ("what", "document"):
            object.__setattr__(self, name, veiled(getattr(self, name)))

    def under(self, *prefix: Key) -> Problem:
        """The same problem, seen from further up: ``prefix`` is put before its path."""
        return replace(self, where=(*prefix, *self.where))


class ConfigurationError(Exception):
    """Carries every problem that was found, never only the first. ``besides``: what is wrong too, alone no
    reason to refuse (a source that is away); ``unseen``: what could not be looked at because of either, as a sentence.
    """

    def __init__(self, problems: Iterable[Problem], besides: Iterable[Problem] = (), unseen: str = "") -> None:
        self.problems = tuple(problems)
        self.besides = tuple(besides)
        self.unseen = unseen
        super().__init__("; ".join(problem.what for problem in self.problems))


def nearest(word: str, candidates: Iterable[str]) -> str:
    """``did you mean "x"`` for the candidate most like ``word``, or an empty string when none is near."""
    names = sorted(set(candidates))
    folded = {name.casefold(): name for name in reversed(names)}
    matches = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[matches[0]]}"' if matches else ""


_MOST_NAMED = 8


def offered(word: str, candidates: Iterable[str]) -> str:
    """As ``nearest``; where none is near, all of them, or the first few; empty where there are none."""
    names = list(dict.fromkeys(candidates))
    near = nearest(word, names)
    if near or not names:
        return near
    more = ", …" if len(names) > _MOST_NAMED else ""
    return f"write one of {', '.join(names[:_MOST_NAMED])}{more}" if len(names) > 1 else f"write {names[0]}"
