"""What a request takes does not grow unseen: calls of Python are counted, which any machine counts alike."""

from __future__ import annotations

import sys

import pytest

from benchmarks.steps import counted

MOST = {"Q1": 283, "Q5": 967}
"""Calls of functions of Python, a tenth above what there are. Who needs more for every request says so here; what a
configuration does not use is to be looked at when it is loaded, or when a plan is made.
"""


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="later versions call no function for a comprehension")
def test_a_request_takes_no_more_calls_than_it_did() -> None:
    found = {query: sum(step.calls for step in steps) for query, steps in counted(MOST, 20).items()}
    assert all(found[query] <= most for query, most in MOST.items()), found
    assert all(calls > 100 for calls in found.values()), "hardly anything was counted"
