"""What a caller searches for: words, ``"words in a row"``, ``-without`` and ``or``, read once for all databases.

Nothing of it is an error of syntax: what is no word is passed over, and a search for nothing is refused.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Select, literal_column, select

from resolvers.errors import BadRequest
from resolvers.predicate import And, Predicate, Search
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Expression
from resolvers.sql.dialects import Term, Texts, Wanted

_LONGEST = 1000
_MOST = 50
_PART = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_WORD = re.compile(r"\w+")
_NEVER = re.compile("[\0\ud800-\udfff]")


def wanted(text: str) -> Wanted:
    """Reads what is searched for.

    Raises:
        BadRequest: there is no word in it, one way to find something says only what it is without, or it is too long.
    """
    if len(text) > _LONGEST:
        raise BadRequest(f"a search may have {_LONGEST} characters at most")
    if _NEVER.search(text):
        raise BadRequest("a search takes text")
    ways: list[list[Term]] = [[]]
    for minus, phrase, plain in _PART.findall(text):
        if plain.lower() == "or" and not minus:
            ways.append([])
        elif words := tuple(_WORD.findall(phrase or plain)):
            ways[-1].append(Term(words, bool(minus)))
    found = [way for way in ways if way]
    if sum(map(len, found)) > _MOST:
        raise BadRequest(f"a search may have {_MOST} words at most")
    if not found or any(all(term.without for term in way) for way in found):
        raise BadRequest("a search takes a word that is to be found")
    return Wanted(text, tuple(map(tuple, found)))


def trial(catalogue: Catalogue, served: Served) -> Select[Any]:
    """A statement that fails where the database cannot search a table."""
    found = searched(catalogue, served, Search("isthmus"))
    return select(literal_column("1")).select_from(served.table).where(found).limit(1)


def searched(catalogue: Catalogue, served: Served, search: Search) -> Expression:
    """The condition that a row is found.

    Raises:
        BadRequest: the table is not searched, or the search says nothing.
    """
    if served.search is None:
        raise BadRequest(f"{served.name} is not searched")
    return catalogue.dialect.searched(Texts(served.table, served.columns, served.search), wanted(search.text))


def relevance(catalogue: Catalogue, served: Served, predicate: Predicate | None) -> Expression:
    """How well a row fits what is searched for; more is better.

    Raises:
        BadRequest: nothing is searched for, or in several ways.
    """
    parts = predicate.parts if isinstance(predicate, And) else (predicate,)
    found = [each for part in parts for each in (part.parts if isinstance(part, And) else (part,))]
    searches = {each for each in found if isinstance(each, Search)}
    if served.search is None or len(searches) != 1:
        raise BadRequest("rows have a relevance where they are searched: give where one search, beside its conditions")
    (search,) = searches
    return catalogue.dialect.relevance(Texts(served.table, served.columns, served.search), wanted(search.text))
