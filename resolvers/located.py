"""``Located``: the mark of settings that are paths, or hold one; they start at the folder of the file that states them.

It only says so, and how a text is written for another folder. Whoever reads a path joins it to a folder itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath

Move = Callable[[str], str]


def moved(path: str, folder: Path, base: Path) -> str:
    """A path that starts at ``folder``, as it is written where it starts at ``base``; absolute ones and URLs stay."""
    if not path or "://" in path or path.startswith("~") or PurePath(path).is_absolute():
        return path
    return PurePath(os.path.relpath(folder / path, base)).as_posix()


def _whole(text: str, move: Move) -> str:
    return move(text)


@dataclass(frozen=True, slots=True)
class Located:
    """``words``: texts that are none. ``within``: the text with the path in it moved, where it is not all of it."""

    words: frozenset[str] = frozenset()
    within: Callable[[str, Move], str] = _whole

    def moved(self, text: str, folder: Path, base: Path) -> str:
        """The text as it is written where its path starts at ``base``, and not at ``folder``."""
        return text if text in self.words else self.within(text, lambda path: moved(path, folder, base))
