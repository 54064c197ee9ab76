"""``Finding``: one thing that whoever runs a gateway should know. Data; what is found is found elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """``topic``: what kind of thing it is, one word, the same for ever. ``about``: the source or the coordinate.
    ``place``: ``file:line``, where something can be done about it there. ``count``: how many things it stands for.
    """

    level: Level
    topic: str
    about: str
    what: str
    mend: str = ""
    place: str = ""
    count: int = 1
