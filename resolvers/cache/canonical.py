"""What a call asks for, as one text: two calls have one text only where no source could tell them apart. Pure.

Values are written with their types, so that ``7``, ``"7"``, ``7.0`` and ``true`` differ; members of objects are
ordered by name, lists are not. What cannot be written so is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

from resolvers.source import Call, Selection

_PLAIN = frozenset({int, str, bool, float, type(None), bytes, Decimal, date, datetime, time, timedelta, UUID})
"""Types whose ``repr`` tells their values apart, and from all values of the others."""
_REMEMBERED = 1000
_NONE: Mapping[str, object] = {}


class Unwritable(Exception):
    """There is something in the call that has no text, such as a file."""


def text(value: object) -> str:
    """The text of a value.

    Raises:
        Unwritable: it has none.
    """
    kind = type(value)
    if kind in _PLAIN:
        return repr(value)
    if kind is tuple or kind is list:
        # Written alike: which of the two a value is tells nothing of what it asks for.
        return f"[{','.join(map(text, value))}]"  # type: ignore[call-overload]  # it can be iterated, as was looked at
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{name!r}:{text(value[name])}' for name in sorted(value))}}}"
    if isinstance(value, Enum):
        return f"{kind.__name__}.{value.name}"
    if isinstance(value, str):  # a column's name may know how it is quoted, which tells nothing of what is asked
        return repr("".join(value))
    if is_dataclass(value):
        # The name of the class tells ``And`` from ``Or``, whose members are named alike.
        return f"{kind.__name__}({','.join(text(getattr(value, each.name)) for each in fields(value))})"
    raise Unwritable(kind.__name__)


class Canonical:
    """Writes calls; the texts of selections, which belong to plans and come again and again, are remembered."""

    def __init__(self) -> None:
        self._selections: dict[int, tuple[Selection, str]] = {}

    def of(self, call: Call) -> str:
        """All of the call but its layout and what it is told by (``exchange``, ``keyed``).

        Raises:
            Unwritable: an argument has no text.
        """
        parts = [repr(call.operation), text(call.arguments), self._selection(call.selection)]
        for name in _RARE:
            value = getattr(call, name)
            if value:
                parts.append(f"{name}={text(value)}")
        if call.page.limit is not None or call.page.offset:
            parts.append(f"page={call.page.limit},{call.page.offset}")
        if call.grouping.by or call.grouping.having or call.grouping.order:
            parts.append(f"grouping={text(call.grouping)}")
        return "\n".join(parts)

    def _selection(self, selection: Selection) -> str:
        known = self._selections.get(id(selection))
        if known is not None:  # it is held here, so that no other comes to lie where it lies
            return known[1]
        made = _selected(selection)
        if len(self._selections) >= _REMEMBERED:
            self._selections.clear()
        self._selections[id(selection)] = (selection, made)
        return made


_RARE = ("predicate", "order", "per", "distinct", "whole", "rules", "query", "question")


def _selected(selection: Selection) -> str:
    if selection.everything:
        return "*"
    if selection.as_sent:
        return "!"
    return f"{{{','.join(f'{name!r}{_selected(selection.fields[name])}' for name in sorted(selection.fields))}}}"
