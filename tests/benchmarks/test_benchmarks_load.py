from __future__ import annotations

import pytest

from benchmarks.load import Amount, BadReply, load, request
from benchmarks.stage import stage


def test_the_load_asks_as_often_as_it_says_and_the_upstream_counts_and_delays() -> None:
    with stage([]) as running:
        port = running.upstream.port
        found = load(port, request("/users/1", {}, b""), Amount(requests=64), 32)
        assert len(found.latencies_ms) == 64
        assert running.calls() == {"users": 64}
        assert running.calls() == {}
        running.delay("Q7")
        late = load(port, request("/users/1", {}, b""), Amount(requests=2))
        assert min(late.latencies_ms) >= 99
        running.delay("Q1")
        load(port, request("/orders?limit=10000", {}, b""), Amount(requests=1))
        assert running.calls() == {"users": 2, "orders": 1}
        with pytest.raises(BadReply, match="404"):
            load(port, request("/users/0", {}, b""), Amount(requests=1))
