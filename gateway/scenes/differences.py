"""What was expected and what there is, told apart and told to a reader. Nothing is read or played here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

_SHOWN = 20
"""So many lines of one difference are shown; who wants them all looks at the files."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``place``: the file, or ``file:line``; ``what``: a path in it, or a sentence. ``whole``: ``what`` is all there is
    to say, its place included. ``mend``: what to do about it, where that does not go without saying.
    """

    place: str
    what: str
    removed: Sequence[str] = field(default_factory=list)
    added: Sequence[str] = field(default_factory=list)
    whole: bool = False
    mend: str = ""

    def lines(self) -> Iterator[str]:
        """The difference as it is read."""
        if self.whole:
            yield from self.what.splitlines()
            return
        yield f"{self.place}: {self.what}"
        for sign, some in (("-", self.removed), ("+", self.added)):
            yield from (f"  {sign} {line}" for line in some[:_SHOWN])
            if len(some) > _SHOWN:
                yield f"  {sign} … and {len(some) - _SHOWN} lines more"
        if self.mend:
            yield f"  mend: {self.mend}"


def of_replies(expected: object, given: object, place: str) -> Iterator[Difference]:
    """Each place at which two replies differ; numbers are equal by their value."""
    yield from _at(expected, given, "", place)


def of_calls(
    expected: Sequence[Mapping[str, object]],
    made: Sequence[Mapping[str, object]],
    place: str,
    changing: AbstractSet[str] = frozenset(),
) -> Iterator[Difference]:
    """Calls that were expected and not made, and the other way round. ``changing``: those whose order counts too."""
    before, after = (Counter(map(_call, some)) for some in (expected, made))
    missing, more = before - after, after - before
    if missing or more:
        removed = [f"{call}{_times(count)}" for call, count in missing.items()]
        added = [f"{call}{_times(count)}" for call, count in more.items()]
        yield Difference(place, "other calls were made", removed, added)
        return
    one, other = ([_call(each) for each in some if changing & each.keys()] for some in (expected, made))
    if one != other:
        yield Difference(place, "the same changes were made in another order", one, other)


def _call(call: Mapping[str, object]) -> str:
    ((name, told),) = call.items()
    return f"{name}: {json.dumps(told, sort_keys=True, ensure_ascii=False)}" if told else name


def _times(count: int) -> str:
    return "" if count == 1 else f" ({count} times)"


def _at(expected: object, given: object, path: str, place: str) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(given, dict):
        for name in [*expected, *(name for name in given if name not in expected)]:
            inner = f"{path}.{name}" if path else str(name)
            if name not in given:
                yield Difference(place, f"{inner} is not there", removed=_shown(expected[name]))
            elif name not in expected:
                yield Difference(place, f"{inner} is not expected", added=_shown(given[name]))
            else:
                yield from _at(expected[name], given[name], inner, place)
    elif isinstance(expected, list) and isinstance(given, list):
        for number, (one, other) in enumerate(zip(expected, given, strict=False)):
            yield from _at(one, other, f"{path}[{number}]", place)
        if len(expected) != len(given):
            what = f"{path} has {len(given)} items, and {len(expected)} are expected"
            removed = [line for each in expected[len(given) :] for line in _shown(each)]
            yield Difference(place, what, removed, [line for each in given[len(expected) :] for line in _shown(each)])
    elif isinstance(expected, bool) is not isinstance(given, bool) or expected != given:
        yield Difference(place, path or "the reply", _shown(expected), _shown(given))


def _shown(value: object) -> list[str]:
    return json.dumps(value, indent=2, ensure_ascii=False).splitlines()
