from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.edge.conftest import Start

SLOW = b"GET /graphql?query={forever} HTTP/1.1\r\nhost: a\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"


def until_closed(peer: socket.socket) -> bytes:
    reply = b""
    while chunk := peer.recv(65_536):
        reply += chunk
    return reply


TOUCH = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 31\r\n\r\n"
TOUCH += b'{"query": "mutation { touch }"}'
CHUNKED = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"


def statuses(reply: bytes) -> list[bytes]:
    return [each[:3] for each in reply.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (b"GET /half", b"408"),
        (b"no HTTP at all\r\n\r\n" + HEALTH, b"400"),
        (b"GET /x HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n" + HEALTH, b"400"),
    ],
)
def test_what_follows_a_request_never_forges_its_answer(start: Start, late: bytes, status: bytes) -> None:
    running = start(limits={"header_timeout_s": 0.3, "deadline_s": 1})
    with socket.create_connection(("127.0.0.1", running.port), timeout=8) as peer:
        peer.sendall(SLOW)
        assert running.graph.started.wait(5)
        peer.sendall(late)
        reply = until_closed(peer)
    assert b'"code":"TIMEOUT"' in reply.split(b"HTTP/1.1 ")[1]
    assert statuses(reply)[1:] == [status]


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\nx: " + b"x" * 16_384 + b"\r\n\r\n", b"431"),
        (CHUNKED + b"no chunk\r\n", b"400"),
    ],
)
def test_what_was_asked_before_a_bad_request_is_answered_and_nothing_behind_it(
    start: Start, bad: bytes, status: bytes
) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", running.port), timeout=8) as peer:
        peer.sendall(TOUCH + TOUCH + bad + TOUCH)
        reply = until_closed(peer)
    assert statuses(reply) == [b"200", b"200", status]
    assert reply.count(b'{"touch":true}') == 2
    assert len(running.graph.seen) == 2


def test_a_request_that_has_its_answer_gets_no_other_when_its_body_goes_wrong(start: Start) -> None:
    with socket.create_connection(("127.0.0.1", start().port), timeout=8) as peer:
        peer.sendall(CHUNKED.replace(b"/graphql", b"/nowhere"))
        assert statuses(peer.recv(65_536)) == [b"404"]
        peer.sendall(b"no chunk\r\n" + TOUCH)
        assert until_closed(peer) == b""


def test_pipelined_requests_are_answered_in_turn(start: Start) -> None:
    with socket.create_connection(("127.0.0.1", start().port), timeout=8) as peer:
        peer.sendall(HEALTH * 20 + HEALTH.replace(b"host: a", b"host: a\r\nconnection: close"))
        assert until_closed(peer).count(b"HTTP/1.1 200 OK") == 21


@pytest.mark.parametrize(
    "head",
    [
        b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        + HEALTH,
        b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef" + HEALTH,
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n" + HEALTH,
        b"GET /healthz HTTP/1.1\r\n\r\n" + HEALTH,
        b"GET /healthz HTTP/1.1\r\nhost : a\r\n\r\n" + HEALTH,
    ],
)
def test_what_two_readers_could_part_differently_is_refused_once(start: Start, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", start().port), timeout=8) as peer:
        peer.sendall(head)
        reply = until_closed(peer)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert reply.count(b"HTTP/1.1 ") == 1
