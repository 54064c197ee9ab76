"""Data classes packed into plain lists and back, led by their annotations: what MessagePack can say, never code.

Rows end where only defaults follow. Small values that recur (types above all) are packed once and named by number, and
so are nodes, which may lead to themselves.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

Change = Callable[[Any], Any]
"""How a value is changed on its way; ``None`` in its place means not at all."""


class Packing:
    """``root`` packed and unpacked. ``shared``: frozen, hashable data classes that are worth a number.

    ``nodes``: data classes whose values may lead to themselves; they can be made empty and filled afterwards.

    Raises:
        TypeError: an annotation below ``root`` is not understood.
    """

    def __init__(self, root: type, shared: frozenset[type], nodes: frozenset[type]) -> None:
        self._root = root
        self._shared = shared
        self._nodes = nodes

    def pack(self, value: object) -> bytes:
        """Raises: OverflowError, TypeError: it holds what MessagePack cannot say, such as an integer of 65 bits."""
        writer = _Writer(self._shared, self._nodes)
        body = writer.change(self._root)
        packed = value if body is None else body(value)
        return msgspec.msgpack.encode([writer.table, writer.nodes, packed])

    def unpack(self, content: bytes) -> object:
        """Raises: Exception: of whatever kind, when the bytes were not packed by the same code."""
        table, nodes, packed = msgspec.msgpack.decode(content)
        reader = _Reader(self._shared, self._nodes)
        for name, row in table:
            reader.table.append(reader.rows[name](row))
        reader.nodes += [reader.makers[name]() for name, _ in nodes]
        for node, (name, row) in zip(reader.nodes, nodes, strict=True):
            reader.fill(node, name, row)
        body = reader.change(self._root)
        return packed if body is None else body(packed)


class _Maker:
    """Makes the changes for annotations; one for writing and one for reading differ in the leaves."""

    def __init__(self, shared: frozenset[type], nodes: frozenset[type]) -> None:
        self._shared = shared
        self._nodes = nodes
        self._made: dict[Any, Change | None] = {}

    def change(self, hint: Any) -> Change | None:
        if hint not in self._made:
            if dataclasses.is_dataclass(hint):
                self._made[hint] = lambda value: late(value)  # noqa: PLW0108  # a type may contain itself: bound below
                made = self.data(hint)  # type: ignore[arg-type]  # a class, as get_type_hints gives it
                late = made
                self._made[hint] = made
            else:
                self._made[hint] = self._other(hint)
        return self._made[hint]

    def _other(self, hint: Any) -> Change | None:
        origin, inner = get_origin(hint), get_args(hint)
        made: Change | None = None
        if origin in {Union, types.UnionType}:
            made = self._union(inner)
        elif origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
            made = self.many(tuple, self.change(inner[0]))
        elif origin is tuple:
            made = self.fixed([self.change(part) for part in inner])
        elif origin is frozenset:
            made = self.many(frozenset, self.change(inner[0]))
        elif origin in {Mapping, dict}:
            made = self.mapping(self.change(inner[1]))
        elif isinstance(hint, type) and issubclass(hint, Enum):
            made = self.enum(hint)
        elif origin is not Literal and hint not in {str, int, float, bool, object, Any, type(None)}:
            raise TypeError(f"{hint} is not understood")
        return made

    def _union(self, inner: tuple[Any, ...]) -> Change | None:
        classes = [part for part in inner if dataclasses.is_dataclass(part)]
        if not classes:
            changed = [change for part in inner if (change := self.change(part)) is not None]
            if not changed:
                return None
            if len(inner) > 2 or type(None) not in inner:
                raise TypeError(f"one of {inner} is not understood")
            return lambda value: None if value is None else changed[0](value)
        return self.choice(classes)  # type: ignore[arg-type]  # classes, as get_type_hints gives them

    def data(self, cls: type) -> Change:
        raise NotImplementedError

    def choice(self, classes: list[type]) -> Change:
        raise NotImplementedError

    def many(self, made: type, item: Change | None) -> Change:
        raise NotImplementedError

    def fixed(self, parts: list[Change | None]) -> Change:
        raise NotImplementedError

    def mapping(self, item: Change | None) -> Change | None:
        raise NotImplementedError

    def enum(self, cls: type[Enum]) -> Change | None:
        raise NotImplementedError


class _Writer(_Maker):
    def __init__(self, shared: frozenset[type], nodes: frozenset[type]) -> None:
        super().__init__(shared, nodes)
        self.table: list[tuple[str, object]] = []
        self.nodes: list[tuple[str, object]] = []
        self._numbers: dict[object, int] = {}

    def data(self, cls: type) -> Change:
        hints = get_type_hints(cls)
        given = dataclasses.fields(cls)
        defaults = [_default(item) for item in given]
        names = [item.name for item in given]
        changes = [self.change(hints[name]) for name in names]

        def row(value: Any) -> list[object]:
            values = [getattr(value, name) for name in names]
            while values and values[-1] == defaults[len(values) - 1]:
                values.pop()
            return [item if change is None else change(item) for change, item in zip(changes, values, strict=False)]

        def node(value: Any) -> int:
            if id(value) not in self._numbers:
                self._numbers[id(value)] = number = len(self.nodes)
                self.nodes.append((cls.__name__, []))
                self.nodes[number] = (cls.__name__, row(value))
            return self._numbers[id(value)]

        if cls in self._nodes:
            return node
        if cls not in self._shared:
            return row

        def number(value: Any) -> int:
            if value not in self._numbers:
                packed = row(value)
                self._numbers[value] = len(self.table)
                self.table.append((cls.__name__, packed))
            return self._numbers[value]

        return number

    def choice(self, classes: list[type]) -> Change:
        if set(classes) <= self._shared:
            for cls in classes:
                self.change(cls)
            return lambda value: None if value is None else self._made[type(value)](value)  # type: ignore[misc]  # made above
        numbers = {cls: number for number, cls in enumerate(classes)}
        changes = [self.change(cls) for cls in classes]
        return lambda value: None if value is None else [numbers[type(value)], changes[numbers[type(value)]](value)]  # type: ignore[misc]  # data classes are always changed

    def many(self, made: type, item: Change | None) -> Change:
        def write(values: Any) -> list[object]:
            listed = sorted(values, key=repr) if made is frozenset else values
            return [value if item is None else item(value) for value in listed]

        return write

    def fixed(self, parts: list[Change | None]) -> Change:
        return lambda values: [
            value if part is None else part(value) for part, value in zip(parts, values, strict=True)
        ]

    def mapping(self, item: Change | None) -> Change | None:
        return lambda values: {key: value if item is None else item(value) for key, value in values.items()}

    def enum(self, cls: type[Enum]) -> Change | None:  # noqa: ARG002  # the reader needs it
        return lambda value: value.value


class _Reader(_Maker):
    def __init__(self, shared: frozenset[type], nodes: frozenset[type]) -> None:
        super().__init__(shared, nodes)
        self.table: list[object] = []
        self.nodes: list[object] = []
        self.makers = {cls.__name__: cls for cls in nodes}
        self.rows = {cls.__name__: self._row(cls) for cls in shared}

    def data(self, cls: type) -> Change:
        if cls in self._nodes:
            return self.nodes.__getitem__
        return self.table.__getitem__ if cls in self._shared else self._row(cls)

    def fill(self, node: object, name: str, row: list[Any]) -> None:
        """Puts what is packed of a node into the empty one."""
        hints = get_type_hints(self.makers[name])
        for item, value in zip(dataclasses.fields(self.makers[name]), row, strict=False):
            change = self.change(hints[item.name])
            setattr(node, item.name, value if change is None else change(value))

    def _row(self, cls: type) -> Change:
        hints = get_type_hints(cls)
        changed = [
            (index, change)
            for index, item in enumerate(dataclasses.fields(cls))
            if (change := self.change(hints[item.name])) is not None
        ]

        def read(row: list[Any]) -> object:
            size = len(row)
            for index, change in changed:
                if index < size:
                    row[index] = change(row[index])
            return cls(*row)

        return read

    def choice(self, classes: list[type]) -> Change:
        if set(classes) <= self._shared:
            table = self.table
            return lambda value: None if value is None else table[value]
        changes = [self.change(cls) for cls in classes]
        return lambda value: None if value is None else changes[value[0]](value[1])

    def many(self, made: type, item: Change | None) -> Change:
        return made if item is None else lambda values: made(map(item, values))

    def fixed(self, parts: list[Change | None]) -> Change:
        return lambda values: tuple(
            value if part is None else part(value) for part, value in zip(parts, values, strict=True)
        )

    def mapping(self, item: Change | None) -> Change | None:
        return None if item is None else lambda values: {key: item(value) for key, value in values.items()}

    def enum(self, cls: type[Enum]) -> Change | None:
        return cls


def _default(item: dataclasses.Field[Any]) -> object:
    if item.default is not dataclasses.MISSING:
        return item.default
    return item.default_factory() if item.default_factory is not dataclasses.MISSING else _NONE


class _Nothing:
    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]  # equal to nothing, not to itself


_NONE = _Nothing()
