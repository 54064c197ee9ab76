"""Catalogues that were read, kept on disk, so that a gateway starts while its database is away.

What is kept is what was reflected, bound to the database, its schemas and the code that read it. It holds no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from resolvers.keep import Keep, code_of
from resolvers.sql.catalogue.reflected import Reflected, pack, unpack
from resolvers.sql.column import SqlType

_HERE = Path(__file__).parents[1]


class KeptCatalogue:
    """The kept catalogue of one source. ``place``: which database it is, without a password."""

    def __init__(
        self, folder: Path, name: str, place: str, schemas: Sequence[str], types: Mapping[str, type[SqlType]]
    ) -> None:
        about = msgspec.json.encode([name, place, list(schemas)])
        path = folder / f"database-{sha256(name.encode()).hexdigest()[:16]}.msgpack"
        self._keep = Keep(path, (code_of(_HERE), about))
        self._types = types

    def load(self, *, anyhow: bool = False) -> Reflected | None:
        """What was kept, or nothing. ``anyhow``: of whatever address the source had, and whichever version kept it."""
        content = self._keep.anyhow() if anyhow else self._keep.load()
        try:
            return unpack(content, self._types) if content is not None else None
        except Exception:  # noqa: BLE001  # whatever is wrong with it, it is as good as absent
            return None

    def save(self, reflected: Reflected) -> None:
        """Keeps it; a type that cannot be packed only means that there is nothing to start from."""
        try:
            packed = pack(reflected)
        except (TypeError, ValueError):
            return
        self._keep.save(packed)
