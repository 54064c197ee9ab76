"""Values of sources as bytes (MessagePack) and back, exactly: decimals, dates, bytes and integers of any size.

Bytes are what is kept, so what an entry weighs is known, and no two requests ever hold the same object. What holds an
error in place of a value is never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypedDict, cast
from uuid import UUID

import msgspec

from resolvers.rows import Layout, Row, row_class
from resolvers.source import Selection

_PLAIN = frozenset({str, int, float, bool, type(None), bytes})
_FORMS: Sequence[tuple[type, Callable[[str], object]]] = (
    (Decimal, Decimal),
    (date, date.fromisoformat),
    (datetime, datetime.fromisoformat),
    (time, time.fromisoformat),
    (UUID, UUID),
    (int, int),
)
"""Types whose values are kept as text, each in an extension type of MessagePack of its own (it leaves 0 to 127 to
applications). Integers are, where they need more than 64 bits.
"""
_CODES = {kind: code for code, (kind, _) in enumerate(_FORMS, 1)}
_READ = {code: read for code, (_, read) in enumerate(_FORMS, 1)}
_encode = msgspec.msgpack.Encoder().encode
_MOST_READERS = 1000
_LEAST, _MOST = -(2**63), 2**64 - 1


class Unpackable(Exception):
    """The value cannot be kept: it holds an error, or something that no source should give."""


class Corrupt(Exception):
    """The bytes are none of ours."""


def pack(value: object) -> bytes:
    """The bytes of a value.

    Raises:
        Unpackable: it cannot be kept.
    """
    try:
        return _encode(_packable(value))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:  # a lone surrogate is a ValueError
        raise Unpackable(type(error).__name__) from error


def _packable(value: object) -> object:
    """The value with everything that MessagePack does not know by itself put into extensions."""
    kind = type(value)
    if kind is list:
        items = cast("list[object]", value)
        return items if _are_plain(items) else list(map(_packable, items))
    if kind is dict:
        members = cast("dict[str, object]", value)
        return members if _are_plain(members.values()) else {name: _packable(each) for name, each in members.items()}
    if isinstance(value, Row):
        whole = _are_plain(msgspec.structs.astuple(value))
        return value if whole else {name: _packable(each) for name, each in value.as_mapping().items()}
    return value if _are_plain((value,)) else _extended(value, kind)


def _extended(value: object, kind: type) -> msgspec.msgpack.Ext:
    if kind not in _CODES:
        raise Unpackable(kind.__name__)
    written = value.isoformat() if isinstance(value, date | time) else str(value)
    return msgspec.msgpack.Ext(_CODES[kind], written.encode())


def _are_plain(values: Iterable[object]) -> bool:
    kinds = set(map(type, values))
    return kinds <= _PLAIN and (int not in kinds or all(type(value) is not int or _fits(value) for value in values))


def _fits(value: int) -> bool:
    return _LEAST <= value <= _MOST


def _restored(code: int, data: memoryview) -> object:
    return _READ[code](bytes(data).decode())


_decode = msgspec.msgpack.Decoder(ext_hook=_restored).decode


def unpack(data: bytes) -> Any:
    """The value of bytes that ``pack`` made.

    Raises:
        Corrupt: nothing made them.
    """
    try:
        return _decode(data)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise Corrupt(type(error).__name__) from error


def joined(parts: Sequence[tuple[int, bytes]]) -> bytes:
    """One list of the items of many. ``parts``: how many items, and their bytes one behind the other."""
    count = sum(number for number, _ in parts)
    return _head(count) + b"".join([data for _, data in parts])


def _head(count: int) -> bytes:
    """What MessagePack writes before the items of a list."""
    if count < 16:
        return bytes((0x90 | count,))
    return b"\xdc" + count.to_bytes(2, "big") if count < 2**16 else b"\xdd" + count.to_bytes(4, "big")


class Readers:
    """Reads values into rows that stand in the answer, where a selection has a layout."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Any] = {}

    def read(self, data: bytes, selection: Selection) -> Any:
        """The value; its rows are as the selection's layout says where they fit it, else mappings.

        Raises:
            Corrupt: as ``unpack``.
        """
        path, rows = _laid(selection)
        if rows is not None and rows.layout is not None:
            decode = self._of(path, rows, rows.layout)
            if decode is not None:
                try:
                    return decode(data)
                except (msgspec.MsgspecError, ValueError, ArithmeticError, LookupError):
                    pass  # a row that does not fit its layout, as a source may well send one
        return unpack(data)

    def _of(self, path: tuple[str, ...], rows: Selection, layout: Layout) -> Any:
        key = (path, layout, frozenset(rows.fields))
        if key not in self._known:
            if len(self._known) >= _MOST_READERS:
                self._known.clear()
            self._known[key] = _decoder(path, rows, layout)
        return self._known[key]


def _decoder(path: tuple[str, ...], rows: Selection, layout: Layout) -> Any:
    # Names of columns may be of a class of their own, which msgspec does not take.
    plain = Layout(tuple(replace(member, key=str(member.key)) for member in layout.members))
    try:
        row = row_class(plain, dict.fromkeys(map(str, rows.fields), Any))
    except ValueError:
        return None
    typed: Any = list[row | None] | row | None  # type: ignore[valid-type]  # a class that was made here
    for name in reversed(path):
        typed = TypedDict("Above", {name: typed}, total=False) | None  # type: ignore[operator]  # likewise
    return msgspec.msgpack.Decoder(typed, ext_hook=_restored).decode


def _laid(selection: Selection) -> tuple[tuple[str, ...], Selection | None]:
    path: list[str] = []
    while selection.layout is None:
        if len(selection.fields) != 1 or selection.everything:
            return (), None
        ((name, selection),) = selection.fields.items()
        path.append(name)
    return tuple(path), selection
