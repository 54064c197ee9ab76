"""``Trace``: where a request stands among those of other systems (W3C Trace Context), and how a call is told of it.

What a caller sent is judged by the edge; nothing here is sent anywhere.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

PARENT, STATE = "traceparent", "tracestate"
TRACED = frozenset({PARENT, STATE})
_ids = random.Random(secrets.randbits(128))  # noqa: S311  # an id tells spans apart and proves nothing


def new_id(bits: int) -> str:
    """A number that nobody else has, in hexadecimal, of 64 or 128 bits; never zero, which would mean none."""
    return f"{_ids.getrandbits(bits) or 1:0{bits // 4}x}"


@dataclass(slots=True)
class Trace:
    """``trace_id``, ``span_id``: 32 and 16 letters of hexadecimal; the span is that of the request, or the caller's own
    where none is made of it. ``sampled``: what others are told, that spans are to be made; ``made``: we make some.
    ``passed_on``: sources are told. ``parent_id``: the caller's span, if there is one. ``started``, ``began``: when
    the request and its operation did, by the clock of the edge.
    """

    trace_id: str
    span_id: str
    sampled: bool = False
    state: str = ""
    passed_on: bool = True
    parent_id: str = ""
    made: bool = False
    started: float = 0.0
    began: float = 0.0

    def on(self, headers: Mapping[str, str], span_id: str) -> dict[str, str]:
        """Headers with the context of a call, whose span is ``span_id``; nothing else says it beside them."""
        told = {name: value for name, value in headers.items() if name.lower() not in TRACED}
        told[PARENT] = f"00-{self.trace_id}-{span_id or self.span_id}-{'01' if self.sampled else '00'}"
        if self.state:
            told[STATE] = self.state
        return told
