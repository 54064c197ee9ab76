"""How a reply becomes what is served, made once for a selection: what to ask the source for, and what to do with it.

Rows are never changed, for others may hold them: a row with something coded in it is made anew. What has nothing coded
in it goes through as it is, and then the source is asked for the very selection that came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from resolvers.errors import IsthmusError, SourceBadResponse
from resolvers.model import TYPE_KEY, ListRef, NamedRef, ObjectType, Operation, ScalarRef, TypeRef, UnionType
from resolvers.rows import Row
from resolvers.shaping.coding import UNREADABLE, Coding
from resolvers.shaping.lifting import lifting
from resolvers.shaping.shapes import Lifted, Shaping, inner
from resolvers.source import AS_SENT, EVERYTHING, Selection
from resolvers.views import KEY

Change = Callable[[object], object]
"""What the source gave for a value, never null → what is served."""
_MOST = 1000
_NONE: Mapping[str, Change] = {}


class Way(NamedTuple):
    """``selection``: what the source is asked for. ``change``: what is done with what comes; ``None``: nothing."""

    selection: Selection
    change: Change | None


class Replies:
    """The ways of the replies of one source, kept by operation and selection."""

    def __init__(self, shaping: Shaping) -> None:
        self._shaping = shaping
        self._model = shaping.raw
        self._by_type: dict[str, dict[str, Coding]] = {}
        for (kind, owner, name), coding in shaping.codings.items():
            if kind == "field":
                self._by_type.setdefault(owner, {})[name] = coding
        self._lifts = {owner: lifts for (kind, owner), lifts in shaping.lifts.items() if kind == "field"}
        self._leading = _leading(shaping, {*self._by_type, *self._lifts})
        self._whole: dict[str, Change] = {}
        self._known: dict[tuple[str, Selection], Way] = {}
        self._latest: dict[int, tuple[Selection, str, Way]] = {}

    def groups(self, operation: Operation, selection: Selection) -> Way:
        """As ``way``, of a list of which only the keys of groups are asked for: these come as an aggregate's."""
        row = operation.result.item if isinstance(operation.result, ListRef) else None
        if row is None or KEY not in selection.fields:
            return Way(selection, None)
        below = self._value(row, selection.fields[KEY])
        if below.change is None:
            return Way(selection, None)
        return Way(Selection({**selection.fields, KEY: below.selection}), _each(_members({KEY: below.change})))

    def way(self, operation: Operation, selection: Selection) -> Way:
        """What becomes of a call's selection, which is of the whole reply."""
        # A plan's own selection comes again and again: to find it by what it is costs more than a small reply.
        latest = self._latest.get(id(selection))
        if latest is not None and latest[0] is selection and latest[1] == operation.name:
            return latest[2]
        key = operation.name, selection
        found = self._known.get(key)
        if found is None:
            found = self._found(operation, selection)
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = found
        if len(self._latest) >= _MOST:
            self._latest.clear()
        self._latest[id(selection)] = selection, operation.name, found
        return found

    def _found(self, operation: Operation, selection: Selection) -> Way:
        if operation.result is None or not self._leads(operation.result):
            return Way(selection, None)
        return self._inside(operation.at, operation.result, selection)

    def _inside(self, path: tuple[str, ...], ref: TypeRef, selection: Selection) -> Way:
        """The way of a reply whose part at ``path`` is of the type ``ref``; what lies around it stays."""
        if not path:
            return self._value(ref, selection)
        name, *rest = path
        if selection.everything:
            change = self._inside(tuple(rest), ref, EVERYTHING).change
            return Way(selection, None if change is None else _members({name: change}))
        if name not in selection.fields:
            return Way(selection, None)
        below = self._inside(tuple(rest), ref, selection.fields[name])
        if below.change is None:
            return Way(selection, None)
        return Way(Selection({**selection.fields, name: below.selection}), _members({name: below.change}))

    def _leads(self, ref: TypeRef) -> bool:
        found = inner(ref)
        return isinstance(found, NamedRef) and found.name in self._leading

    def _value(self, ref: TypeRef, selection: Selection) -> Way:
        if isinstance(ref, ListRef):
            below = self._value(ref.item, selection)
            return below if below.change is None else Way(below.selection, _each(below.change))
        if isinstance(ref, ScalarRef) or ref.name not in self._leading:
            return Way(selection, None)
        if selection.everything:
            return Way(selection, self._of_type(ref.name))
        return self._object(ref.name, selection)

    def _object(self, name: str, selection: Selection) -> Way:
        """The way of an object: of one that may be of several types, of each of these."""
        asked = Selection()
        by_type: dict[str, Change] = {}
        for concrete in self._concrete(name):
            below, change = self._of_one(concrete, selection)
            asked = asked.merge(below)
            if change is not None:
                by_type[concrete] = change
        if not by_type:
            return Way(selection, None)
        return Way(asked, by_type[name] if name in by_type and len(by_type) == 1 else _chosen(by_type))

    def _of_one(self, concrete: str, selection: Selection) -> Way:
        """The way of an object that is of one type."""
        asked, changes, lifted = Selection(), dict[str, Change](), dict[str, Change]()
        lifts = self._lifts.get(concrete, {})
        for key, below in selection.fields.items():
            if key in lifts:
                way = self._lifted(lifts[key], below)
                asked, lifted[key] = asked.merge(way.selection), way.change or _same
                continue
            found = self._field(concrete, key, below) or Way(below, None)
            if found.change is not None:
                changes[key] = found.change
            asked = asked.merge(Selection({key: found.selection}))
        if not changes and not lifted:
            return Way(asked, None)
        return Way(asked, _members(changes, lifted))

    def _lifted(self, lifted: Lifted, selection: Selection) -> Way:
        """The way from the row to a value that lies deeper in it; its change takes the row."""
        _, owner, name = lifted.slot
        found = self._field(owner, name, selection) or Way(selection, None)
        return Way(found.selection.under(lifted.chain), lifting(lifted.chain, found.change, joins=lifted.joins))

    def _field(self, owner: str, name: str, selection: Selection) -> Way | None:
        definition = self._model.types[owner]
        if isinstance(definition, UnionType) or name not in definition.fields:
            return None
        coding = self._by_type.get(owner, {}).get(name)
        ref = definition.fields[name].type
        if coding is not None:
            return Way(AS_SENT if coding.as_sent else selection, _coded(coding, ref, f"{owner}.{name}"))
        return self._value(ref, selection)

    def _of_type(self, name: str) -> Change:
        """What is done with a whole object of a type; made when it is first needed, for types hold themselves."""
        found = self._whole.get(name)
        if found is None:
            made: list[Change] = []

            def later(value: object) -> object:
                if not made:
                    made.append(self._whole_type(name))
                return made[0](value)

            found = self._whole[name] = later
        return found

    def _whole_type(self, name: str) -> Change:
        by_type = {}
        for concrete in self._concrete(name):
            definition = self._model.types[concrete]
            assert not isinstance(definition, UnionType)
            lifts = self._lifts.get(concrete, {})
            away = {lifted.chain[0] for lifted in lifts.values()}
            ways = {key: self._field(concrete, key, EVERYTHING) for key in definition.fields if key not in away}
            changes = {key: way.change for key, way in ways.items() if way is not None and way.change is not None}
            lifted = {key: self._lifted(each, EVERYTHING).change or _same for key, each in lifts.items()}
            if changes or lifted:
                by_type[concrete] = _members(changes, lifted)
        return by_type[name] if name in by_type and len(by_type) == 1 else _chosen(by_type)

    def _concrete(self, name: str) -> list[str]:
        """The object types that an object of a type may be of."""
        definition = self._model.types[name]
        if isinstance(definition, ObjectType):
            return [name]
        if isinstance(definition, UnionType):
            return [each for each in definition.members if each in self._model.types]
        return [
            key
            for key, each in self._model.types.items()
            if isinstance(each, ObjectType) and name in each.interfaces
        ]  # fmt: skip


def _leading(shaping: Shaping, coded: Iterable[str]) -> frozenset[str]:
    """The types that hold something coded, themselves or in what they lead to."""
    above: dict[str, set[str]] = {}
    for key, definition in shaping.raw.types.items():
        members = (
            list(definition.members)
            if isinstance(definition, UnionType)
            else [found.name for each in definition.fields.values() if isinstance(found := inner(each.type), NamedRef)]
        )
        if not isinstance(definition, UnionType):
            for interface in definition.interfaces:
                above.setdefault(key, set()).add(interface)
        for member in members:
            above.setdefault(member, set()).add(key)
    waiting, found_types = list(coded), set[str]()
    while waiting:
        key = waiting.pop()
        if key not in found_types:
            found_types.add(key)
            waiting.extend(above.get(key, ()))
    return frozenset(found_types)


def _coded(coding: Coding, ref: TypeRef, coordinate: str) -> Change:
    """The value of a coded leaf; one that is not written so is an error in its place."""
    if isinstance(ref, ListRef):
        item = _coded(coding, ref.item, coordinate)

        def listed(value: object) -> object:
            if isinstance(value, IsthmusError):
                return value
            if not isinstance(value, list):
                return SourceBadResponse(f"{coordinate}: expected a list")
            return [None if each is None else item(each) for each in value]

        return listed
    read = coding.read

    def leaf(value: object) -> object:
        if isinstance(value, IsthmusError):
            return value
        try:
            return read(value)
        except UNREADABLE as error:
            return SourceBadResponse(f"{coordinate}: {error}")

    return leaf


def _each(change: Change) -> Change:
    def every(value: object) -> object:
        if not isinstance(value, list):
            return change(value)  # rows that a path joins may be one
        return [None if each is None else change(each) for each in value]

    return every


def _members(changes: Mapping[str, Change], lifted: Mapping[str, Change] = _NONE) -> Change:
    """A row made anew, with some of its members changed, and with others that are found in the row as it came."""
    items, found_in_row = tuple(changes.items()), tuple(lifted.items())

    def row(value: object) -> object:
        if isinstance(value, list):
            return [None if each is None else row(each) for each in value]
        if isinstance(value, Row):
            value = value.as_mapping()
        if not isinstance(value, Mapping):
            return value
        made = dict(value)
        for name, change in items:
            found = made.get(name)
            if found is not None:
                made[name] = change(found)
        for name, find in found_in_row:
            made[name] = find(value)
        return made

    return row


def _same(value: object) -> object:
    return value


def _chosen(by_type: Mapping[str, Change]) -> Change:
    def row(value: object) -> object:
        name = value.get(TYPE_KEY) if isinstance(value, Mapping) else None
        change = by_type.get(name) if isinstance(name, str) else None
        return value if change is None else change(value)

    return row
