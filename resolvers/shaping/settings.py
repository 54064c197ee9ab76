"""``ShapeSettings``: what the file says of the values at one coordinate. Which place of a source a coordinate is, and
whether its values can be so, is decided by whoever knows the names and the descriptions.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictFloat, StrictInt, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from resolvers.model import Scalar
from resolvers.settings import Settings
from resolvers.shaping.codes import table
from resolvers.shaping.coding import Base, Coding, NoCoding, remembering
from resolvers.shaping.formats import counted, formatted, moments, scaled, zoned
from resolvers.shaping.nothing import Nothing, nulled, plain
from resolvers.shaping.retyping import retyped

Typed = Literal[
    "String", "ID", "Int", "BigInt", "Float", "Decimal", "Boolean", "DateTime", "Date", "Time", "UUID"
]  # fmt: skip
_WORD = r"^[_A-Za-z][_0-9A-Za-z]*$"


def _legal(word: str) -> str:
    if re.fullmatch(_WORD, word, re.ASCII):
        return word
    legal = re.sub(r"[^_0-9A-Za-z]+", "_", word, flags=re.ASCII).strip("_")
    legal = f"_{legal}" if legal[:1].isdigit() else legal
    mend = f"write {legal.upper()}" if legal else "write a word, as UNKNOWN, or null"
    what = "a word of an enum is made of letters, digits and _, and begins with no digit"
    raise PydanticCustomError("no_word", what, {"mend": mend})


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a whole number is needed, and this is true or false")  # noqa: TRY004  # pydantic's
    return value


_Whole = Annotated[int, BeforeValidator(_no_truth)]
_Year = Annotated[int, Field(ge=1000, le=9900), BeforeValidator(_no_truth)]
_Places = Annotated[int, Field(ge=1, le=30), BeforeValidator(_no_truth)]
_Finite = Annotated[StrictFloat, Field(allow_inf_nan=False)]
_Word = Annotated[str, AfterValidator(_legal), Field(json_schema_extra={"pattern": _WORD})]


class ShapeSettings(Settings):
    """What the values of one field, argument or input field are, where the description says less or says it wrongly."""

    values: dict[str | _Whole, _Word | None] | None = Field(
        None,
        description="A code table: what the source says → the value of an enum that stands for it, or null.",
        min_length=1,
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
    zone: str | None = Field(
        None,
        description="The zone whose local times these are, as Europe/Berlin; they are served with their offset.",
        min_length=1,
    )
    pivot: _Year | None = Field(
        None, description="The first year that two digits (YY) can mean: with 1930, 30 is 1930 and 29 is 2029."
    )
    scale: _Places | None = Field(
        None, description="How many of the last digits stand behind a point that is not written."
    )
    nulls: tuple[StrictStr | StrictInt | _Finite, ...] | None = Field(
        None, description='What the source says where it means nothing: ["", "00000000"], [0].', min_length=1
    )
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
        self._beside(given[0] if given else "")
        said = (self.nullable, self.nulls, self.zone, self.scale)
        if not given and all(each is None for each in said):
            raise ValueError("it says nothing: add values, format, type, zone, scale, nulls, nullable, flatten or take")
        for name in ("nulls", "zone", "scale"):
            if getattr(self, name) is not None and given and given[0] in {"flatten", "take"}:
                raise ValueError(f"{name} is said of values, and this is an object")
        if self.values is not None and not any(self.values.values()):
            raise ValueError("the table has no word: write nulls instead of values")
        if self.nothing and self.nullable is False:
            raise ValueError("some of its values mean nothing, so it may be null: remove nullable")
        return self

    def _beside(self, given: str) -> None:
        """Raises ``ValueError`` for what does not stand beside how the values are said to be written."""
        for name, needed in (("loose", self.loose), ("pivot", self.pivot is not None)):
            if needed and given != "format":
                raise ValueError(f"{name} is said of a format")
        if self.zone is not None and self.scale is not None:
            raise ValueError("zone is said of times, scale of numbers: say one of them")
        if self.zone is not None and given == "values":
            raise ValueError("zone is said of times, and these are codes")
        if self.scale is not None and given in {"values", "type"}:
            raise ValueError(f"scale is said of a format or alone: remove {given}")

    @property
    def recodes(self) -> bool:
        """Whether the values themselves are others than the source says."""
        said = (self.values, self.format, self.type, self.nulls, self.zone, self.scale)
        return any(each is not None for each in said)

    @property
    def nothing(self) -> tuple[Nothing, ...]:
        """The values that mean nothing."""
        codes = tuple(code for code, word in (self.values or {}).items() if word is None)
        return (*codes, *(self.nulls or ()))

    def told(self, fault: NoCoding) -> tuple[str | int, ...]:
        """Which of these settings a fault is about, as a path of keys."""
        if fault.told == "nulls" and self.nulls is not None:
            return ("nulls", self.nulls.index(fault.key)) if fault.key in self.nulls else ("nulls",)
        names = ("values", "format", "type", "zone", "scale", "nulls")
        said = next(name for name in (fault.told, *names) if name and getattr(self, name) is not None)
        return (said, fault.key) if said == "values" and isinstance(fault.key, str | int) else (said,)

    def coding(self, base: Base, *, tables: bool = True) -> Coding:
        """How such values are written. ``base``: what the description says of them; ``tables``: they are of a column.

        Raises:
            NoCoding: they cannot be so.
        """
        made = self._coding(base)
        return nulled(made, self.nothing, base, tables=tables) if self.nothing else made

    def _coding(self, base: Base) -> Coding:
        if self.values is not None:
            return table({code: word for code, word in self.values.items() if word is not None}, base)
        made = None
        if self.format is not None:
            made = formatted(self.format, base, loose=self.loose, pivot=self.pivot)
        elif self.type is not None:
            made = retyped(Scalar(self.type), base)
        if self.scale is not None:
            made = scaled(made or counted(base), self.scale)
        if self.zone is not None:
            made = zoned(made or moments(base), self.zone)
        return plain(base) if made is None else remembering(made)
