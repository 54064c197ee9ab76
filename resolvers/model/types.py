"""Types of the neutral form: scalars, results, inputs and enums, and how one is referred to.

They are descriptions, never values, and hold a source's own spellings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from resolvers.naming import Naming


class Scalar(StrEnum):
    """The scalar types of the neutral form; the values are the GraphQL names they are served under.

    What a client may hand up for each: ``STRING``/``ID`` str or int; ``INT``/``BIG_INT`` int; ``FLOAT`` int or float;
    ``DECIMAL`` Decimal, int or str; ``BOOLEAN`` bool; ``DATE_TIME``/``DATE``/``TIME`` the ``datetime`` types or a
    string in the form of RFC 3339; ``UUID`` UUID or str; ``BASE64`` bytes or a base64 str; ``JSON`` anything that JSON
    can say.
    """

    STRING = "String"
    ID = "ID"
    INT = "Int"
    BIG_INT = "BigInt"
    FLOAT = "Float"
    DECIMAL = "Decimal"
    BOOLEAN = "Boolean"
    DATE_TIME = "DateTime"
    DATE = "Date"
    TIME = "Time"
    UUID = "UUID"
    BASE64 = "Base64"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class ScalarRef:
    scalar: Scalar
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class NamedRef:
    """A type by its name: results are found in ``types`` or ``enums``, inputs in ``inputs`` or ``enums``."""

    name: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ListRef:
    item: TypeRef
    nullable: bool = False


TypeRef: TypeAlias = ScalarRef | NamedRef | ListRef


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands in its description: the document and a JSON pointer, an element's path or a table's name."""

    document: str = ""
    pointer: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.document}:{self.line}" if self.line is not None else self.document
        return f"{where} {self.pointer}".strip()


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Field:
    """A member of an object. ``required``: always present; ``type.nullable``: may be null. Both count.

    ``name`` is the source's own spelling, and the key under which a decoded row holds the value.
    """

    name: str
    type: TypeRef
    required: bool = True
    description: str = ""
    deprecated: str | None = None
    place: Place = NOWHERE
    of: str = ""
    """The field of ``ObjectType.of`` whose values it tells of."""
    written: str = ""
    """How the source itself writes its values, where these are others: alike where two fields say the same of it."""


@dataclass(frozen=True, slots=True)
class ObjectType:
    name: str
    fields: Mapping[str, Field]
    interfaces: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    """The fields that identify an object (a primary key), where the description says so."""
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None
    """What it may be called, best first, where that is more than its ``name``; likewise for the other types."""
    of: str = ""
    """The type of the rows that an object tells of as a whole: whoever may not see those may not see it."""


TYPE_KEY = "__type"
"""A decoded row of an interface or a union holds the name of its concrete model type under this key."""


@dataclass(frozen=True, slots=True)
class InterfaceType:
    name: str
    fields: Mapping[str, Field]
    interfaces: tuple[str, ...] = ()
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None


@dataclass(frozen=True, slots=True)
class UnionType:
    name: str
    members: tuple[str, ...]
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None


OutputType: TypeAlias = ObjectType | InterfaceType | UnionType


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a description says of the values of a parameter: the least and the greatest number, the number it has when
    it is not given, and for a list the most items.
    """

    least: int | None = None
    most: int | None = None
    default: int | None = None
    max_items: int | None = None
    holds: tuple[int, int] | None = None
    """The least and the greatest whole number that its format has a place for."""

    def has(self, value: object) -> bool:
        """Whether the format has a place for a value that is given for it, if that is a whole number."""
        return self.holds is None or not isinstance(value, int) or self.holds[0] <= value <= self.holds[1]


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter of an operation, or a field of an input type. ``default``: a JSON value, or ``None`` for none."""

    name: str
    type: TypeRef
    required: bool = False
    default: object = None
    description: str = ""
    deprecated: str | None = None
    place: Place = NOWHERE
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class InputType:
    name: str
    fields: Mapping[str, Argument]
    one_of: bool = False
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None
    row_of: str = ""
    """The type whose fields it gives values to, each by the name that it has there; empty: its fields are its own."""


@dataclass(frozen=True, slots=True)
class EnumValue:
    """``value`` is what the source reads and writes."""

    value: str | int
    description: str = ""
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class EnumType:
    name: str
    values: tuple[EnumValue, ...]
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None
