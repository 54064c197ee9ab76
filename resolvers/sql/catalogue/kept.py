"""Catalogues that were read, kept on disk as they were reflected."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers.sql.catalogue.reflected import Reflected, pack, unpack
from resolvers.sql.column import SqlType
from resolvers.sql.remembered import Remembered, Room


def kept_catalogue(room: Room, types: Mapping[str, type[SqlType]]) -> Remembered[Reflected]:
    """The kept catalogue of one source. ``types``: as of its dialect."""
    return Remembered(room, "database", pack, lambda content: unpack(content, types))
