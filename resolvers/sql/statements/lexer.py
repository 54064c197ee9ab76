"""The text of one SQL statement, taken apart into what is sent as it is and the places of its arguments.

``:name`` is an argument; what stands in strings, quoted names and comments is not looked into, nor are casts (``::``).
Nothing here knows what a statement means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from resolvers.sql.dialects import Grammar
from resolvers.sql.routines import Mark, Pieces

_NESTED = re.compile(r"/\*|\*/")


class Unread(ValueError):
    """The text is no single statement that can be sent. ``at``: the place in it, counted from 0."""

    def __init__(self, what: str, at: int, mend: str = "") -> None:
        super().__init__(what)
        self.what, self.at, self.mend = what, at, mend


@dataclass(frozen=True, slots=True)
class Written:
    """``pieces``: text and arguments in turn. ``first``: its first word, in lower case."""

    pieces: Pieces
    first: str


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def read_statement(sql: str, grammar: Grammar) -> Written:
    """Takes a statement apart; a semicolon at its end is dropped.

    Raises:
        Unread: there is none or more than one, something is not closed, or a place for a value has no name.
    """
    tokens = list(_tokens(sql, grammar))
    while tokens and (tokens[-1].kind in {"blank", "end"}):
        tokens.pop()
    first = next((token for token in tokens if token.kind != "blank" and token.text != "("), None)
    if first is None:
        raise Unread("there is no statement in it", 0)
    for token in tokens:
        if token.kind == "end":
            raise Unread("it is more than one statement", token.at, "write one statement; each is a field of its own")
        if token.kind == "mark":
            raise Unread(f"{token.text} has no name", token.at, "write :name, and name it under arguments")
    return Written(tuple(_pieces(tokens)), first.text.lower() if first.kind == "word" else "")


def _tokens(sql: str, grammar: Grammar) -> Iterator[_Token]:
    pattern = _pattern(grammar)
    at = 0
    while at < len(sql):
        found = pattern.match(sql, at)
        assert found is not None
        kind = str(found.lastgroup)
        end = found.end()
        if kind == "open":
            raise Unread(f"{found.group()[:2].strip()} is not closed", at)
        if kind == "executable":
            raise Unread("a comment that is executed hides what the statement does", at, "write it without /*! and */")
        if kind == "comment":
            end = _comment_end(sql, at, nested=grammar.nested)
            kind = "blank"
        yield _Token(kind, sql[at:end], at)
        at = end


@cache
def _pattern(grammar: Grammar) -> re.Pattern[str]:
    escaped = r"|\\." if grammar.backslash else ""
    inside = r"\\" if grammar.backslash else ""
    strings = [f"{quote}(?:[^{quote}{inside}]|{quote}{quote}{escaped})*{quote}" for quote in grammar.strings]
    names = [f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}" for quote in grammar.names]
    special = [r"[eE]'(?:[^'\\]|''|\\.)*'", r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"] if grammar.dollar else []
    line = r"--(?=\s|$)[^\n]*|\#[^\n]*" if grammar.hash else r"--[^\n]*"
    parts = [
        f"(?P<string>{'|'.join([*special, *strings, *names])})",
        r"(?P<executable>/\*M?!)" if grammar.hash else r"(?P<executable>(?!))",
        r"(?P<comment>/\*)",
        f"(?P<blank>\\s+|{line})",
        f"(?P<open>[{re.escape(grammar.strings + grammar.names)}])",
        r"(?P<cast>::|:=)",
        r"(?P<argument>(?<![\w:\]]):[^\W\d]\w*)",
        f"(?P<mark>(?<![\\w?@]){grammar.marks})",
        r"(?P<word>\w[\w$]*)",
        r"(?P<end>;)",
        r"(?P<other>.)",
    ]
    return re.compile("|".join(parts), re.DOTALL)


def _comment_end(sql: str, at: int, *, nested: bool) -> int:
    if not nested:
        end = sql.find("*/", at + 2)
        if end < 0:
            raise Unread("/* is not closed", at)
        return end + 2
    depth = 0
    for found in _NESTED.finditer(sql, at):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    raise Unread("/* is not closed", at)


def _pieces(tokens: Sequence[_Token]) -> Iterator[str | Mark]:
    """Text between arguments as one piece; an argument that is all of an ``IN (…)`` stands for the whole of it."""
    text: list[str] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "argument":
            yield "".join(text)
            yield Mark(token.text[1:])
            text = []
        elif (among := _among(tokens, index)) is not None:
            mark, index = among
            yield "".join(text)
            yield mark
            text = []
        else:
            text.append(token.text)
        index += 1
    if text:
        yield "".join(text)


def _among(tokens: Sequence[_Token], start: int) -> tuple[Mark, int] | None:
    """The argument of ``[NOT] IN (:name)`` that begins here, and the index of its last token."""
    words: list[str] = []
    index = start
    name = ""
    for expected in ("not", "in", "(", ":", ")"):
        while index < len(tokens) and tokens[index].kind == "blank" and index > start:
            index += 1
        token = tokens[index] if index < len(tokens) else _Token("", "", 0)
        if expected == ":" and token.kind == "argument":
            name = token.text[1:]
        elif token.kind in {"word", "other"} and token.text.lower() == expected:
            words.append(expected)
        elif expected == "not":
            continue
        else:
            return None
        index += 1
    return Mark(name, "not in" if words[0] == "not" else "in"), index - 1
