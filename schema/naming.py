"""A source's names become GraphQL names: pure, stable, and never two things under one name.

It holds spelling and the order of precedence between sources, and knows nothing of what the names stand for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_LEGAL = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_ENUM_WORDS = frozenset({"true", "false", "null"})

RESERVED_TYPES = frozenset(
    {"Query", "Mutation", "Subscription", "String", "ID", "Int", "Float", "Boolean"}
    | {"DateTime", "Date", "Time", "Decimal", "UUID", "BigInt", "Base64", "JSON"}
)


def words(name: str) -> list[str]:
    """The words of a name in any spelling: ``order_ID2`` → ``order``, ``ID``, ``2``."""
    return _WORDS.findall(name)


def pascal(name: str) -> str:
    """A type's name: ``order_line`` → ``OrderLine``; ``HTTPError`` keeps its capitals."""
    return _legal("".join(word[:1].upper() + word[1:] for word in words(name)), "Type")


def camel(name: str) -> str:
    """A field's name: ``order_id`` → ``orderId``; ``ID`` → ``id``; ``URLPath`` → ``urlPath``."""
    found = words(name)
    if not found:
        return "field"
    first = found[0].lower()
    return _legal(first + "".join(word[:1].upper() + word[1:] for word in found[1:]), "field")


def enum_value(value: str) -> str:
    """As the source spells it where that is legal, otherwise in upper case with underscores."""
    if _LEGAL.fullmatch(value) and value not in _ENUM_WORDS and not value.startswith("__"):
        return value
    return _legal("_".join(words(value)).upper() or "EMPTY", "VALUE")


def enum_values(values: list[str]) -> list[str]:
    """The names of an enum's values, in their order; one that is legal as it stands keeps its spelling."""
    kept = {value for value in values if enum_value(value) == value}
    seen: set[str] = set()
    result = []
    for value in values:
        name = wanted = enum_value(value)
        number = 2
        while name in seen or (name in kept and name != value):
            name, number = f"{wanted}{number}", number + 1
        seen.add(name)
        result.append(name)
    return result


def _legal(name: str, otherwise: str) -> str:
    if not name:
        return otherwise
    return name if not name[0].isdigit() else f"_{name}"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name that a source had to give up: another one bears it, or no source can have it.

    ``holder``: the source that bears the name; empty when GraphQL, the gateway itself or an extension does.
    """

    source: str
    wanted: str
    given: str
    holder: str = ""

    @property
    def reason(self) -> str:
        """Why, as the end of a sentence."""
        if not self.holder:
            reserved = self.wanted in RESERVED_TYPES
            who = "GraphQL or the gateway reserves" if reserved else "an extension or the gateway has"
            return f"since {who} that name"
        if self.holder == self.source:
            return "since the source has the name twice"
        return f"since the source {self.holder}, which stands earlier, has the name"


class Names:
    """Hands out names in the order of the file: who comes first keeps a name, who comes later gets its source's."""

    def __init__(self, taken: frozenset[str] | set[str] = frozenset()) -> None:
        self._taken = dict.fromkeys(taken, "")
        """Name → the source that bears it; empty for names that were never free."""
        self.renamed: list[Renamed] = []

    def take(self, wanted: str, source: str, *, pascal_case: bool) -> str:
        """``wanted`` when free; otherwise with the source's name in front; a number only if that is taken too."""
        name = wanted
        if name in self._taken:
            front = pascal(source) if pascal_case else camel(source)
            base = front + wanted[:1].upper() + wanted[1:]
            name, number = base, 2
            while name in self._taken:
                name, number = f"{base}{number}", number + 1
            self.renamed.append(Renamed(source, wanted, name, self._taken[wanted]))
        self._taken[name] = source
        return name

    def change(self, old: str, new: str) -> bool:
        """Gives up ``old`` for ``new``; false when ``new`` is taken."""
        if new in self._taken:
            return False
        self._taken[new] = self._taken.pop(old)
        return True


def distinct(names: list[str]) -> list[str]:
    """The names in order, later ones that repeat numbered from 2: members of one type or enum."""
    seen: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 2
        while candidate in seen:
            candidate, number = f"{name}{number}", number + 1
        seen.add(candidate)
        result.append(candidate)
    return result
