"""``ShapeSettings``: what the file says of the values at one coordinate. Which place of a source a coordinate is, and
whether its values can be so, is decided by whoever knows the names and the descriptions.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from resolvers.model import Scalar
from resolvers.settings import Settings
from resolvers.shaping.coding import Base, Coding, remembering, retyped, table
from resolvers.shaping.formats import formatted

Typed = Literal[
    "String", "ID", "Int", "BigInt", "Float", "Decimal", "Boolean", "DateTime", "Date", "Time", "UUID"
]  # fmt: skip
_Word = Annotated[str, StringConstraints(pattern=r"^[_A-Za-z][_0-9A-Za-z]*$")]


class ShapeSettings(Settings):
    """What the values of one field, argument or input field are, where the description says less or says it wrongly."""

    values: dict[str | int, _Word] | None = Field(
        None, description="A code table: what the source says → the value of an enum that stands for it.", min_length=1
    )
    format: str | None = Field(
        None,
        description='How dates (YYYYMMDD, "DD.MM.YYYY HH:mm", unix), numbers ("1.234,56") or flags (Y/N) are written.',
        min_length=1,
        max_length=64,
    )
    loose: bool = Field(
        False,
        description="With the format of a number: other decimals, and numbers without marks between thousands, are "
        "read too. The source then cannot filter by it.",
    )
    type: Typed | None = Field(None, description="The scalar that the values are, whatever the description says.")
    nullable: bool | None = Field(None, description="Whether it may be null, whatever the description says.")

    flatten: Literal[True] | Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None, description="The fields of this object, all or these, stand in its parent, in its place."
    )
    take: str | None = Field(
        None, description="Path, by dots, to what this object only wraps, which stands in its place.", min_length=1
    )

    @model_validator(mode="after")
    def _one_thing(self) -> ShapeSettings:
        given = [name for name in ("values", "format", "type", "flatten", "take") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{given[0]} and {given[1]} are two answers to one question: say one of them")
        if not given and self.nullable is None:
            raise ValueError("it says nothing: add values, format, type, nullable, flatten or take")
        if self.loose and self.format is None:
            raise ValueError("loose is said of a format")
        return self

    @property
    def recodes(self) -> bool:
        """Whether the values themselves are others than the source says."""
        return self.values is not None or self.format is not None or self.type is not None

    def coding(self, base: Base) -> Coding:
        """How such values are written. ``base``: what the description says of them.

        Raises:
            NoCoding: they cannot be so.
        """
        if self.values is not None:
            return table(self.values, base)
        if self.format is not None:
            return remembering(formatted(self.format, base, loose=self.loose))
        assert self.type is not None
        return remembering(retyped(Scalar(self.type), base))
