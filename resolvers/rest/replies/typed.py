"""Decoders made for one selection: what was not asked is skipped, and types are checked, while the JSON is parsed.

A decoder serves what is quite as its description says; anything else makes it give up, and the exact reading of
``exact.py`` decides. Both give the same value. Of a name that occurs twice in an object the last one counts here.

What JSON says otherwise than rows do (maps, unions, members beyond the named ones) is decoded as far as msgspec can,
and finished by functions that are made beside the decoder, only for the parts of the selection that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import NoneType
from typing import Any, TypedDict

import msgspec

from resolvers.model import TYPE_KEY, ListRef, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.rest.replies.choose import choose
from resolvers.rest.replies.rows import Rows
from resolvers.rest.schemas.maps import KEY, VALUE
from resolvers.rest.shapes import Choice, JsonKind, Variant
from resolvers.rows import Kind, Layout, row_class
from resolvers.source import Selection

Decode = Callable[[bytes], object]
Finish = Callable[[Any], object]
"""What was decoded, never null → the row that it stands for."""

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
_FIRST: Mapping[int, JsonKind] = {
    ord("{"): "object", ord("["): "array", ord('"'): "string", ord("t"): "boolean", ord("f"): "boolean",
}  # fmt: skip
"""The first byte of a JSON value → its kind; all others but null begin a number."""
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_value = msgspec.json.Decoder(object).decode


class Unfit(ValueError):
    """The value is not as described; the exact reading words it."""


class _Untyped(Exception):
    """Something in the selection has no fixed type."""


class TypedDecoders:
    """The decoders of one source, kept by result and selection."""

    def __init__(self, rows: Rows, *, patience: int = 1) -> None:
        """``patience``: so many replies for a selection are read plainly before classes of rows are made for it."""
        self._rows = rows
        self._patience = patience
        self._known: dict[tuple[TypeRef, Selection], Decode | None] = {}
        self._latest: dict[int, tuple[Selection, TypeRef, Decode | None]] = {}
        """By identity; each entry holds its selection, so that no other can have its place in memory."""

    def of(self, result: TypeRef, selection: Selection) -> Decode | None:
        """The decoder, or ``None`` where the selection needs the exact reading. It raises ``ValueError`` and others."""
        # A plan's own selection comes again and again: to find it by what it is costs more than a small reply.
        latest = self._latest.get(id(selection))
        if latest is not None and latest[0] is selection and latest[1] is result:
            return latest[2]
        found = self._of(result, selection)
        if len(self._latest) >= _MOST:
            self._latest.clear()
        self._latest[id(selection)] = (selection, result, found)
        return found

    def _of(self, result: TypeRef, selection: Selection) -> Decode | None:
        key = (result, selection)
        if key not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            try:
                self._known[key] = self._made(result, selection)
            except _Untyped:
                self._known[key] = None
        return self._known[key]

    def _made(self, result: TypeRef, selection: Selection) -> Decode:
        bare = _bare(selection)
        plainly = self._decoder(result, bare)
        if bare is selection:
            return plainly
        return _Laid(plainly, lambda: self._decoder(result, selection), self._patience)

    def _decoder(self, ref: TypeRef, selection: Selection) -> Decode:
        typed, finish = self._typed(ref, selection)
        decode = msgspec.json.Decoder(typed, float_hook=Decimal).decode  # of what is taken as it was sent
        if finish is None:
            return decode

        def finished(body: bytes) -> object:
            value = decode(body)
            return None if value is None else finish(value)

        return finished

    def _typed(self, ref: TypeRef, selection: Selection) -> tuple[Any, Finish | None]:
        """The type for msgspec, and what remains to be done with a value of it."""
        inner: Any
        finish: Finish | None = None
        if selection.as_sent:
            return Any, None
        if selection.everything:
            raise _Untyped
        if isinstance(ref, ListRef):
            entry = self._rows.entry(ref)
            inner, finish = self._map(entry, selection) if entry else self._list(ref, selection)
        elif isinstance(ref, ScalarRef):
            if ref.scalar not in _LEAVES:
                raise _Untyped
            inner = _LEAVES[ref.scalar]
        elif ref.name in self._rows.fields:
            inner, finish = self._object(ref.name, selection)
        elif ref.name in self._rows.shapes.choices:
            return msgspec.Raw, self._union(self._rows.shapes.choices[ref.name], selection)
        elif ref.name in self._rows.enums:
            inner = str | int
        else:
            raise _Untyped
        return inner | NoneType, finish

    def _list(self, ref: ListRef, selection: Selection) -> tuple[Any, Finish | None]:
        item, finish = self._typed(ref.item, selection)
        if finish is None:
            return list[item], None  # type: ignore[valid-type]  # a type made at run time
        each = finish
        return list[item], lambda values: [None if value is None else each(value) for value in values]  # type: ignore[valid-type]  # likewise

    def _object(self, name: str, selection: Selection) -> tuple[Any, Finish | None]:
        fields = self._rows.fields[name]
        if self._rows.shapes.more.get(name) in selection.fields:
            raise _Untyped
        asked: dict[str, Any] = {}
        finishes: list[tuple[str, Finish]] = []
        for key, below in selection.fields.items():
            if key in fields:
                asked[key], finish = self._typed(fields[key], below)
                if finish is not None:
                    finishes.append((key, finish))
        if selection.layout is not None and _fits(selection.layout, fields, asked):
            row: Any = row_class(selection.layout, asked)
            slots = [(row.attributes[key], finish) for key, finish in finishes]
            return row, _finish_attributes(slots) if slots else None
        made: Any = TypedDict("Asked", asked, total=False)  # type: ignore[misc]  # its fields are known at run time
        return made, _finish_members(finishes) if finishes else None

    def _map(self, entry: str, selection: Selection) -> tuple[Any, Finish]:
        if VALUE not in selection.fields:
            return dict[str, msgspec.Raw], lambda held: [{KEY: key} for key in held]
        item, finish = self._typed(self._rows.fields[entry][VALUE], selection.fields[VALUE])
        typed = dict[str, item]  # type: ignore[valid-type]  # a type made at run time
        if finish is None:
            return typed, lambda held: [{KEY: key, VALUE: value} for key, value in held.items()]
        each = finish
        return typed, lambda held: [
            {KEY: key, VALUE: None if value is None else each(value)} for key, value in held.items()
        ]

    def _union(self, choice: Choice, selection: Selection) -> Finish:
        """Unions are left as bytes, looked at, and decoded as the alternative that they are."""
        decoders = {variant.type: self._variant(variant, selection) for variant in choice.variants}

        def finish(raw: msgspec.Raw) -> object:
            body = bytes(raw)
            if body == b"null":
                return None
            kind = _FIRST.get(body[0], "number")
            variant = choose(choice, kind, _members(body) if kind == "object" else {}, _value_of)
            if variant is None:
                raise Unfit("none of the alternatives")
            row = decoders[variant.type](body)
            if not isinstance(row, dict):
                raise Unfit("not an object")
            row[TYPE_KEY] = variant.type
            return row

        return finish

    def _variant(self, variant: Variant, selection: Selection) -> Decode:
        if variant.inner is None:
            return self._decoder(NamedRef(variant.type), selection)
        inner = selection.fields.get(variant.member)
        if inner is None:
            return lambda _: {}
        decode = self._decoder(variant.inner, inner)
        return lambda body: {variant.member: decode(body)}


class _Laid:
    """Decodes into rows of a layout; plainly at first, and again once replies have not fitted it time after time."""

    def __init__(self, plainly: Decode, make: Callable[[], Decode], patience: int) -> None:
        self._plainly = plainly
        self._make = make
        self._laid: Decode | None = None
        self._patience = patience
        self._misfits = 0

    def __call__(self, body: bytes) -> object:
        if self._patience > 0:
            self._patience -= 1
        elif self._misfits < _MISFITS:
            try:
                if self._laid is None:
                    self._laid = self._make()
                return self._laid(body)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                self._misfits += 1
        return self._plainly(body)


_MISFITS = 10


def _bare(selection: Selection) -> Selection:
    """The selection without layouts, the very same where it has none."""
    fields = {name: _bare(below) for name, below in selection.fields.items()}
    if selection.layout is None and all(fields[name] is below for name, below in selection.fields.items()):
        return selection
    return Selection(fields, selection.everything, as_sent=selection.as_sent)


def _finish_members(finishes: list[tuple[str, Finish]]) -> Finish:
    def finish(row: Any) -> object:
        for key, each in finishes:
            value = row.get(key)
            if value is not None:
                row[key] = each(value)
        return row

    return finish


def _finish_attributes(finishes: list[tuple[str, Finish]]) -> Finish:
    def finish(row: Any) -> object:
        for attribute, each in finishes:
            value = getattr(row, attribute)
            if value is not None:
                setattr(row, attribute, each(value))
        return row

    return finish


def _fits(layout: Layout, fields: Mapping[str, TypeRef], asked: Mapping[str, Any]) -> bool:
    """Whether what the description says of the fields is what the layout takes them for."""
    for member in layout.members:
        if member.key:
            ref = fields.get(member.key)
            if ref is None or member.key not in asked:
                return False
            if member.kind != "any" and (not isinstance(ref, ScalarRef) or _KIND_OF.get(ref.scalar) != member.kind):
                return False
    return True


_KIND_OF: Mapping[Scalar, Kind] = {
    Scalar.STRING: "text",
    Scalar.ID: "text",
    Scalar.INT: "int",
    Scalar.FLOAT: "float",
    Scalar.BOOLEAN: "boolean",
}


def _value_of(raw: object) -> object:
    """The value of one member, which few alternatives need."""
    return _value(raw)  # type: ignore[arg-type]  # members are decoded as Raw, which is bytes-like
