"""What a stranger may try on HTTP itself, row by row; docs/security.md names these tests."""

from __future__ import annotations

import os
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from gateway.request.addresses import Networks, caller_address
from tests.edge.conftest import Running, Start, begun

HEALTH = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
BODY = b'{"query":"{hello}"}'


def until_closed(peer: socket.socket) -> bytes:
    reply = b""
    while chunk := peer.recv(65_536):
        reply += chunk
    return reply


def raw(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=8) as peer:
        peer.sendall(data)
        return until_closed(peer)


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with begun(limits={"header_timeout_s": 1, "body_timeout_s": 1}) as running:
        yield running


@pytest.fixture
def running(shared: Running) -> Running:
    shared.graph.seen.clear()
    return shared


AMBIGUOUS = {
    "an encoding that only sounds like chunked": POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked that is not the last encoding": POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two Transfer-Encodings": POST + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": POST.replace(b"1.1", b"1.0")
    + b"transfer-encoding: chunked\r\n\r\n13\r\n"
    + BODY
    + b"\r\n0\r\n\r\n",
    "a length with a sign": POST + b"content-length: +5\r\n\r\nabcde",
    "a list of lengths": POST + b"content-length: 5, 5\r\n\r\nabcde",
    "a length beyond all numbers": POST + b"content-length: 99999999999999999999999\r\n\r\nabcde",
    "a chunk beyond all numbers": POST + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc",
    "a negative chunk": POST + b"transfer-encoding: chunked\r\n\r\n-1\r\nabc",
    "a line feed in a chunk's extension": POST + b"transfer-encoding: chunked\r\n\r\n2;\nxx\r\n{}\r\n0\r\n\r\n",
    "a chunk that is longer than it says": POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
    "line feeds alone": b"GET /healthz HTTP/1.1\nhost: a\n\n",
    "one line feed alone": b"GET /healthz HTTP/1.1\r\nhost: a\nx: y\r\n\r\n",
    "a carriage return alone": b"GET /healthz HTTP/1.1\r\nhost: a\rx: y\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n",
    "a tab before a colon": b"GET /healthz HTTP/1.1\r\nhost: a\r\nx\t: y\r\n\r\n",
    "a header without a name": b"GET /healthz HTTP/1.1\r\nhost: a\r\n: y\r\n\r\n",
    "a target with a host of its own": b"GET http://evil.example/healthz HTTP/1.1\r\nhost: a\r\n\r\n",
    "a target that is no path": b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
    "a Host that is a path": b"GET / HTTP/1.1\r\nhost: evil.example/?\r\n\r\n",
    "a Host with a space": b"GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
    "a Host with a user": b"GET / HTTP/1.1\r\nhost: user@a\r\n\r\n",
    "an empty Host": b"GET / HTTP/1.1\r\nhost: \r\n\r\n",
    "bytes that are no ASCII in the target": b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n",
    "a tunnel": b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n",
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_what_another_reader_could_understand_otherwise_is_refused_once(running: Running, what: str) -> None:
    reply = raw(running.port, AMBIGUOUS[what] + HEALTH)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert reply.count(b"HTTP/1.1 ") == 1
    assert not running.graph.seen


@pytest.mark.parametrize("host", ["a", "a:8000", "127.0.0.1", "[::1]:8000", "xn--bcher-kva.example", "a_b.internal."])
def test_every_host_that_can_be_is_taken(running: Running, host: str) -> None:
    reply = raw(running.port, b"GET /healthz HTTP/1.1\r\nhost: %b\r\nconnection: close\r\n\r\n" % host.encode())
    assert reply.startswith(b"HTTP/1.1 200 ")


def test_who_sends_byte_by_byte_is_cut_off_as_whoever_sends_nothing(start: Start) -> None:
    port = start(limits={"header_timeout_s": 0.5, "body_timeout_s": 0.5}).port
    for begin, drop in ((b"GET /healthz HTTP/1.1\r\nx: ", b"y"), (POST + b"content-length: 999\r\n\r\n", b" ")):
        with socket.create_connection(("127.0.0.1", port), timeout=8) as peer:
            peer.sendall(begin)
            until = time.monotonic() + 8
            while not select.select([peer], [], [], 0.05)[0]:
                assert time.monotonic() < until
                peer.sendall(drop)
            assert peer.recv(65_536).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "gzip, gzip", "identity", "aes128gcm"])
def test_no_encoded_body_is_read(running: Running, encoding: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    assert httpx.post(running.url + "/graphql", content=BODY, headers=headers).status_code == 415
    assert not running.graph.seen


def test_an_address_too_long_is_refused(running: Running) -> None:
    assert httpx.get(running.url + "/graphql", params={"query": "{hello}" + " " * 8192}).status_code == 414
    assert not running.graph.seen


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"content-type": "application/json"}, 200),
        ({"sec-fetch-mode": "cors"}, 200),
        ({"sec-fetch-mode": "navigate"}, 200),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "multipart/form-data; boundary=x"}, 415),
        ({"sec-fetch-mode": "no-cors"}, 403),
    ],
)
def test_a_get_that_a_page_causes_without_asking_is_refused(
    running: Running, headers: dict[str, str], status: int
) -> None:
    reply = httpx.get(running.url + "/graphql", params={"query": "{hello}"}, headers={**headers, "cookie": "sid=1"})
    assert reply.status_code == status
    assert len(running.graph.seen) == (status == 200)


def test_a_get_with_a_body_is_refused(running: Running) -> None:
    reply = raw(running.port, b"GET /graphql?query={hello} HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nabcde")
    assert reply.startswith(b"HTTP/1.1 413 ")
    assert not running.graph.seen


def test_without_get_only_post_is_read(start: Start) -> None:
    running = start(get=False)
    reply = httpx.get(running.url + "/graphql", params={"query": "{hello}"})
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert httpx.post(running.url + "/graphql", json={"query": "{hello}"}).status_code == 200


def test_a_thousand_pipelined_requests_are_answered_in_turn_and_hold_nobody_up(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=8) as peer:
        peer.sendall(HEALTH * 999 + HEALTH.replace(b"host: a", b"host: a\r\nconnection: close"))
        assert httpx.get(running.url + "/healthz").status_code == 200
        assert until_closed(peer).count(b"HTTP/1.1 200 OK") == 1000


def opened(port: int, stack: ExitStack, many: int) -> list[socket.socket]:
    return [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=8)) for _ in range(many)]


def refused(port: int) -> bytes:
    """What a new connection is told that sends nothing."""
    with socket.create_connection(("127.0.0.1", port), timeout=8) as peer:
        return until_closed(peer)


@pytest.mark.parametrize(
    ("settings", "are_refused"),
    [
        ({"limits": {"max_connections": 20}}, True),
        ({"limits": {"max_connections_per_address": 20}}, True),
        ({"limits": {"max_connections_per_address": 20}, "trusted_proxies": ["127.0.0.0/8"]}, False),
    ],
)
def test_connections_beyond_the_limit_are_told_when_to_come_back(
    start: Start, settings: dict[str, object], *, are_refused: bool
) -> None:
    running = start(**settings)
    with ExitStack() as stack:
        opened(running.port, stack, 20)
        if not are_refused:
            assert httpx.get(running.url + "/healthz").status_code == 200
            return
        reply = refused(running.port)
        assert reply.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in reply
    until = time.monotonic() + 8
    while raw(running.port, HEALTH.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))[9:12] != b"200":
        assert time.monotonic() < until, "who left still counts"


@pytest.fixture
def few_files(tmp_path: Path) -> Iterator[int]:
    """The port of a gateway that may have no more than 60 files."""
    (tmp_path / "a.json").write_text(
        '{"openapi":"3.0.0","info":{"title":"a","version":"1"},"servers":[{"url":"http://127.0.0.1:9"}],'
        '"paths":{"/a":{"get":{"operationId":"a","responses":{"200":{"description":"a","content":'
        '{"application/json":{"schema":{"type":"string"}}}}}}}}}'
    )
    command = [sys.executable, "-m", "gateway", "serve", "a=a.json", "--port", "0"]
    home = Path(__file__).parents[2]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(home)},
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60)),  # noqa: PLW1509  # no thread runs yet
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if b"answers at http" in line:
                yield int(line.partition(b"127.0.0.1:")[2].split(b"/")[0])
                break
        else:
            pytest.fail("it did not start")
    finally:
        process.kill()
        process.communicate()


def test_a_flood_of_connections_leaves_files_for_the_sources_and_passes(few_files: int) -> None:
    with ExitStack() as stack:
        peers = opened(few_files, stack, 100)
        answered = peers[0]
        answered.sendall(HEALTH)
        assert answered.recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert refused(few_files).startswith(b"HTTP/1.1 503 ")
    until = time.monotonic() + 8
    while raw(few_files, HEALTH.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))[9:12] != b"200":
        assert time.monotonic() < until, "the flood has left, and nobody is let in"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # a stranger's word counts for nothing
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # what stands before it came from the caller
        ("10.1.2.3", ["1.1.1.1", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1, nonsense"], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1, " + "10.9.9.9, " * 5000 + "10.8.8.8"], "10.9.9.9"),  # and nobody reads them all
        ("10.1.2.3", [], "10.1.2.3"),
        ("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        (None, ["198.51.100.1"], "unknown"),
    ],
)
def test_only_a_trusted_proxy_tells_of_an_address(peer: str | None, forwarded: list[str], address: str) -> None:
    assert caller_address(peer, forwarded, Networks(["10.0.0.0/8"])) == address


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/graphql/../healthz", b"404"),
        ("//healthz", b"404"),
        ("/healthz/", b"404"),
        ("/healthz%00", b"404"),
        ("/./healthz", b"404"),
        ("/explorer/assets/..%2f..%2fapp.py", b"404"),
        ("/%68ealthz", b"200"),
    ],
)
def test_a_path_is_what_is_written(running: Running, path: str, status: bytes) -> None:
    reply = raw(running.port, b"GET %b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" % path.encode())
    assert reply[9:12] == status


@pytest.mark.parametrize("protocol", [b"graphql-ws", b"graphql-transport-ws"])
def test_no_connection_becomes_a_websocket(running: Running, protocol: bytes) -> None:
    upgrade = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    key = b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: %b\r\n\r\n" % protocol
    reply = raw(running.port, b"GET /graphql HTTP/1.1\r\nhost: a\r\n" + upgrade + key + b"\x81\x05hello")
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nconnection: close\r\n" in reply
    assert not running.graph.seen


def test_who_offers_http_2_is_answered_in_http_1(running: Running) -> None:
    offer = b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=8) as peer:
        peer.sendall(b"GET /graphql?query={hello} HTTP/1.1\r\nhost: a\r\n" + offer)
        assert peer.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_an_answer_beyond_its_limit_is_told_as_an_error(start: Start) -> None:
    running = start(limits={"max_response_bytes": 1_000_000})
    reply = httpx.post(running.url + "/graphql", json={"query": "{ huge }"})
    assert (reply.status_code, reply.json()["data"]) == (200, None)
    assert reply.json()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert len(reply.content) < 1000
    assert httpx.post(running.url + "/graphql", json={"query": "{ hello }"}).json() == {"data": {"hello": "wörld"}}


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({"hosts": None}, "localhost", b"200"),
        ({"hosts": None}, "LOCALHOST.:8000", b"200"),
        ({"hosts": None}, "127.0.0.1:8000", b"200"),
        ({"hosts": None}, "[::1]:8000", b"200"),
        ({"hosts": None}, "rebound.evil.example", b"421"),
        ({"hosts": None}, "localhost.evil.example", b"421"),
        ({"hosts": None, "jwt": {"issuer": "i", "audience": "a", "secret": "s" * 32}}, "api.example.com", b"200"),
        ({"hosts": ["api.example.com"]}, "api.example.com:443", b"200"),
        ({"hosts": ["api.example.com"]}, "localhost", b"421"),
    ],
)
def test_a_page_whose_name_was_led_here_reads_nothing(
    start: Start, settings: dict[str, object], host: str, status: bytes
) -> None:
    running = start(**settings)
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: %b\r\ncontent-type: application/json\r\nconnection: close\r\n" % host.encode()
    )
    assert raw(running.port, head + b"content-length: %d\r\n\r\n" % len(BODY) + BODY)[9:12] == status
    assert len(running.graph.seen) == (status == b"200")
