"""Names of by-key operations and of relations, made from the names of tables and columns. Pure and deterministic."""

from __future__ import annotations

import re
from collections.abc import Iterable

_IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "mice": "mouse",
    "feet": "foot",
    "indices": "index",
    "vertices": "vertex",
    "matrices": "matrix",
    "criteria": "criterion",
    "shelves": "shelf",
    "halves": "half",
    "leaves": "leaf",
    "caches": "cache",
    "shoes": "shoe",
    "movies": "movie",
    "cookies": "cookie",
    "series": "series",
    "species": "species",
    "news": "news",
}
_SUFFIXES = (
    (r"(?<=[a-z]{2})ies", "y"),  # companies; not "ties"
    (r"(?<=ss)es|(?<=x)es|(?<=ch)es|(?<=sh)es|(?<=zz)es|(?<=[^aeou]o)es", ""),  # addresses, boxes, branches, heroes
    (r"(?<=[^aeo]us)es", ""),  # statuses, but houses and causes
    (r"(?<=ys)es", "is"),  # analyses
    (r"(?<=[^sui])s", ""),  # orders, but status, address, analysis
)
_LAST_WORD = re.compile(r"[A-Z]?[a-z]+$|[A-Z]+$")
_CAMEL_SUFFIX = re.compile(r"(?<=[a-z0-9])(Id|ID)$")


def singular(name: str) -> str:
    """The English singular of the last word, in its own case: ``order_lines`` → ``order_line``; ``status`` as it is."""
    found = _LAST_WORD.search(name)
    if found is None:
        return name
    word = found.group()
    made = _singular_word(word.lower())
    if word.isupper():
        made = made.upper()
    elif word[0].isupper():
        made = made[0].upper() + made[1:]
    return name[: found.start()] + made


def _singular_word(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for suffix, instead in _SUFFIXES:
        made, count = re.subn(rf"(?:{suffix})$", instead, word)
        if count and made:
            return made
    return word


def without_key_suffix(column: str) -> str:
    """``customer_id`` and ``customerId`` → ``customer``; empty where the column has no such ending."""
    made = re.sub(r"_(id|key|fk)$", "", column, flags=re.IGNORECASE)
    made = made if made != column else _CAMEL_SUFFIX.sub("", column)
    return made if made != column else ""


def plain(name: str) -> str:
    """What is left of a name in every spelling: two names that agree in it may become one name of the schema."""
    return re.sub(r"[^0-9a-z]", "", name.casefold()) or name


class Taken:
    """The names that are used up in one place."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._taken = {plain(name) for name in names}

    def __contains__(self, name: str) -> bool:
        return plain(name) in self._taken

    def first(self, candidates: Iterable[str]) -> str:
        """Takes the first candidate that is free; the last one with a number from 2 when none is."""
        last = ""
        for last in candidates:
            if last and last not in self:
                break
        name, number = last, 2
        while name in self:
            name, number = f"{last}_{number}", number + 1
        self._taken.add(plain(name))
        return name
