"""``Across``: a link to another source among the fields of a ``where``, and how it is looked up there. Data alone.

Which links can be filtered through is decided in ``crossing.py``; the calls are made in ``plan/semijoin.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from resolvers import Column, KeyPart, Operation


@dataclass(frozen=True, slots=True)
class Listing:
    """A list whose arguments filter its rows. ``filters``: field of the rows → the argument that is equal to it, and
    whether that takes a list.
    """

    operation: Operation
    arguments: Mapping[str, object]
    filters: Mapping[str, tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Lookup:
    """How the rows that fulfil a filter are found.

    ``column``: loads the rows of the other side by keys, all of them. ``keys``: the fields of this side, by the
    source's names; ``parts``: what their values must be, to be compared by this side's source. ``evaluated``: the
    other source cannot filter, so its rows are judged here. ``exact``: both sides keep keys in the same form, so the
    other side can be asked first: by a filter of its own, or by ``listing``. ``most``: so many different keys.
    """

    coordinate: str
    column: Column
    keys: tuple[str, ...]
    parts: tuple[KeyPart, ...]
    evaluated: bool
    exact: bool
    most: int
    many: bool = False
    listing: Listing | None = field(default=None)


class Across(str):
    """The name of such a link among the source's names of columns."""

    __slots__ = ("lookup",)
    lookup: Lookup

    def __new__(cls, lookup: Lookup) -> Self:
        made = super().__new__(cls, f"${lookup.coordinate}")
        made.lookup = lookup
        return made
