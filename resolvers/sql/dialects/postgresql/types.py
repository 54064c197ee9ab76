"""Types of PostgreSQL that SQLAlchemy has no class for."""

from __future__ import annotations

from sqlalchemy import types


class Structured(types.UserDefinedType[object]):
    """A type whose values have parts: a composite type, an array of them, an array of arrays. ``fields``: which."""

    cache_ok = True

    def __init__(self, fields: str = "") -> None:
        self.fields = fields

    def get_col_spec(self, **_: object) -> str:
        return "RECORD"
