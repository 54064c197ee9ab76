"""A catalogue as text that people review and keep under version control, and back.

It holds names, types and keys, and no row, host or user. Its form is the same whatever version of the code wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from resolvers.review import reviewable
from resolvers.sql.catalogue.reflected import Packed, Reflected, packed, plain, unpacked
from resolvers.sql.column import SqlType

FORMAT = 1


@dataclass(frozen=True, slots=True)
class PinnedCatalogue:
    """``schemas``: those that the settings named. ``gives_back``: the server gives back rows that are inserted."""

    reflected: Reflected
    schemas: tuple[str, ...]
    gives_back: bool


class _Written(msgspec.Struct, frozen=True, omit_defaults=True):
    format: int
    catalogue: Packed
    schemas: tuple[str, ...] = ()
    gives_back: bool = False


def written_catalogue(found: PinnedCatalogue) -> bytes:
    """The text of a catalogue, its tables sorted by name, their columns in the order of the database.

    Raises:
        TypeError: a type that cannot be said in this way.
    """
    written = _Written(FORMAT, packed(found.reflected), found.schemas, found.gives_back)
    return reviewable(msgspec.json.encode(written, enc_hook=plain))


def read_written(content: bytes, more: Mapping[str, type[SqlType]]) -> PinnedCatalogue:
    """What ``written_catalogue`` wrote. ``more``: types by their names that SQLAlchemy does not have.

    Raises:
        ValueError, TypeError, AttributeError: it is no such text, or one of another format.
    """
    written = msgspec.json.decode(content, type=_Written)
    if written.format != FORMAT:
        raise ValueError(f"it is of format {written.format}")
    return PinnedCatalogue(unpacked(written.catalogue, more), written.schemas, written.gives_back)
