"""Response objects from columns: one small function made for each set of response keys, since a literal is built
twice as fast as anything that zips keys and values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import cast

Build = Callable[[Sequence[Iterable[object]]], list[dict[str, object]]]
"""One column for each key, all of one length → the objects."""

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*", re.ASCII)


def builder(keys: tuple[str, ...]) -> Build:
    """The function for ``keys``, which are names of GraphQL (specification section 2.1.9) and no more."""
    assert all(_NAME.fullmatch(key) for key in keys)
    if not keys:
        return lambda _columns: []
    values = [f"v{index}" for index in range(len(keys))]
    members = ", ".join(f'"{key}": {value}' for key, value in zip(keys, values, strict=True))
    text = f"lambda columns: [{{{members}}} for ({', '.join(values)},) in zip(*columns)]"
    return cast("Build", eval(text, {"zip": zip, "__builtins__": {}}))  # noqa: S307  # holds names alone, checked above
