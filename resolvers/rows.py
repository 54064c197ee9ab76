"""Rows: what a source gives for an object. A mapping by the source's names; or a ``Row``, made for one place of one
answer, which stands in it as it is.

A ``Layout`` says how such a row would look. A source may heed it or not: it is never wrong to give mappings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import Annotated, Any, ClassVar, Literal, cast

import msgspec

Kind = Literal["text", "int", "float", "boolean", "any"]
"""What a member's value is known to be: of 32 bits for ``int``; nothing is known of ``any``."""

KINDS: Mapping[Kind, Any] = {
    "text": str,
    "int": Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)],
    "float": float,
    "boolean": bool,
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object of the answer.

    ``key``: the field of the source that it shows; empty for one that does not come from the row: it has ``value``
    until something else is put there. ``nullable``: it may be null.
    """

    name: str
    key: str = ""
    kind: Kind = "any"
    nullable: bool = True
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The members of an object of the answer, in their order. No two of them have one key."""

    members: tuple[Member, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(self.members))

    def __hash__(self) -> int:
        return self._hash


class Row(msgspec.Struct, gc=False):
    """A row made by a ``Layout``; ``classes`` makes the classes. It holds no reference that leads back to it.

    ``attributes``: the source's name of a field → the attribute that holds it. ``slots``: the same by response name.
    ``hidden``: attributes that the answer does not show. ``shown``: the class by which the answer is encoded, once
    nothing more is decoded into the row.
    """

    layout: ClassVar[Layout]
    attributes: ClassVar[Mapping[str, str]]
    slots: ClassVar[Mapping[str, str]]
    hidden: ClassVar[tuple[str, ...]]
    shown: ClassVar[type[Row]]

    def as_mapping(self) -> dict[str, object]:
        """The same row as a mapping."""
        return {key: getattr(self, attribute) for key, attribute in self.attributes.items()}

    def as_object(self) -> dict[str, object]:
        """The same as an object of the answer."""
        return {name: getattr(self, attribute) for name, attribute in self.slots.items()}


def row_class(layout: Layout, typed: Mapping[str, Any]) -> type[Row]:
    """The class that JSON is decoded into: ``typed`` are the types of all fields that are needed, by their names.

    It takes only what the layout says, so what was decoded need not be looked at again.

    Raises:
        ValueError: a field has a name that msgspec does not take (with a quotation mark, say).
    """
    read: list[Any] = []
    shown: list[Any] = []
    attributes: dict[str, str] = {}
    slots: dict[str, str] = {}
    for index, member in enumerate(layout.members):
        attribute = slots[member.name] = f"m{index}"
        if member.key:
            attributes[member.key] = attribute
            read.append(_field(attribute, member, typed))
        else:
            # No member of a reply has this name; one that has it all the same does not fit, and is read otherwise.
            read.append(
                (attribute, Literal[member.value], msgspec.field(default=member.value, name=f"isthmus/{index}"))
            )
        shown.append((attribute, Any, msgspec.field(default=None, name=member.name)))
    hidden = tuple(f"h{index}" for index in range(len(typed.keys() - attributes.keys())))
    for attribute, key in zip(hidden, [key for key in typed if key not in attributes], strict=True):
        attributes[key] = attribute
        read.append((attribute, typed[key], msgspec.field(default=None, name=key)))
        shown.append((attribute, Any, msgspec.field(default=None, name=f"isthmus/{attribute}")))
    facts = {"layout": layout, "attributes": attributes, "slots": slots, "hidden": hidden}
    if not hidden and all(member.key == member.name for member in layout.members):
        alike = cast("type[Row]", msgspec.defstruct("Row", read, bases=(Row,), namespace=facts, gc=False, kw_only=True))
        alike.shown = alike
        return alike
    made = msgspec.defstruct("Shown", shown, bases=(Row,), namespace=dict(facts), gc=False, kw_only=True)
    made_so = cast("type[Row]", made)
    made_so.shown = made_so
    facts["shown"] = made_so
    found = msgspec.defstruct("Read", read, bases=(Row,), namespace=facts, gc=False, kw_only=True)
    return cast("type[Row]", found)


def _field(attribute: str, member: Member, typed: Mapping[str, Any]) -> tuple[Any, ...]:
    if member.kind == "any":
        return (attribute, typed[member.key], msgspec.field(default=None, name=member.key))
    if member.nullable:
        return (attribute, KINDS[member.kind] | None, msgspec.field(default=None, name=member.key))
    return (attribute, KINDS[member.kind], msgspec.field(name=member.key))


def read(rows: Sequence[object], key: str) -> Sequence[object]:
    """One value of every row; ``None`` where a row has none, or is no row."""
    if len(rows) == 1 and isinstance(rows[0], Row):
        return [value_of(rows[0], key)]
    try:
        return list(map(itemgetter(key), cast("Sequence[dict[str, object]]", rows)))
    except (KeyError, TypeError, IndexError):
        kinds = set(map(type, rows))
        if len(kinds) == 1 and issubclass(only := kinds.pop(), Row):
            attribute = only.attributes.get(key)
            return [None] * len(rows) if attribute is None else list(map(attrgetter(attribute), rows))
        return [value_of(row, key) for row in rows]


def value_of(row: object, key: str) -> object:
    """One value of one row; ``None`` where it has none, or is no row."""
    if isinstance(row, Row):
        attribute = row.attributes.get(key)
        return None if attribute is None else getattr(row, attribute)
    return row.get(key) if isinstance(row, Mapping) else None


def plain(value: object) -> object:
    """An answer, or a part of one, with objects in place of rows."""
    if isinstance(value, Row):
        return {name: plain(item) for name, item in value.as_object().items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value
