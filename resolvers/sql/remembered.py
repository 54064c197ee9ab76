"""What a database said of itself, kept on disk so that a gateway starts while its database is away. It holds no row.

It is bound to the database, its schemas and the code that read it; how it is packed is known to those who keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from resolvers.keep import Keep, code_of

_HERE = Path(__file__).parent
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Room:
    """Where things of one source are kept. ``place``: which database it is, without a password."""

    folder: Path
    source: str
    place: str
    schemas: Sequence[str]


class Remembered(Generic[T]):
    """One thing that is kept of a source; ``kind`` names it."""

    def __init__(self, room: Room, kind: str, pack: Callable[[T], bytes], unpack: Callable[[bytes], T]) -> None:
        about = msgspec.json.encode([room.source, room.place, list(room.schemas)])
        path = room.folder / f"{kind}-{sha256(room.source.encode()).hexdigest()[:16]}.msgpack"
        self._keep = Keep(path, (code_of(_HERE), about))
        self._pack = pack
        self._unpack = unpack

    def load(self, *, anyhow: bool = False) -> T | None:
        """What was kept, or nothing. ``anyhow``: of whatever address the source had, and whichever version kept it."""
        content = self._keep.anyhow() if anyhow else self._keep.load()
        try:
            return None if content is None else self._unpack(content)
        except Exception:  # noqa: BLE001  # whatever is wrong with it, it is as good as absent
            return None

    def save(self, found: T) -> None:
        """Keeps it; a type that cannot be packed only means that there is nothing to start from."""
        try:
            packed = self._pack(found)
        except (TypeError, ValueError):
            return
        self._keep.save(packed)
