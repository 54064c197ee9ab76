"""Overload over real sockets: who is refused, how, and who is not touched by it."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from gateway.overload.admission import Admission
from tests.edge.conftest import Running, begun

BODY = b'{"query":"{ hello }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
WHOLE = HEAD % len(BODY) + b"\r\n" + BODY
LATE = 1e-9
"""A loop is always later than this: once overloaded, the process stays so."""
FAR_S = 120


def admission_of(running: Running) -> Admission:
    found = running.app.state.admission
    assert isinstance(found, Admission)
    return found


@contextmanager
def overloaded(**more: float) -> Iterator[Running]:
    """A gateway that believes that it is overloaded by seventy requests, and lets in twenty a second."""
    with begun(overload={"max_lag_s": LATE, **more}) as running:
        admission = admission_of(running)
        admission.counts.begun += 70
        until = time.monotonic() + FAR_S
        while not admission.overloaded:
            admission.look(time.monotonic(), 0.1, 1.0, 1.0, 1.0)
            assert time.monotonic() < until
        yield running
        admission.counts.ended += 70


def asked(running: Running, content: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", running.port), timeout=FAR_S) as connection:
        connection.sendall(content)
        return answer(connection)


def answer(connection: socket.socket) -> bytes:
    """One whole answer; empty at the end of the connection."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += (more := connection.recv(65536))
        if not more:
            return found
    length = re.search(rb"content-length: (\d+)", found)
    assert length
    missing = int(length[1]) - len(found.partition(b"\r\n\r\n")[2])
    while missing > 0:
        more = connection.recv(missing)
        found, missing = found + more, missing - len(more)
    return found


def flood(running: Running, content: bytes, count: int = 60) -> list[bytes]:
    """Answers to so many requests at once, each on a connection of its own."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=FAR_S))
            for _ in range(count)
        ]
        for connection in opened:
            connection.sendall(content)
        return [answer(connection) for connection in opened]


def refused(answers: list[bytes]) -> list[bytes]:
    assert {each[9:12] for each in answers} <= {b"200", b"503"}
    return [each for each in answers if each.startswith(b"HTTP/1.1 503 ")]


@pytest.mark.parametrize(
    ("accept", "media"),
    [("application/graphql-response+json", "application/graphql-response+json"), ("*/*", "application/json")],
)
@pytest.mark.parametrize("odd", [False, True])
def test_the_excess_is_refused_in_graphqls_shape(accept: str, media: str, *, odd: bool) -> None:
    more = f"accept: {accept}\r\n" + ("origin: https://else.example\r\n" if odd else "connection: keep-alive\r\n")
    with overloaded() as running:
        away = refused(flood(running, HEAD % len(BODY) + more.encode() + b"\r\n" + BODY))
        assert away
        for each in away:
            head, _, body = each.partition(b"\r\n\r\n")
            said = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
            given = said[b"x-request-id"].decode()
            assert 1 <= int(said[b"retry-after"]) <= 3
            assert said[b"content-type"].decode() == f"{media}; charset=utf-8"
            assert {b"date", b"cache-control"} <= said.keys()
            assert json.loads(body) == {
                "errors": [
                    {
                        "message": "The server cannot take the request now.",
                        "extensions": {"code": "OVERLOADED", "requestId": given},
                    }
                ]
            }
        assert len({re.search(rb"x-request-id: (\w+)", each)[1] for each in away}) == len(away)  # type: ignore[index]


def test_health_is_never_refused() -> None:
    with overloaded() as running:
        flood(running, WHOLE)
        for path in ("/healthz", "/readyz"):
            with httpx.Client(trust_env=False) as client:
                assert {client.get(running.url + path).status_code for _ in range(100)} == {200}


def test_who_waits_too_long_is_dropped_unserved() -> None:
    with overloaded(max_wait_s=0.3) as running:
        answers = flood(running, WHOLE)
        counts = admission_of(running).counts
        assert counts.expired + counts.refused == len(refused(answers))
        assert len(running.graph.seen) == len(answers) - len(refused(answers))


def test_a_refusal_leaves_the_connection_as_it_was() -> None:
    with overloaded() as running, socket.create_connection(("127.0.0.1", running.port), timeout=FAR_S) as connection:
        flood(running, WHOLE)
        statuses = []
        for _ in range(200):
            connection.sendall(WHOLE)
            statuses.append(answer(connection)[9:12])
        assert set(statuses) <= {b"200", b"503"}
        admission_of(running).counts.ended += 70  # the others are gone
        connection.sendall(WHOLE)
        assert answer(connection).startswith(b"HTTP/1.1 200 ")
        admission_of(running).counts.begun += 70


def test_a_body_that_comes_in_two_parts_is_answered_once() -> None:
    with (
        overloaded(max_wait_s=0) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=FAR_S) as connection,
    ):
        for _ in range(20):
            flood(running, WHOLE, 30)
            connection.sendall(WHOLE[:-5])
            time.sleep(0.02)  # so that the parts come apart
            connection.sendall(WHOLE[-5:])
            assert answer(connection)[9:12] in {b"200", b"503"}


@pytest.mark.parametrize(
    "content",
    [
        WHOLE + WHOLE,  # pipelined
        HEAD % len(BODY) + b"content-length: 3\r\n\r\n" + BODY,
        HEAD % len(BODY) + b"transfer-encoding: chunked\r\n\r\n" + BODY,
        HEAD % 3 + b"\r\n" + BODY,
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\r\n",
        b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /graphql/unknown HTTP/1.0\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_whatever_is_not_plainly_one_request_is_parsed_as_ever(content: bytes) -> None:
    """Both ways give a refusal or what would be answered otherwise; no answer is to half a request."""
    with begun() as calm:
        usual = asked(calm, content)[9:12]
    with overloaded() as running:
        flood(running, WHOLE)
        assert asked(running, content)[9:12] in {usual, b"503"}


def test_many_that_wait_for_a_slow_source_keep_nobody_out() -> None:
    waits = b'{"query":"{ forever }"}'
    with begun(limits={"deadline_s": 300}) as running, ExitStack() as stack:
        admission = admission_of(running)
        counts = admission.counts
        until = time.monotonic() + FAR_S

        def calm() -> None:
            """A machine that has other work makes the loop late as well; then it is not those who wait that do."""
            while admission.overloaded:
                assert time.monotonic() < until, (counts, admission.per_s)
                time.sleep(0.01)

        while counts.begun - counts.ended < 300:  # one by one: a burst of three hundred is an overload for a moment
            calm()
            before = counts.begun + counts.refused
            connection = socket.create_connection(("127.0.0.1", running.port), timeout=FAR_S)
            stack.enter_context(connection).sendall(HEAD % len(waits) + b"\r\n" + waits)
            while counts.begun + counts.refused == before:
                assert time.monotonic() < until, (counts, admission.per_s)
                time.sleep(0.001)
        with ThreadPoolExecutor(8) as pool:
            while True:
                calm()
                answers = list(pool.map(lambda _: asked(running, WHOLE), range(50)))
                if {each[9:12] for each in answers} == {b"200"}:
                    break
                assert time.monotonic() < until, (counts, admission.per_s)


def test_where_it_is_not_wanted_nobody_is_refused() -> None:
    with begun(overload={"max_lag_s": LATE, "shed": False}) as running:
        admission_of(running).counts.begun += 70
        admission_of(running).look(time.monotonic(), 0.1, 1.0, 1.0, 1.0)
        assert refused(flood(running, WHOLE)) == []


def test_a_stall_is_counted_and_its_stack_told(capfd: pytest.CaptureFixture[str]) -> None:
    stall = b'{"query":"{ hello @include(if: true) }"}'
    with begun(overload={"stack_after_s": 0.1}) as running:
        assert asked(running, WHOLE).startswith(b"HTTP/1.1 200 ")

        def hold(*_: object) -> str:
            time.sleep(1)
            return "done"

        field = running.graph.schema._schema.query_type.fields["hello"]  # type: ignore[union-attr]
        field.resolve = hold
        assert b"done" in asked(running, HEAD % len(stall) + b"\r\n" + stall)
        lag = running.app.state.lag
        until = time.monotonic() + FAR_S
        while not lag.stalls.count:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert lag.stalls.longest_s > 0.5
    seen = capfd.readouterr().out
    assert "event_loop_stuck" in seen
    assert "in hold" in seen


def test_what_is_known_to_hold_the_loop_is_told_by_its_name_and_not_as_a_fault(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with begun(overload={"stack_after_s": 0.1}) as running:
        lag = running.app.state.lag

        def hold(*_: object) -> str:
            with lag.known("a test"):
                time.sleep(1)
            return "done"

        running.graph.schema._schema.query_type.fields["hello"].resolve = hold  # type: ignore[union-attr]
        assert b"done" in asked(running, WHOLE)
    seen = capfd.readouterr().out
    assert "event_loop_held" in seen
    assert "a test" in seen
    assert "event_loop_stuck" not in seen
