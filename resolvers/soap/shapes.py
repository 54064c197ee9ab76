"""What a value looks like on the wire: shapes, which ``xsd.py`` and ``members.py`` compile and ``envelope.py`` obeys.

Shapes are data; they hold names, order and lexical types, and neither values nor anything of GraphQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from resolvers.model import NOWHERE, Place, Scalar


@dataclass(frozen=True, slots=True, eq=False)
class Simple:
    """Text. ``builtin``: the XSD type that it narrows; ``values``: all that is allowed, where that is enumerated.

    ``many``: items parted by white space (xs:list). ``name``: of the enumeration, empty without one.
    """

    scalar: Scalar
    builtin: str
    name: str = ""
    values: tuple[str, ...] = ()
    many: bool = False
    place: Place = NOWHERE
    description: str = ""


@dataclass(slots=True, eq=False)
class Complex:
    """Elements and attributes, in the order of the schema. Filled after it was made, for types may be recursive."""

    name: str
    members: tuple[Member, ...] = ()
    place: Place = NOWHERE
    description: str = ""
    by_tag: dict[str, Member] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Anything at all (xs:anyType). ``missing``: a type that no document declares; it can be read, never written."""

    missing: str = ""


Shape: TypeAlias = Simple | Complex | Opaque


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One part of a complex type. ``name`` is the field's name, ``tag`` the wire's, as ``{namespace}local``."""

    name: str
    tag: str
    shape: Shape
    kind: Literal["element", "attribute", "value", "any"] = "element"
    many: bool = False
    required: bool = True
    nillable: bool = False
    place: Place = NOWHERE
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OperationCodec:
    """How one operation travels. ``wrapper`` is the tag around the arguments, empty for bare parts.

    ``parts``: by argument name, in the order in which they are sent. ``result`` is the element of the reply, ``None``
    where nothing is answered. ``faults``: by the tag of the detail's element.
    """

    name: str
    action: str
    address: str
    wrapper: str
    parts: Mapping[str, Member]
    result: Member | None
    faults: Mapping[str, Member] = field(default_factory=dict)
