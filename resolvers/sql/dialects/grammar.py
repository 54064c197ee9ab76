"""The lexical rules in which databases differ: what is a string, a name, a comment or a mark for a value.

Data alone: SQL text is taken apart by ``resolvers.sql.statements.lexer``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grammar:
    """``strings``, ``names``: what may stand around them, each doubled inside. ``backslash``: it escapes in strings.
    ``dollar``: ``$tag$…$tag$`` is a string, and in ``E'…'`` backslashes escape. ``hash``: ``#`` begins a comment, and
    ``--`` only before a blank. ``nested``: comments lie inside comments. ``marks``: a regular expression of the places
    for values that the database has itself.
    """

    strings: str = "'"
    names: str = '"'
    backslash: bool = False
    dollar: bool = False
    hash: bool = False
    nested: bool = False
    marks: str = r"\?\d*"
