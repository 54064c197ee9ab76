"""A decoded value is walked by the types of its source: rows that the caller does not see are taken out of it.

What is hidden is as if it were not there: it is left out of lists, and null stands where one was. Nothing is changed in
place, since a reply may be kept and given to others. It asks nothing; what decides over rows is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from resolvers import (
    LEAF,
    TYPE_KEY,
    IsthmusError,
    ListRef,
    NamedRef,
    ObjectType,
    Row,
    Scalar,
    ScalarRef,
    Selection,
    SourceModel,
    TypeRef,
    UnionType,
)
from schema.access.rows.rules import named_in
from schema.source_types import concrete

Holds = Callable[[object], bool | None]
"""Whether a row fulfils a condition."""


class _Hidden:
    __slots__ = ()


HIDDEN: Final = _Hidden()
"""Stands for a value that is not there for the caller."""

_TELLING = (frozenset({"key", "value"}), frozenset({"cursor", "node"}))
"""The fields of what would tell of a hidden value in it: the entry of a map by its key, an edge by its cursor."""
_NOTHING: frozenset[str] = frozenset()
_PLAIN = frozenset({Scalar.STRING, Scalar.ID, Scalar.INT, Scalar.BOOLEAN})
"""Scalars whose values are the same in a row that stands in the answer."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides over the rows of one type, and over single fields of them."""

    rows: Holds | None = None
    fields: Mapping[str, Holds] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Walk:
    """The walk through values of one source. ``reach``: the types to look into; ``needs``: type → the fields that must
    be there to decide over its rows.
    """

    model: SourceModel
    reach: frozenset[str]
    needs: Mapping[str, frozenset[str]]
    laid: frozenset[str] = frozenset()
    """Types of which whole rows alone are decided, by themselves: these may stand in the answer as they are."""
    _inner: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def enters(self, ref: TypeRef | None) -> bool:
        """Whether there can be anything to decide in values of a type."""
        return named_in(ref) in self.reach

    def extended(self, ref: TypeRef, selection: Selection, path: Sequence[str] = ()) -> Selection:
        """The selection with what is needed to decide; ``path`` leads to the value of type ``ref``."""
        if path:
            below = selection.fields.get(path[0])
            if below is None or selection.everything:
                return selection.plain()
            return Selection({**selection.fields, path[0]: self.extended(ref, below, path[1:])})
        name = named_in(ref)
        if name not in self.reach or selection.everything:
            return selection.plain() if name in self.reach else selection
        fields = dict(selection.fields)
        for kind in concrete(self.model, name):
            for needed in self.needs.get(kind, ()):
                fields.setdefault(needed, LEAF)
        for definition in (self.model.types[each] for each in (name, *concrete(self.model, name))):
            if isinstance(definition, UnionType):
                continue
            for key in fields.keys() & definition.fields.keys():
                fields[key] = self.extended(definition.fields[key].type, fields[key])
        return Selection(fields, layout=selection.layout if self._may_stand(name, fields) else None)

    def _may_stand(self, name: str, fields: Mapping[str, Selection]) -> bool:
        """Whether rows can be decided over as they stand in the answer: a value there may have another form, unless it
        is plain.
        """
        definition = self.model.types[name]
        if name not in self.laid or not isinstance(definition, ObjectType):
            return False
        needed = [definition.fields[key].type for key in self.needs[name]]
        plain = all(isinstance(ref, ScalarRef) and ref.scalar in _PLAIN for ref in needed)
        return plain and not any(key in fields for key in self._entered(name, definition))

    def _entered(self, name: str, definition: ObjectType) -> tuple[str, ...]:
        """The fields of a type in whose values there can be something to decide."""
        if name not in self._inner:
            self._inner[name] = tuple(key for key, item in definition.fields.items() if self.enters(item.type))
        return self._inner[name]

    def rows(self, ref: TypeRef, value: object, path: Sequence[str] = ()) -> Iterator[tuple[str, Mapping[str, object]]]:
        """Every row in the value of whose type something is decided, with the name of its type."""
        if isinstance(value, list):
            below = ref.item if isinstance(ref, ListRef) and not path else ref
            for item in value:
                yield from self.rows(below, item, path)
        elif isinstance(value, Mapping) and path:
            yield from self.rows(ref, value.get(path[0]), path[1:])
        elif isinstance(value, Mapping) and isinstance(ref, NamedRef) and ref.name in self.reach:
            name = self._run_time(ref.name, value)
            definition = self.model.types.get(name or "")
            if name is None or not isinstance(definition, ObjectType):
                return
            if name in self.needs:
                yield name, value
            for key, item in definition.fields.items():
                if key in value and self.enters(item.type):
                    yield from self.rows(item.type, value[key])

    def kept(
        self, ref: TypeRef, selection: Selection, value: object, judges: Mapping[str, Judge], path: Sequence[str] = ()
    ) -> object:
        """The value as it is for the caller; ``HIDDEN`` where it is not there."""
        if isinstance(value, list):
            below = ref.item if isinstance(ref, ListRef) and not path else ref
            return self._listed(below, selection, value, judges, path)
        if isinstance(value, Row) and isinstance(ref, NamedRef) and ref.name in self.reach:
            judge = judges.get(ref.name, _NOBODY)
            return value if judge.rows is not None and _holds(judge.rows, value) else HIDDEN
        if not isinstance(value, Mapping):
            return HIDDEN if self._is_unreadable(ref, value, judges, path) else value
        if path:
            inner = selection if selection.everything else selection.fields.get(path[0], LEAF)
            found = self.kept(ref, inner, value.get(path[0]), judges, path[1:])
            return {**value, path[0]: None if found is HIDDEN else found}
        if not isinstance(ref, NamedRef) or ref.name not in self.reach:
            return value
        return self._row(self._run_time(ref.name, value), selection, value, judges)

    def _listed(
        self, ref: TypeRef, selection: Selection, items: list[object], judges: Mapping[str, Judge], path: Sequence[str]
    ) -> list[object]:
        """Of the items of a list those that are there for the caller, as they are for him."""
        decided = isinstance(ref, NamedRef) and ref.name in self.reach
        if decided and items and isinstance(items[0], Row) and len(set(map(type, items))) == 1:
            holds = judges.get(cast("NamedRef", ref).name, _NOBODY).rows
            return [] if holds is None else [row for row in items if _holds(holds, cast("Row", row))]
        kept = [self.kept(ref, selection, item, judges, path) for item in items]
        return [item for item in kept if item is not HIDDEN]

    def _is_unreadable(self, ref: TypeRef, value: object, judges: Mapping[str, Judge], path: Sequence[str]) -> bool:
        """Whether it is the error of a row that nobody could look at: it may be one that the caller does not see."""
        if path or not isinstance(value, IsthmusError) or not isinstance(ref, NamedRef):
            return False
        return any(judges.get(name, _NOBODY).rows is not None for name in concrete(self.model, ref.name))

    def _row(
        self, name: str | None, selection: Selection, value: Mapping[str, object], judges: Mapping[str, Judge]
    ) -> object:
        definition = self.model.types.get(name or "")
        if name is None or not isinstance(definition, ObjectType):
            return HIDDEN  # nobody knows whose rules hold for it
        judge = judges.get(name, _NOBODY)
        if judge.rows is not None and not _holds(judge.rows, value):
            return HIDDEN
        extra = frozenset() if selection.everything else self.needs.get(name, _NOTHING) - selection.fields.keys()
        if not (extra or judge.fields or self._entered(name, definition)):
            return value
        made = dict(value)
        for key, holds in judge.fields.items():
            if key in made and not _holds(holds, value):
                made[key] = None
        for needed in extra:
            made.pop(needed, None)
        return self._inside(name, definition, selection, made, judges)

    def _inside(
        self,
        name: str,
        definition: ObjectType,
        selection: Selection,
        made: dict[str, object],
        judges: Mapping[str, Judge],
    ) -> object:
        """The row with the values inside it as they are for the caller."""
        for key in self._entered(name, definition):
            if key in made:
                below = selection if selection.everything else selection.fields.get(key, LEAF)
                found = self.kept(definition.fields[key].type, below, made[key], judges)
                if found is HIDDEN and name in self.model.made and definition.fields.keys() in _TELLING:
                    return HIDDEN
                made[key] = None if found is HIDDEN else found
        return made

    def _run_time(self, name: str, value: Mapping[str, object]) -> str | None:
        """The type of a row; ``None`` where an interface or a union does not say which of its types it is."""
        if isinstance(self.model.types.get(name), ObjectType):
            return name
        told = value.get(TYPE_KEY)
        return told if isinstance(told, str) and told in concrete(self.model, name) else None


_NOBODY = Judge()


def _holds(holds: Holds, row: Mapping[str, object] | Row) -> bool:
    try:
        return holds(row) is True
    except IsthmusError:
        return False  # what must be looked at could not be read


def without(value: object, path: Sequence[str]) -> object:
    """The value with null at the end of a path, where there is anything."""
    if isinstance(value, list):
        return [without(item, path) for item in value]
    if not path or not isinstance(value, Mapping) or path[0] not in value:
        return value
    return {**value, path[0]: None if len(path) == 1 else without(value[path[0]], path[1:])}
