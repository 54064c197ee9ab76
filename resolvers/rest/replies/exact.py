"""Parsed JSON becomes rows, checked value by value: what breaks the description becomes an error in its own place.

This is the reading that decides; ``typed.py`` is the fast one for replies that are quite as described. What was not
selected is not looked at. Words of enums and the forms of dates and the like are checked by their scalars, when shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

from resolvers.errors import SourceBadResponse
from resolvers.model import TYPE_KEY, ListRef, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.rest.replies.choose import choose
from resolvers.rest.replies.rows import Rows
from resolvers.rest.schemas.maps import KEY, VALUE
from resolvers.rest.shapes import JsonKind
from resolvers.source import EVERYTHING, Selection

MAX_DEPTH = 200
"""Deeper than any document for people, and safely below what encoders of our own replies stand."""
_KINDS: Mapping[type, JsonKind] = {
    dict: "object", list: "array", str: "string", int: "number", float: "number", Decimal: "number", bool: "boolean",
}  # fmt: skip
_TEXT = frozenset({Scalar.STRING, Scalar.ID, Scalar.DATE_TIME, Scalar.DATE, Scalar.TIME, Scalar.UUID, Scalar.BASE64})


class TooDeep(SourceBadResponse):
    """Nested beyond what can be worked with: of such a reply nothing is served."""


class ExactReading:
    """Reads the results of one source."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._decimals = _with_decimals(rows)

    def holds_decimals(self, ref: TypeRef, selection: Selection) -> bool:
        """Whether numbers of a result must be parsed as ``Decimal``."""
        if _as_sent(selection):
            return True
        while isinstance(ref, ListRef):
            ref = ref.item
        return ref.name in self._decimals if isinstance(ref, NamedRef) else ref.scalar is Scalar.DECIMAL

    def settle(self, value: object, ref: TypeRef, selection: Selection) -> object:
        """The value of a result; inside it a ``SourceBadResponse`` stands wherever a value breaks its description.

        Raises:
            SourceBadResponse: the value as a whole is not what was described, or is nested too deeply.
        """
        return self._value(value, ref, selection, 0)

    def _placed(self, value: object, ref: TypeRef, selection: Selection, depth: int) -> object:
        try:
            return self._value(value, ref, selection, depth)
        except TooDeep:
            raise
        except SourceBadResponse as error:
            return error

    def _value(self, value: object, ref: TypeRef, selection: Selection, depth: int) -> object:
        if value is None or selection.as_sent:
            return value
        if depth > MAX_DEPTH:
            raise TooDeep("the reply is nested too deeply")
        if isinstance(ref, ScalarRef):
            return _leaf(value, ref.scalar)
        if isinstance(ref, ListRef):
            return self._list(value, ref, selection, depth)
        if ref.name in self._rows.shapes.choices:
            return self._chosen(value, ref.name, selection, depth)
        if ref.name in self._rows.fields:
            return self._object(value, ref.name, selection, depth)
        return _word(value, ref.name)

    def _list(self, value: object, ref: ListRef, selection: Selection, depth: int) -> list[object]:
        entry = self._rows.entry(ref)
        if entry:
            return self._map(value, entry, selection, depth)
        if not isinstance(value, list):
            raise SourceBadResponse("expected a list")
        return [self._placed(item, ref.item, selection, depth + 1) for item in value]

    def _object(self, value: object, name: str, selection: Selection, depth: int) -> dict[str, object]:
        fields = self._rows.fields[name]
        if not isinstance(value, dict):
            raise SourceBadResponse(f"expected an object for {name}")
        row: dict[str, object] = {}
        more = self._rows.shapes.more.get(name)
        for key in fields if selection.everything else selection.fields:
            inner = EVERYTHING if selection.everything else selection.fields[key]
            if key == more:
                beyond = {item: value[item] for item in value if item not in fields}
                row[key] = self._placed(beyond, fields[key], inner, depth + 1)
            elif key in value and key in fields:
                row[key] = self._placed(value[key], fields[key], inner, depth + 1)
        return row

    def _map(self, value: object, entry: str, selection: Selection, depth: int) -> list[object]:
        if not isinstance(value, dict):
            raise SourceBadResponse(f"expected an object of {entry}")
        held = self._rows.fields[entry][VALUE]
        inner = EVERYTHING if selection.everything else selection.fields.get(VALUE)
        if inner is None:
            return [{KEY: key} for key in value]
        return [{KEY: key, VALUE: self._placed(item, held, inner, depth + 1)} for key, item in value.items()]

    def _chosen(self, value: object, name: str, selection: Selection, depth: int) -> dict[str, object]:
        members = value if isinstance(value, dict) else {}
        variant = choose(self._rows.shapes.choices[name], _KINDS[type(value)], members, _same)
        if variant is None:
            raise SourceBadResponse(f"the value is none of {name}")
        if variant.inner is None:
            return {**self._object(value, variant.type, selection, depth), TYPE_KEY: variant.type}
        row: dict[str, object] = {TYPE_KEY: variant.type}
        inner = EVERYTHING if selection.everything else selection.fields.get(variant.member)
        if inner is not None:
            row[variant.member] = self._placed(value, variant.inner, inner, depth + 1)
        return row


def _same(value: object) -> object:
    return value


def _as_sent(selection: Selection) -> bool:
    """Whether something is taken as it was sent, so that nothing of it may be lost while it is parsed."""
    return selection.as_sent or any(map(_as_sent, selection.fields.values()))


def _word(value: object, name: str) -> object:
    """A value of an enum, which its scalar looks up."""
    found = _whole(value)
    if isinstance(found, str) or (isinstance(found, int) and not isinstance(found, bool)):
        return found
    raise SourceBadResponse(f"expected a value of {name}")


def _whole(value: object) -> object:
    """The integer that a number is (1.0 is one for JSON Schema); any other value as it stands."""
    # Infinite as a float is beyond 1e308: 1e999999999 is short to write, and no integer to work with.
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == value.__trunc__():
        return int(value)
    return value


def _leaf(value: object, scalar: Scalar) -> object:
    """A value of the JSON type that its scalar stands for."""
    if scalar is Scalar.JSON:
        return _json(value, 0)
    kind = type(value)
    if scalar in _TEXT:
        fits = kind is str
    elif scalar is Scalar.BOOLEAN:
        fits = kind is bool
    elif scalar in {Scalar.INT, Scalar.BIG_INT}:
        value = _whole(value)
        fits = type(value) is int or (kind is str and scalar is Scalar.BIG_INT)
    elif scalar is Scalar.FLOAT:
        fits = kind in {int, float, Decimal}
        value = _float(value) if fits else value
    else:
        fits = kind in {int, float, Decimal, str}
    if not fits:
        raise SourceBadResponse(f"expected {scalar.value}")
    return value


def _float(value: object) -> object:
    assert isinstance(value, int | float | Decimal)
    try:
        return float(value)
    except OverflowError as error:
        raise SourceBadResponse("a number too large to be told") from error


def _json(value: object, depth: int) -> object:
    """A value that is served as it is: not too deep, its numbers such as JSON can say."""
    if depth > MAX_DEPTH:
        raise TooDeep("the reply is nested too deeply")
    if isinstance(value, dict):
        return {key: _json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item, depth + 1) for item in value]
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise SourceBadResponse("a number too large to be told")
    return value


def _with_decimals(rows: Rows) -> frozenset[str]:
    """The types that hold a decimal, themselves or in what they lead to."""
    leads_to: dict[str, set[str]] = {}
    waiting: list[str] = []
    for name, fields in rows.fields.items():
        for ref in fields.values():
            inner = ref
            while isinstance(inner, ListRef):
                inner = inner.item
            if isinstance(inner, NamedRef):
                leads_to.setdefault(inner.name, set()).add(name)
            elif inner.scalar is Scalar.DECIMAL:
                waiting.append(name)
    for union, members in rows.members.items():
        for member in members:
            leads_to.setdefault(member, set()).add(union)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(leads_to.get(name, ()))
    return frozenset(found)
