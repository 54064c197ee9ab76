"""The lines of some places of a JSON or YAML text. Only the way to them is read with care; the rest is passed over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from json import decoder
from typing import Any

from resolvers.rest.documents.pointers import parts
from resolvers.yaml12 import Yaml

_Asked = dict[str, "_Asked"]
_SPACE = " \t\r\n"


def lines_of(document: Yaml, pointers: Iterable[str]) -> Mapping[str, int]:
    """Pointer (``#/…``) → 1-based line of the key or list item; what is not in the text is left out."""
    wanted = {pointer: parts(pointer) for pointer in pointers}
    paths = wanted.values()
    found = _Json(document.text).lines(paths) if document.is_json else document.lines_at(paths)
    return {pointer: found[path] for pointer, path in wanted.items() if path in found}


class _Json:
    """Goes down a JSON text, which was read before, along the paths that are asked.

    Values beside them are scanned in one step each.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # made by the constructor
        self._string: Any = decoder.scanstring  # type: ignore[attr-defined]  # public, and not in the stubs
        self._found: dict[tuple[str, ...], int] = {}
        self._line = 1
        self._counted = 0

    def lines(self, paths: Iterable[tuple[str, ...]]) -> Mapping[tuple[str, ...], int]:
        asked: _Asked = {}
        for path in paths:
            node = asked
            for part in path:
                node = node.setdefault(part, {})
        self._value(self._blank(0), asked, ())
        return self._found

    def _value(self, at: int, asked: _Asked, path: tuple[str, ...]) -> int:
        self._found.setdefault(path, self._line_at(at))
        opening = self._text[at]
        if not asked or opening not in "{[":
            return int(self._scan(self._text, at)[1])
        at = self._blank(at + 1)
        index = 0
        while self._text[at] not in "}]":
            key = str(index)
            start = at
            if opening == "{":
                key, at = self._string(self._text, at + 1, True)
                at = self._blank(self._blank(at) + 1)
            if key in asked:
                here = (*path, key)
                self._found[here] = self._line_at(start)
                at = self._value(at, asked[key], here)
            else:
                at = int(self._scan(self._text, at)[1])
            at = self._blank(at)
            if self._text[at] == ",":
                at = self._blank(at + 1)
            index += 1
        return at + 1

    def _blank(self, at: int) -> int:
        text = self._text
        while text[at] in _SPACE:
            at += 1
        return at

    def _line_at(self, at: int) -> int:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line
