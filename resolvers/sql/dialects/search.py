"""Full-text search as data: what of a table is searched and by which index, and what a caller wants to find.

Each database says it in its own words; what is a word of a text, and which of its forms are alike, is its own business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import FromClause

from resolvers.sql.column import SqlColumn


@dataclass(frozen=True, slots=True)
class Searched:
    """``columns``: the texts that are searched, in the order in which an index has them. ``language``: the text search
    configuration of PostgreSQL. ``vector``: the column that holds what was made of the texts (PostgreSQL). ``index``:
    the FTS5 table that has them (SQLite). Empty where there is none.
    """

    columns: tuple[str, ...]
    language: str = ""
    vector: str = ""
    index: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other, or (``without``) must not."""

    words: tuple[str, ...]
    without: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """``text``: as the caller wrote it. ``ways``: all terms of one of them must be there; each has one that is not
    ``without``.
    """

    text: str
    ways: tuple[tuple[Term, ...], ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a table, under the name that it has in a statement."""

    table: FromClause
    columns: Mapping[str, SqlColumn]
    how: Searched
