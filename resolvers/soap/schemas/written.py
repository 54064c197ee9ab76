"""What can be written: whether a part of a request needs a type that no document declares. It changes no shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from resolvers.soap.shapes import Array, Choice, Complex, Content, Member, Opaque, Shape, alternatives

_Reason: TypeAlias = str


class Written:
    """Finds what cannot be written. ``missing``: false where every type is declared: nothing is looked for then."""

    def __init__(self, *, missing: bool) -> None:
        self._missing = missing
        self._known: dict[Complex, _Reason] = {}

    def reason(self, content: Content) -> _Reason:
        """Why it cannot be written, in words for the reader; empty where it can."""
        if not self._missing:
            return ""
        if isinstance(content, Choice):
            found = [self._all(branch.content) for branch in content.branches]
            return found[0] if found and all(found) else ""
        if content.substitutes:
            found = [self._shape(each.shape, each.name) for each in content.substitutes.values()]
            return found[0] if all(found) else ""
        return self._shape(content.shape, content.name)

    def stuck(self, shape: Complex) -> _Reason:
        """Why the type's own content cannot be written, whatever may stand in its place."""
        if not self._missing:
            return ""
        if shape not in self._known:
            self._settle(shape)
        return self._known[shape]

    def _all(self, contents: tuple[Content, ...]) -> _Reason:
        for content in contents:
            reason = self.reason(content) if content.required else ""
            if reason:
                return reason
        return ""

    def _shape(self, shape: Shape, name: str) -> _Reason:
        while isinstance(shape, Array):
            shape = shape.item.shape
        if isinstance(shape, Opaque):
            return f"{name} has a type that cannot be written: {shape.missing}" if shape.missing else ""
        if not isinstance(shape, Complex):
            return ""
        found = [self.stuck(each) for each in alternatives(shape).values()] or [""]
        return found[0] if all(found) else ""

    def _settle(self, start: Complex) -> None:
        """All types that ``start`` needs start as writable, and those that turn out not to be are told until none is
        left: a type that needs itself is no reason.
        """
        reached = list(_needed(start, self._known))
        for shape in reached:
            self._known[shape] = ""
        changed = True
        while changed:
            changed = False
            for shape in reached:
                if not self._known[shape] and (reason := self._all(shape.content)):
                    self._known[shape] = reason
                    changed = True


def _needed(start: Complex, known: dict[Complex, _Reason]) -> Iterator[Complex]:
    seen: set[Complex] = set()
    waiting = [start]
    while waiting:
        shape = waiting.pop()
        if shape in seen or shape in known:
            continue
        seen.add(shape)
        yield shape
        for member in _members(shape.content):
            for each in (member, *member.substitutes.values()):
                inner = each.shape
                while isinstance(inner, Array):
                    inner = inner.item.shape
                if isinstance(inner, Complex):
                    waiting += [inner, *inner.derived]


def _members(contents: tuple[Content, ...]) -> Iterator[Member]:
    for content in contents:
        if isinstance(content, Member):
            yield content
        else:
            for branch in content.branches:
                yield from _members(branch.content)
