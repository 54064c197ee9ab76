"""``RenameSettings``: what the configuration says of one name, a new one and perhaps the old one beside it.

What becomes of it is decided in ``shape.py`` and ``kept.py``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictStr, field_validator

from resolvers import Settings


class RenameSettings(Settings):
    """A new name. ``keep``: the old one is served too, deprecated for this reason."""

    to: str = Field(description="The new name.")
    keep: StrictStr | Literal[True] | None = Field(
        None,
        description="Why the old name, which is served as well, is deprecated; true: in favour of the new. Absent: the "
        "old name is gone.",
    )

    @field_validator("keep")
    @classmethod
    def _says_why(cls, keep: str | Literal[True] | None) -> str | Literal[True] | None:
        if isinstance(keep, str) and not keep.strip():
            raise ValueError("it does not say why: write a reason, or true")
        return keep

    @property
    def reason(self) -> str:
        """Why the old name is deprecated; empty where it is gone."""
        if isinstance(self.keep, str):
            return self.keep.strip()
        return f"use {self.to}" if self.keep else ""


def _named(given: object) -> object:
    return {"to": given} if isinstance(given, str) else given


Rename = Annotated[RenameSettings, BeforeValidator(_named, json_schema_input_type=str | RenameSettings)]
"""``email``, or ``{ to: email, keep: "use email" }``."""
