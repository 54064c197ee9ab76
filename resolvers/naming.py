"""What a description's things may be called, and who keeps a name that two of them want. Pure, free of any order.

It holds words and the handing out of names; what a thing of a certain kind is called is said by its source's reader,
and how a name is spelled in GraphQL by ``schema/naming.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from anyascii import anyascii

LONGEST = 40
"""Names beyond this many letters are shortened: longer ones are read like sentences, not like names."""

_WORDS = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_PARTS = re.compile(r"[A-Z0-9][^A-Z0-9]+[A-Z0-9]")
_SAME = ("series", "news", "species", "status", "sms", "dns", "gps", "https", "canvas", "aws", "ios", "alias")
_ODD = {
    "people": "person", "children": "child", "indices": "index", "addresses": "address", "statuses": "status",
    "aliases": "alias", "bonuses": "bonus", "apis": "api",
}  # fmt: skip

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Naming:
    """How a thing may be called.

    ``place``: what the description calls it wherever it stands there: ``GET /orders/{id}``,
    ``#/components/schemas/Order``, a table's name. ``names``: best first, later ones say more. ``rank``: of two that
    want one name the lower keeps it, and of equal ones the one whose place comes first in the alphabet, so that the
    order of a document decides nothing.
    """

    place: str
    names: tuple[str, ...]
    rank: int = 0


def latin(name: str) -> str:
    """The name in letters that GraphQL has: ``Größe`` → ``Groesse``, ``café`` → ``cafe``, ``订单`` → ``DingDan``."""
    return name if name.isascii() else anyascii(name.translate(_GERMAN))


def words(name: str) -> list[str]:
    """The words of a name in any spelling: ``order_ID2`` → ``order``, ``ID``, ``2``; ``ORDER_LINE`` → two of them.

    A name that is written in capitals throughout says nothing of where they belong: its words begin with one only.
    """
    return list(_words(name))


@lru_cache(maxsize=20_000)  # the same words lead to thousands of places of a large description
def _words(name: str) -> tuple[str, ...]:
    name = latin(name)
    found = _WORDS.findall(name)
    if name.isupper() and _PARTS.search(name):
        return tuple(word.capitalize() for word in found)
    return tuple(found)


@lru_cache(maxsize=20_000)
def joined(name: str) -> str:
    """A name as a part of a type's: ``shipping_address`` → ``ShippingAddress``; ``HTTPError`` keeps its capitals."""
    return "".join([word[:1].upper() + word[1:] for word in _words(name)])


@lru_cache(maxsize=20_000)
def singular(name: str) -> str:
    """The English singular where it is easy; otherwise the name itself."""
    folded = name.casefold()
    if len(name) < 4 or folded.endswith(_SAME):
        return name
    if folded.endswith("ies") and len(name) > 4 and not folded.endswith(("movies", "cookies")):
        return f"{name[:-3]}y"
    if folded.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    for many, one in _ODD.items():
        if folded.endswith(many):
            return name[: -len(many)] + (one.capitalize() if name[-len(many)].isupper() else one)
    if folded.endswith("s") and not folded.endswith(("ss", "us", "is")):
        return name[:-1]
    return name


def shortened(name: str, longest: int = LONGEST) -> Iterator[str]:
    """The name itself where it is short enough; otherwise its beginning and its end, most telling first.

    ``name`` is in camel case. What is left out stands in the middle: the beginning says whose it is, the end what.
    """
    if len(name) <= longest:
        yield name
        return
    found = _once(_WORDS.findall(name))
    if len("".join(found)) <= longest:
        yield "".join(found)
        return
    # "bulk" alone says nothing of what is done.
    order = (2, 3, 1, 0, 4) if found[0].lower() == "bulk" else (1, 2, 3, 0, 4)
    heads = [(found[:head], head) for head in order]
    # Names that begin and end alike are told apart by what stands between.
    heads += [([found[0], found[middle]], middle + 1) for middle in range(1, len(found) - 2)]
    first_lower = name[:1].islower()
    made: set[str] = set()
    for kept, after in heads:
        tail = _tail(found[after:], longest - len("".join(kept)))
        text = "".join([*kept, *tail])
        text = (text[:1].lower() if first_lower else text[:1].upper()) + text[1:]
        if tail and text not in made:
            made.add(text)
            yield text
    if not made:
        yield name[:longest]


def _tail(found: Sequence[str], longest: int) -> list[str]:
    """As many of the last words as fit."""
    first = len(found)
    while first and len(found[first - 1]) <= longest:
        first -= 1
        longest -= len(found[first])
    return list(found[first:])


def _once(found: Sequence[str]) -> list[str]:
    """Without words that say again what was said just before: ``TermStore`` ``Set`` ``Sets`` → once."""
    kept: list[str] = []
    for word in found:
        if not kept or singular(word).casefold() != singular(kept[-1]).casefold() or word.isdigit():
            kept.append(word)
    return kept


def assign(
    wanted: Mapping[Key, Naming],
    is_free: Callable[[str], bool] = lambda _: True,
    options: Callable[[Naming], Iterable[str]] = lambda naming: naming.names,
) -> dict[Key, str]:
    """One name for each, none twice: its first that is free, and a number only where all are taken.

    The outcome does not depend on the order of ``wanted``. What is added renames nothing unless it wants a name that
    another had. ``is_free``: false for names that none of these may have. ``options``: the names as they are
    spelled, asked for one after the other.
    """
    given: dict[Key, str] = {}
    taken: set[str] = set()
    waiting = sorted(wanted.items(), key=lambda item: (item[1].rank, item[1].place, item[1].names, str(item[0])))
    for key, naming in waiting:
        name = first_free(options(naming), lambda name: name not in taken and is_free(name))
        given[key] = name
        taken.add(name)
    return {key: given[key] for key in wanted}


def first_free(names: Iterable[str], is_free: Callable[[str], bool]) -> str:
    """The first free name; where none is, the first of all with the lowest number from 2 that is free."""
    first = ""
    for name in names:
        first = first or name
        if is_free(name):
            return name
    number = 2
    while not is_free(f"{first}{number}"):
        number += 1
    return f"{first}{number}"
