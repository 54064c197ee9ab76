"""Where each key of the whole configuration stands: ``Part`` is a file, ``Place`` a line of one, ``Places`` the map.

A path of keys becomes ``file:line`` here and nowhere else. How files are read and put together is decided in
``parts.py`` and ``overlay.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.file.problems import render
from resolvers import Key, Problem

Where = tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the configuration. ``name``: seen from the working directory; ``order``: in which it was read."""

    path: Path
    name: str
    order: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; 0: the file as a whole."""

    part: Part
    line: int = 0

    def __str__(self) -> str:
        return f"{self.part.name}:{self.line}" if self.line else self.part.name


NOWHERE = Part(Path(), "")
"""Stands for the file where there is none."""

Found = tuple[Place, Problem]
"""A problem, and where it is told."""


@dataclass(frozen=True, slots=True)
class Places:
    """``first``: the file that was named. ``marks``: path of keys → its place, of every key and every list item."""

    first: Part = NOWHERE
    marks: Mapping[Where, Place] = field(default_factory=dict)

    def of(self, where: Where) -> Place:
        """The place of a path, as near as it is known."""
        for length in range(len(where), 0, -1):
            if where[:length] in self.marks:
                return self.marks[where[:length]]
        return Place(self.first)

    def folder(self, where: Where) -> Path:
        """The folder that relative paths at a path of keys start from: that of the file that states them."""
        return self.of(where).part.path.parent

    def found(self, problems: Iterable[Problem]) -> list[Found]:
        """Problems, each with its place."""
        return [(self.of(problem.where), problem) for problem in problems]


def in_file(name: str, lines: Mapping[Where, int]) -> Places:
    """The places of one file that stands for itself."""
    part = Part(Path(name), name)
    return Places(part, {where: Place(part, line) for where, line in lines.items() if where})


def told(found: Iterable[Found], hidden: Mapping[str, str]) -> str:
    """One paragraph per problem, in the order of the files. ``hidden``: see ``problems.render``."""
    placed = sorted(found, key=lambda item: (item[0].part.order, item[0].line))
    return "\n\n".join(render(problem, str(place), hidden) for place, problem in placed)
