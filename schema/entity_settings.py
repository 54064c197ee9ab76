"""``EntitySettings``: what the configuration says of a type that several sources know a part of.

It is read by ``entities.py``, which makes one type of the parts.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from resolvers import Settings


def _names(given: object) -> object:
    return (given,) if isinstance(given, str) else given


class PartSettings(Settings):
    """What one source knows of an entity."""

    by: str = Field(description="The read operation that gives the part for a key, as source.operation.")
    match: dict[str, str] = Field(
        default_factory=dict,
        description="Field of the key → the field of this part that holds it; the field of the same name when absent.",
    )
    only: tuple[str, ...] | None = Field(
        None, description="The fields that this part brings, besides the key; all that it has when absent."
    )


class EntitySettings(Settings):
    """One type out of several sources, whose rows are the same thing where their keys are equal."""

    key: Annotated[tuple[str, ...], BeforeValidator(_names, json_schema_input_type=str | tuple[str, ...])] = Field(
        min_length=1, description="The field that tells the things apart, or a list of fields that do together."
    )
    parts: dict[str, PartSettings] = Field(
        alias="from",
        min_length=1,
        description="source.Type → how that part is had. The first one gives the key its type.",
    )
    description: str = Field("", description="What the type means, for readers of the schema.")
