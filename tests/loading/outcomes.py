"""Outcomes of keys in a form that a test can compare."""

from __future__ import annotations

from typing import Any

from resolvers import IsthmusError, Outcome


def shown(outcome: Outcome, member: str) -> Any:
    """An error as its code, a row as its ``member``, rows as a list of these; null as it is."""
    if isinstance(outcome, IsthmusError):
        return outcome.code
    if isinstance(outcome, list):
        return [shown(row, member) for row in outcome]
    if outcome is None:
        return None
    assert isinstance(outcome, dict)
    return outcome[member]
