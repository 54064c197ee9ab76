"""Decoders made for one selection: what was not asked is skipped, and types are checked, while the JSON is parsed.

A decoder serves what is quite as its description says; anything else makes it give up, and the exact reading of
``reply.py`` decides. Both give the same value. Of a name that occurs twice in an object the last one counts here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import NoneType
from typing import Any, TypedDict

import msgspec

from resolvers.model import ListRef, Scalar, ScalarRef, TypeRef
from resolvers.source import Selection

Decode = Callable[[bytes], object]

_LEAVES: Mapping[Scalar, Any] = {
    Scalar.STRING: str,
    Scalar.ID: str,
    Scalar.INT: int,
    Scalar.BIG_INT: int | str,
    Scalar.FLOAT: float,
    Scalar.BOOLEAN: bool,
    Scalar.DECIMAL: Decimal,
    Scalar.DATE_TIME: str,
    Scalar.DATE: str,
    Scalar.TIME: str,
    Scalar.UUID: str,
    Scalar.BASE64: str,
}
"""``JSON`` is not among them: its values are looked into."""

_MOST = 1000


class _Untyped(Exception):
    """Something in the selection has no fixed type."""


class TypedDecoders:
    """The decoders of one source, kept by result and selection. ``fields``: object type → field → its type."""

    def __init__(self, fields: Mapping[str, Mapping[str, TypeRef]], enums: frozenset[str]) -> None:
        self._fields = fields
        self._enums = enums
        self._known: dict[tuple[TypeRef, Selection], Decode | None] = {}

    def of(self, result: TypeRef, selection: Selection) -> Decode | None:
        """The decoder, or ``None`` where the selection needs the exact reading. It raises whatever msgspec raises."""
        key = (result, selection)
        if key not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            try:
                self._known[key] = msgspec.json.Decoder(self._typed(result, selection)).decode
            except _Untyped:
                self._known[key] = None
        return self._known[key]

    def _typed(self, ref: TypeRef, selection: Selection) -> Any:
        inner: Any
        if selection.everything:
            raise _Untyped
        if isinstance(ref, ListRef):
            inner = list[self._typed(ref.item, selection)]  # type: ignore[misc]  # a type made at run time
        elif isinstance(ref, ScalarRef):
            if ref.scalar not in _LEAVES:
                raise _Untyped
            inner = _LEAVES[ref.scalar]
        elif ref.name in self._fields:
            inner = self._object(self._fields[ref.name], selection)
        elif ref.name in self._enums:
            inner = str | int | bool
        else:
            raise _Untyped
        return inner | NoneType

    def _object(self, fields: Mapping[str, TypeRef], selection: Selection) -> Any:
        asked = {key: self._typed(fields[key], below) for key, below in selection.fields.items() if key in fields}
        made: Any = TypedDict("Asked", asked, total=False)  # type: ignore[misc]  # its fields are known at run time
        return made
