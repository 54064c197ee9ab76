"""The journal that every demo server keeps: one entry for each call it got, so that "no N+1" can be counted."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """``operation``: the path with its parameter's name (``/customers/{id}``), or the SOAP operation."""

    method: str
    operation: str
    detail: str


Journal = list[Entry]


def calls(journal: Journal, operation: str) -> list[Entry]:
    """The entries of one operation, in the order in which the calls came."""
    return [entry for entry in journal if entry.operation == operation]
