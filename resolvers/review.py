"""Documents in a form that people can review in a diff: one thing on each line. What they say stays as it is.

It knows JSON and XML, whatever they describe; what has lines already, and YAML, is left as it is.
"""

from __future__ import annotations

import json
import re

from lxml import etree

from resolvers.xml import UnsafeXml, parse

_LONG = 1000
"""Longest line, in bytes, that somebody may have written so."""
_WIDTH = 100
_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_BOM = b"\xef\xbb\xbf"


def reviewable(content: bytes) -> bytes:
    """The document with lines and indentation where it has none."""
    start = content.removeprefix(_BOM).lstrip()[:1]
    if start in {b"{", b"["}:
        return _json(content)
    if start == b"<" and max(map(len, content.splitlines()), default=0) > _LONG:
        return _xml(content)
    return content


def _json(content: bytes) -> bytes:
    """The same parts in the same order, so that numbers and escapes stay as they are written."""
    try:
        text = content.decode("utf-8-sig")
        json.loads(text)
        laid = _Laying(_PARTS.findall(text)).value(0)
    except (ValueError, RecursionError):
        return content  # a flow collection of YAML may look like JSON at first
    return f"{laid}\n".encode()


class _Laying:
    """Takes the parts of a JSON text one after the other; what fits into a line is one."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts
        self._at = 0

    def value(self, depth: int) -> str:
        first = self._next()
        if first not in {"{", "["}:
            return first
        members = []
        while self._parts[self._at] not in {"}", "]"}:
            name = f"{self._next()}{self._next()} " if first == "{" else ""
            members.append(name + self.value(depth + 1))
            if self._parts[self._at] == ",":
                self._next()
        last = self._next()
        space = " " if first == "{" and members else ""
        line = f"{first}{space}{', '.join(members)}{space}{last}"
        if len(line) + 2 * depth <= _WIDTH and "\n" not in line:
            return line
        indent = "\n" + "  " * depth
        return first + ",".join(f"{indent}  {member}" for member in members) + indent + last

    def _next(self) -> str:
        self._at += 1
        return self._parts[self._at - 1]


def _xml(content: bytes) -> bytes:
    try:
        root = parse(content)
    except UnsafeXml:
        return content
    etree.indent(root)
    made: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return made + b"\n"
