"""A request that offers another protocol is one as any other: its body is its body, never the next request."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.edge.conftest import Running, begun

BODY = b'{"query": "mutation { touch }"}'
INNER = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 31\r\n\r\n" + BODY
LAST = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
OFFERS = {
    "h2c": b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
    "TLS": b"connection: upgrade\r\nupgrade: TLS/1.0\r\n",
    "two": b"upgrade: x\r\nconnection: keep-alive\r\nempty:\r\nupgrade: y\r\nconnection: upgrade\r\n",
    "to end": b"connection: close, upgrade\r\nupgrade: h2c\r\n",
    "websocket": b"connection: Upgrade\r\nupgrade: websocket\r\n",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with begun() as running:
        yield running


@pytest.fixture
def running(shared: Running) -> Running:
    shared.graph.seen.clear()
    return shared


def head(offer: str, method: bytes = b"POST", length: int = len(BODY), more: bytes = b"") -> bytes:
    first = method + b" /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    return first + OFFERS[offer] + more + b"content-length: %d\r\n\r\n" % length


def until(peer: socket.socket, end: bytes | None = None) -> bytes:
    """What comes until those bytes are there, or until the end."""
    reply = b""
    with suppress(ConnectionResetError):
        while (end is None or end not in reply) and (chunk := peer.recv(65_536)):
            reply += chunk
    return reply


@pytest.mark.parametrize("offer", OFFERS)
def test_a_body_behind_an_offer_is_read_with_its_request(running: Running, offer: str) -> None:
    with ExitStack() as stack:
        for cut in (0, 50, len(head(offer)), len(head(offer)) + 5):
            peer = stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=8))
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.sendall((head(offer) + BODY)[:cut])
            peer.sendall((head(offer) + BODY)[cut:])
            assert until(peer, b'{"touch":true}').startswith(b"HTTP/1.1 200 ")
    assert len(running.graph.seen) == 4


@pytest.mark.parametrize("method", [b"POST", b"PUT"])
@pytest.mark.parametrize("offer", OFFERS)
def test_no_body_behind_an_offer_becomes_a_request(running: Running, offer: str, method: bytes) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=8) as peer:
        peer.sendall(head(offer, method, len(INNER), b"expect: 100-continue\r\n"))
        reply = until(peer, b"\r\n\r\n")  # the head is parsed, whatever came of it
        with suppress(ConnectionError):  # some are answered, and gone, without it
            peer.sendall(INNER + LAST)
        reply += until(peer)
    kept = offer in {"h2c", "TLS", "two"} and b"\r\nconnection: close" not in reply.rpartition(b"HTTP/1.1 200 ")[0]
    answers = [each[:3] for each in reply.split(b"HTTP/1.1 ")[1:] if not each.startswith(b"100 ")]
    assert answers == [b"405" if method == b"PUT" else b"400"] + [b"200"] * kept
    assert not running.graph.seen


def test_requests_go_on_behind_an_offer_that_was_not_taken(running: Running) -> None:
    offers = (head("h2c") + BODY + head("two") + BODY) * 20
    with socket.create_connection(("127.0.0.1", running.port), timeout=8) as peer:
        peer.sendall(offers + LAST)
        assert until(peer).count(b"HTTP/1.1 200 ") == 41


def test_a_tunnel_is_refused(running: Running) -> None:
    for target in (b"/", b"a:443"):
        with socket.create_connection(("127.0.0.1", running.port), timeout=8) as peer:
            peer.sendall(b"CONNECT " + target + b" HTTP/1.1\r\nhost: a\r\n\r\n" + INNER)
            reply = until(peer)
        assert reply.startswith(b"HTTP/1.1 400 ")
        assert reply.count(b"HTTP/1.1 ") == 1
    assert not running.graph.seen
