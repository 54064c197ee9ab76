"""W3C Trace Context, level 1: what a caller's headers say of its trace, where they say it well. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII | re.DOTALL)
_KEY = r"(?:[a-z][_0-9a-z*/-]{0,255}|[a-z0-9][_0-9a-z*/-]{0,240}@[a-z][_0-9a-z*/-]{0,13})"
_MEMBER = re.compile(rf"{_KEY}=[ -+\--<>-~]{{0,255}}[!-+\--<>-~]", re.ASCII)
MOST_STATE_BYTES = 512
MOST_MEMBERS = 32
_LONGEST_PARENT = 128


@dataclass(frozen=True, slots=True)
class Told:
    """``state``: the value of tracestate; empty where there is none that may be passed on."""

    trace_id: str
    span_id: str
    sampled: bool
    state: str


def told_by(parents: Sequence[str], states: Sequence[str]) -> Told | None:
    """What the values of traceparent and tracestate say; ``None`` where they say nothing that counts (section 3.2)."""
    if len(parents) != 1 or len(parents[0]) > _LONGEST_PARENT:
        return None
    found = _PARENT.fullmatch(parents[0].strip(" \t"))
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not trace_id.strip("0") or not span_id.strip("0"):
        return None
    return Told(trace_id, span_id, bool(int(flags, 16) & 1), _state(states))


def _state(values: Sequence[str]) -> str:
    """Section 3.3: members in their order; one that is not well-formed has all of them thrown away."""
    members = [member.strip(" \t") for value in values for member in value.split(",")]
    members = [member for member in members if member]
    keys = {member.partition("=")[0] for member in members}
    state = ",".join(members)
    sound = len(members) <= MOST_MEMBERS and len(state) <= MOST_STATE_BYTES and len(keys) == len(members)
    return state if sound and all(_MEMBER.fullmatch(member) for member in members) else ""
