from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.edge.conftest import Start

HELLO = {"query": "{ hello }"}
RESPONSE = {"accept": "application/graphql-response+json"}


def raw(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=8) as peer:
        peer.sendall(data)
        reply = b""
        while chunk := peer.recv(65_536):
            reply += chunk
        return reply


def code(reply: httpx.Response) -> Any:
    assert reply.json()["errors"][0]["extensions"]["requestId"] == reply.headers["x-request-id"]
    return reply.json()["errors"][0]["extensions"]["code"]


def test_a_query_by_post_and_by_get(start: Start) -> None:
    url = start().url + "/graphql"
    for reply in (httpx.post(url, json=HELLO, headers=RESPONSE), httpx.get(url, params=HELLO, headers=RESPONSE)):
        assert (reply.status_code, reply.json()) == (200, {"data": {"hello": "wörld"}})
        assert reply.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
        assert "server" not in reply.headers
    assert httpx.get(url, params={"query": "mutation { touch }"}).status_code == 405
    assert httpx.post(url, json=HELLO, headers={"accept": "text/plain"}).status_code == 406


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b'\xef\xbb\xbf{"query":"{hello}"}', '{"query":"{hello}"}'.encode("utf-16"), b'{"query":"\xff"}',
        b'{"query":"{hello}","variables":{"a":NaN}}', b'{"query":"{hello}","variables":{"a":' + b"9" * 5000 + b"}}",
        b'{"query":"{hello}","variables":{"a":1e999}}', b"[" * 100_000, b'{"query":"{hello}","query":"{hello}"}',
        b"null", b"5", b"[]", b'"x"', b'[{"query":"{hello}"}]', b'{"query":1}', b'{"query":"{hello}","variables":[]}',
        b'{"query":"{hello}","variables":"{}"}', b'{"query":"{hello}","operationName":1}',
        b'{"query":"{hello}","extensions":"x"}', b'{"query":"{hello}","batch":1}', b'{"query":"{ hello \\ud800 }"}',
        b'{"query":"{hello}","variables":{"a":' + b"[" * 500 + b"]" * 500 + b"}}",
    ],
)  # fmt: skip
def test_ill_formed_bodies_are_bad_requests(start: Start, body: bytes) -> None:
    reply = httpx.post(start().url + "/graphql", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, code(reply)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"content-type": "text/plain"}, {"content-type": "application/json; charset=utf-7"},
        {"content-type": "text/plain; x=application/json"}, {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)  # fmt: skip
def test_other_content_is_not_read(start: Start, headers: dict[str, str]) -> None:
    running = start()
    reply = httpx.post(running.url + "/graphql", content=b'{"query":"{hello}"}', headers=headers)
    assert reply.status_code == 415
    assert not running.graph.seen


def test_bodies_too_large_are_refused_by_either_length(start: Start) -> None:
    running = start()
    body = json.dumps({"query": "{ hello }" + " " * 262_144}).encode()
    kind = {"content-type": "application/json"}
    for content in (body, iter([body])):
        reply = httpx.post(running.url + "/graphql", content=content, headers=kind)
        assert (reply.status_code, reply.headers["connection"]) == (413, "close")
    assert not running.graph.seen


def test_slow_senders_and_large_headers_are_cut_off(start: Start) -> None:
    port = start(limits={"header_timeout_s": 0.3, "body_timeout_s": 0.3}).port
    post = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    for half in (b"", b"POST /graphql HTT", post, post + b"content-length: 20\r\n\r\n{"):
        assert raw(port, half).startswith(b"HTTP/1.1 408 ")
    for large in (b"x: " + b"y" * 20_000, b"\r\n".join(b"x%d: y" % n for n in range(101))):
        assert raw(port, b"GET /healthz HTTP/1.1\r\nhost: a\r\n" + large + b"\r\n\r\n").startswith(b"HTTP/1.1 431 ")
    assert raw(port, b"GET /graphql?query={hello} HTTP/1.1\r\nconnection: close\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_the_deadline_and_faults_inside_are_graphql_answers(start: Start) -> None:
    running = start(limits={"deadline_s": 0.2})
    reply = httpx.post(running.url + "/graphql", json={"query": "{ forever }"})
    assert (reply.status_code, reply.json()["data"], code(reply)) == (200, None, "TIMEOUT")
    reply = httpx.post(running.url + "/graphql", json={"query": "bug"})
    assert (reply.status_code, code(reply)) == (200, "INTERNAL")
    assert "secret" not in reply.text


def test_a_read_ends_when_its_caller_leaves(start: Start) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", running.port)) as peer:
        peer.sendall(b"GET /graphql?query={forever} HTTP/1.1\r\nhost: a\r\n\r\n")
        assert running.graph.started.wait(5)
    assert running.graph.cancelled.wait(5)


def test_health_and_readiness(start: Start) -> None:
    running = start()
    running.holder.current.degraded = {"crm": "no description yet"}
    assert httpx.get(running.url + "/").headers["location"] == "/graphql"
    assert httpx.get(running.url + "/readyz").json() == {"ready": True, "degraded": {"crm": "no description yet"}}
    running.holder.current.graph = None
    assert httpx.get(running.url + "/readyz").status_code == 503
    assert httpx.get(running.url + "/healthz").status_code == 200
