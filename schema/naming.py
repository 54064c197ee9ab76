"""A source's names become GraphQL names: pure, stable, and never two things under one name.

It holds spelling and the order of precedence between sources, and knows nothing of what the names stand for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from resolvers import LONGEST, Naming, assign, first_free, shortened, words

_LEGAL = re.compile(r"[_A-Za-z][_0-9A-Za-z]*", re.ASCII)
_ENUM_WORDS = frozenset({"true", "false", "null"})
_SIGNS = {
    "+": "plus", "-": "minus", "*": "star", "/": "slash", "=": "equal", "<": "less", ">": "greater", "!": "not",
    "$": "dollar", "@": "at", "#": "hash", "%": "percent", "&": "and", "_": "underscore", ".": "dot", "|": "or",
}  # fmt: skip

NO_SOURCE = ""
"""Stands for the source of names that are no source's: those that were never free, and of types that are shared."""
_LEAST = 10
"""So many letters of a thing's own name stay, however long what stands before it is."""

Key = TypeVar("Key", bound=Hashable)

RESERVED_TYPES = frozenset(
    {"Query", "Mutation", "Subscription", "String", "ID", "Int", "Float", "Boolean"}
    | {"DateTime", "Date", "Time", "Decimal", "UUID", "BigInt", "Base64", "JSON"}
)


@lru_cache(maxsize=20_000)
def pascal(name: str) -> str:
    """A type's name: ``order_line`` → ``OrderLine``; ``HTTPError`` keeps its capitals."""
    return _legal("".join(word[:1].upper() + word[1:] for word in words(name)), "Type")


@lru_cache(maxsize=20_000)  # the same few thousand names stand in a large description a hundred times each
def camel(name: str) -> str:
    """A field's name: ``order_id`` → ``orderId``; ``ID`` → ``id``; ``URLPath`` → ``urlPath``."""
    found = words(name)
    if not found:
        return "field"
    first = found[0].lower()
    return _legal(first + "".join(word[:1].upper() + word[1:] for word in found[1:]), "field")


def members(names: Iterable[str], pinned: Mapping[str, str] | None = None) -> dict[str, str]:
    """The fields or arguments of one type: source's name → GraphQL name, in the order given, which decides nothing.

    Of two that would be spelled alike the one that is spelled so already keeps the name, then the first in the
    alphabet; the other is told apart by its signs (``@id`` → ``atId``), and by a number only where it has none.
    ``pinned``: names that some of them keep whatever the others want.
    """
    if pinned:
        kept = frozenset(pinned.values())
        others = {
            name: Naming(name, tuple(dict.fromkeys(_spellings(name))), int(camel(name) != name))
            for name in names
            if name not in pinned
        }
        given = {**pinned, **assign(others, lambda name: name not in kept)}
        return {name: given[name] for name in names}
    plain = {name: camel(name) for name in names}
    if len(set(plain.values())) == len(plain) and not any(map(_counts_signs, plain.items())):
        return plain  # by far the most: each has the first name that it wants
    return assign({
        name: Naming(name, tuple(dict.fromkeys(_spellings(name))), int(spelled != name))
        for name, spelled in plain.items()
    })  # fmt: skip


def _spellings(name: str) -> list[str]:
    plain, signed = camel(name), camel(_spoken(name))
    return [signed, plain] if _counts_signs((name, plain)) else [plain, signed]


def _counts_signs(spelled: tuple[str, str]) -> bool:
    """Whether a name and its plain spelling want the signs of the name told."""
    name, plain = spelled
    return plain == "field" or (plain.startswith("_") and name[:1] in {"+", "-"})


def _spoken(name: str) -> str:
    """The name with its signs as words: ``+1`` → ``plus 1``."""
    spoken = (
        f" {_SIGNS.get(letter) or unicodedata.name(letter, '').lower()} "
        if not letter.isalnum() and not letter.isspace() and letter.isascii() and (letter not in "_-." or not index)
        else letter
        for index, letter in enumerate(name)
    )
    return "".join(spoken)


def enum_value(value: str) -> str:
    """As the source spells it where that is legal, otherwise in upper case with underscores.

    ``-name``, by which many sources order downwards, is ``NAME_DESC``; a value that is all signs has them spelled.
    """
    if _LEGAL.fullmatch(value) and value not in _ENUM_WORDS and not value.startswith("__"):
        return value
    if re.fullmatch(r"-[A-Za-z][\w.]*", value):
        return _legal("_".join([*words(value), "DESC"]).upper(), "VALUE")
    signed = value[:1] in {"+", "-"} or not words(value)
    found = words(_spoken(value)) if signed else words(value)
    return _legal("_".join(found).upper() or ("EMPTY" if not value.strip() else "VALUE"), "VALUE")


def enum_values(values: Sequence[str]) -> list[str]:
    """The names of an enum's values, in their order; one that is legal as it stands keeps its spelling."""
    if all(map(_is_value, values)):
        return list(values)
    wanted = {
        value: Naming(
            value, (enum_value(value), "_".join(words(_spoken(value))).upper()), int(enum_value(value) != value)
        )
        for value in values
    }
    legal = {
        value: Naming(each.place, tuple(name for name in each.names if _is_value(name)) or each.names[:1], each.rank)
        for value, each in wanted.items()
    }
    given = assign(legal)
    return [given[value] for value in values]


def _is_value(name: str) -> bool:
    return _LEGAL.fullmatch(name) is not None and name not in _ENUM_WORDS and not name.startswith("__")


def _legal(name: str, otherwise: str) -> str:
    if not name:
        return otherwise
    return name if not name[0].isdigit() else f"_{name}"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name that a source had to give up: another one bears it, or no source can have it.

    ``holder``: the source that bears the name; empty when GraphQL, the gateway itself or an extension does.
    ``pinned``: another thing of ``holder`` keeps the name since it had it before.
    """

    source: str
    wanted: str
    given: str
    holder: str = ""
    pinned: bool = False

    @property
    def reason(self) -> str:
        """Why, as the end of a sentence."""
        if self.pinned:
            return f"since isthmus.lock keeps that name for another thing of {self.holder}"
        if not self.holder:
            reserved = self.wanted in RESERVED_TYPES
            who = "GraphQL or the gateway reserves" if reserved else "an extension or the gateway has"
            return f"since {who} that name"
        if self.holder == self.source:
            return "since the source has the name twice"
        return f"since the source {self.holder}, which stands earlier, has the name"


@dataclass(frozen=True, slots=True)
class Pins:
    """Names that the things of one source keep: what the description calls a thing → its GraphQL name."""

    operations: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    enums: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], str] = field(default_factory=dict, kw_only=True)
    """(GraphQL type, the source's name of a field) → its name, where that is not the source's own."""
    arguments: Mapping[tuple[str, str], str] = field(default_factory=dict, kw_only=True)
    """(root field, the source's name of an argument) → its name, likewise."""
    made: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """Types that the gateway made and other sources may share: the type in words (``schema.shared``) → its name."""


class Names:
    """Hands out the names of one namespace, source by source in the order of the file: who comes first keeps a name.

    Inside one source no order counts (``resolvers.Naming``). ``pinned``: the sources' names that nothing else may
    have, whatever comes before them.
    """

    def __init__(self, taken: Iterable[str] = (), pinned: Mapping[str, Iterable[str]] | None = None) -> None:
        self._taken = dict.fromkeys(taken, "")
        """Name → the source that bears it; empty for names that were never free."""
        self._kept = {name: source for source, names in (pinned or {}).items() for name in names}
        self.renamed: list[Renamed] = []

    def give(
        self,
        source: str,
        wanted: Mapping[Key, Naming],
        pinned: Mapping[Key, str],
        options: Callable[[Naming], Iterable[str]],
        *,
        pascal_case: bool,
        room: Mapping[str, int] | None = None,
    ) -> dict[Key, str]:
        """A name for each thing of one source: ``pinned``, or its first that is free.

        ``pinned`` may name things that are not among ``wanted``: what they keep is given to none of these.
        ``options``: the names of a thing as GraphQL spells them. A name that another source bears is given with the
        source's own name in front. ``room``: place → how many letters its name leaves to another that follows it.
        """
        given = {key: name for key, name in pinned.items() if key in wanted and self._taken.get(name, source) == source}
        kept = set(pinned.values())
        others = {key: each for key, each in wanted.items() if key not in given}

        def is_free(name: str) -> bool:
            return name not in self._taken and name not in kept and self._kept.get(name, source) == source

        def spelled(naming: Naming) -> Iterator[str]:
            first, left = "", (room or {}).get(naming.place, 0)
            for name in options(naming):
                first = first or name
                if self._is_open(name, source):
                    yield name
                else:
                    yield from in_front(source, name, pascal_case=pascal_case, room=left)
            yield from in_front(source, first, pascal_case=pascal_case, room=left)

        given |= assign(others, is_free, spelled)
        for key, each in others.items():
            first = next(iter(options(each)))
            if given[key] != first:
                self.renamed.append(
                    Renamed(source, first, given[key], self._holder(first, source), first in self._kept)
                )
        self._taken |= dict.fromkeys(given.values(), source)
        return {key: given[key] for key in wanted}

    def take(self, wanted: str, source: str, *, pascal_case: bool) -> str:
        """``wanted`` when free; otherwise with the source's name in front; a number only if that is taken too."""
        name = first_free(
            [wanted, *in_front(source, wanted, pascal_case=pascal_case)],
            lambda name: name not in self._taken and name not in self._kept,
        )
        if name != wanted:
            self.renamed.append(Renamed(source, wanted, name, self._holder(wanted)))
        self._taken[name] = source
        return name

    def change(self, old: str, new: str) -> bool:
        """Gives up ``old`` for ``new``; false when ``new`` is taken."""
        if new in self._taken:
            return False
        self._taken[new] = self._taken.pop(old)
        return True

    def release(self, name: str) -> None:
        """Gives up a name that nothing bears any more."""
        self._taken.pop(name, None)

    def _is_open(self, name: str, source: str) -> bool:
        return self._taken.get(name, source) == source and self._kept.get(name, source) == source

    def _holder(self, name: str, otherwise: str = "") -> str:
        return self._taken.get(name, self._kept.get(name, otherwise))


def in_front(source: str, name: str, *, pascal_case: bool, room: int = 0) -> Iterator[str]:
    """The name with the source's own before it, the two together no longer than a name may be."""
    yield from fronted(pascal(source) if pascal_case else camel(source), name, room=room)


def fronted(front: str, name: str, ending: str = "", *, room: int = 0) -> Iterator[str]:
    """``front``, the name and ``ending`` as one, most telling first; of the name so much is left out as is too long.

    ``room``: letters that are left free for what will be put behind it.
    """
    longest = max(LONGEST - len(front) - len(ending) - room, _LEAST)
    for short in shortened(name, longest):
        yield f"{front}{short[:1].upper()}{short[1:]}{ending}" if front else short + ending
