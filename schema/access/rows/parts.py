"""Rules on rows of an entity: each condition is read for the part that has its fields, and led to from the others.

So a rule holds for the rows of every part, wherever its fields lie. A key that leads to no row of that part, or to an
error, leaves the condition unknown, and a rule that is unknown is not fulfilled.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from resolvers import Key, KeyPart
from schema.access.rows.expression import All, Expression, Led, Unknown
from schema.access.rows.reading import WORDS, LinkTo, Reader, worded
from schema.source_types import SourceTypes

Part = tuple[str, str]
"""A source, and the key of a type there."""


@dataclass(frozen=True, slots=True)
class Parts:
    """``made``: the parts, the first one first. ``steps``: how rows of one part find those of another by the ``key``,
    which those of ``alike`` write as the first part does; ``told``: the fields of the first part that hold the key, and
    how it is written there, for a key of each part. ``waits``: there are more parts, whose source is missing.
    """

    made: Mapping[Part, tuple[SourceTypes, str]]
    steps: Mapping[tuple[Part, Part], LinkTo]
    alike: Container[Part]
    told: Mapping[Part, tuple[tuple[str, KeyPart], ...]]
    key: tuple[str, ...]
    reader: Reader
    waits: bool

    def read(self, part: Part, where: object, *, asked_there: bool, at: tuple[Key, ...] = ()) -> Expression:
        """A rule for the rows of one part. ``asked_there``: their database evaluates what is on its own fields.

        Raises:
            Fault: a name or a value that is not understood.
        """
        names = set(_named(where)) if isinstance(where, Mapping) else set()
        home = next((each for each in (part, *self.made) if names <= self._known(each)), None)
        if home is not None:
            there = asked_there and home == part
            read = self.reader.of_rows(*self.made[home], where, asked_there=there, at=at)
            step = self.steps[part, home]
            on_key = names <= set(self.key)
            return read if home == part else Led(step.column, step.keys, read, self.told[part] if on_key else ())
        assert isinstance(where, Mapping)  # what says nothing has no names, and lies in every part

        def inner(value: object, *path: Key) -> Expression:
            return self.read(part, value, asked_there=asked_there, at=(*at, *path))

        if len(where) > 1:
            return All(tuple(inner({name: value}) for name, value in where.items()))
        ((name, value),) = where.items()
        if name in WORDS:
            return worded(name, value, (*at, name), lambda below, *path: inner(below, name, *path))
        if self.waits:
            return Unknown()
        raise self.reader.unknown(self.made.values(), str(name), (*at, name))

    def having(self, field: str) -> list[Part]:
        """The parts whose rows have a field."""
        return [part for part, (made, key) in self.made.items() if field in made.field_names[key].values()]

    def _known(self, part: Part) -> set[str]:
        """The names that a condition on the rows of a part can be on."""
        made, key = self.made[part]
        subject = self.reader.subject(made, key, asked_there=made.model.has_tables)
        known = {*subject.leaves, *subject.relations, *subject.links, *subject.waiting, *subject.others}
        return known if part in self.alike else known - set(self.key)


def _named(where: object) -> Iterator[str]:
    """The names of fields that a condition is on."""
    if isinstance(where, list):
        for each in where:
            yield from _named(each)
    elif isinstance(where, Mapping):
        for name, value in where.items():
            if name in WORDS:
                yield from _named(value)
            else:
                yield str(name)
