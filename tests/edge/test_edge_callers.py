"""What a web page can make a browser send unasked, and how a token may be spelled."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest

if TYPE_CHECKING:
    from tests.edge.conftest import Running, Start

SECRET = "s" * 32
JWT = {"issuer": "i", "audience": "a", "secret": SECRET}
BODY = b'{"query":"mutation { touch }"}'
SIMPLE = ("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded",
          "multipart/form-data; boundary=b", "text/plain; application/json", "application/json, text/plain",
          "application/jsonp", "application/graphql", "")  # fmt: skip


def token() -> str:
    now = int(time.time())
    claims: dict[str, Any] = {"iss": "i", "aud": "a", "sub": "u", "iat": now, "exp": now + 60}
    return jwt.encode(claims, SECRET, "HS256")


@pytest.mark.parametrize("kind", SIMPLE)
def test_what_a_page_can_post_without_being_asked_is_not_read(start: Start, kind: str) -> None:
    running = start(cors={"origins": ["https://app.example"]})
    for origin in ("https://evil.example", "https://app.example", "null"):
        reply = httpx.post(
            running.url + "/graphql", content=BODY, headers={"content-type": kind, "origin": origin, "cookie": "a=b"}
        )
        assert reply.status_code == 415
    assert not running.graph.seen


def test_two_content_types_are_not_read(start: Start) -> None:
    running = start()
    kinds = [("content-type", "application/json"), ("content-type", "text/plain")]
    assert httpx.post(running.url + "/graphql", content=BODY, headers=kinds).status_code == 415
    assert not running.graph.seen


@pytest.mark.parametrize("kind", [*SIMPLE, "application/json"])
def test_a_link_changes_nothing(start: Start, kind: str) -> None:
    running = start()
    url = running.url + "/graphql"
    headers = {"content-type": kind, "origin": "https://evil.example"}
    for query in ("mutation { touch }", "query A { hello } mutation B { touch }"):
        params = {"query": query, "operationName": "B"} if "B" in query else {"query": query}
        reply = httpx.get(url, params=params, headers=headers)
        if kind == "application/json":
            assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
        else:
            assert reply.status_code == 415
        assert "access-control-allow-origin" not in reply.headers
    for method in ("HEAD", "PUT", "PATCH", "DELETE"):
        reply = httpx.request(method, url, params={"query": "mutation { touch }"}, headers=headers)
        assert reply.status_code == 405
    assert httpx.get(url + "?query={hello}&query=mutation{touch}").status_code == 400
    reply = httpx.request("GET", url, params={"query": "{ hello }"}, content=BODY)
    assert reply.status_code == 413


def answered(running: Running, authorization: bytes) -> bytes:
    """The status of a query that bears this header, sent as it stands."""
    body = b'{"query":"{ hello }"}'
    head = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=8) as peer:
        peer.sendall(head + authorization + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        reply = b""
        while chunk := peer.recv(65_536):
            reply += chunk
    return reply.split(b" ")[1]


def test_a_scheme_in_any_letters_and_spaces_around_the_token_are_accepted(start: Start) -> None:
    running, text = start(jwt=JWT), token().encode()
    for value in (b"Bearer " + text, b"bearer " + text, b"BEARER " + text, b"Bearer  " + text, b"Bearer   " + text,
                  b"  Bearer " + text + b" \t"):  # fmt: skip
        assert answered(running, b"authorization: " + value) == b"200", value
        assert answered(running, b"AUTHORIZATION:" + value) == b"200", value
    assert [principal.subject for principal in running.graph.seen] == ["u"] * 12


def test_every_other_spelling_is_refused_and_never_anonymous(start: Start) -> None:
    running, text = start(jwt=JWT), token().encode()
    for value in (
        b"Bearer\t" + text, b"Bearer \t" + text, b"Bearer" + text, b"Bearer:" + text, b"Bearer=" + text, text,
        b"Bearer " + text + b", Bearer " + text, b"Bearer " + text + b",", b"Bearer x, Bearer " + text,
        b"Basic YTpi, Bearer " + text, b"Bearer " + text + b" " + text, b'Bearer "' + text + b'"',
        b"Bearer Bearer " + text, b"Token " + text, b"JWT " + text, b"DPoP " + text, b"Bearer", b"Bearer ", b"", b",",
        b"Bearer \xc3\xa9" + text, b"Bearer " + text + b"\xff", b"Be\xc3\xa4rer " + text, b"Bearer\xa0" + text,
        b"Bearer\xc2\xa0" + text, b"B\xc4\x95arer " + text, b"Bearer " + text.replace(b".", b"\xef\xbc\x8e"),
        b"Bearer " + text + b"%00", b"Bearer " + b"x" * 9000,
    ):  # fmt: skip
        assert answered(running, b"authorization: " + value) == b"401", value
    for pair in ((text, text), (text, b"x"), (b"x", text)):
        both = b"\r\n".join(b"authorization: Bearer " + value for value in pair)
        assert answered(running, both) == b"401", pair
    assert not running.graph.seen


def test_a_token_anywhere_but_in_its_header_counts_for_nothing(start: Start) -> None:
    running, text = start(jwt=JWT), token()
    url = running.url + "/graphql"
    for reply in (
        httpx.post(url, json={"query": "{ hello }"}, headers={"cookie": f"authorization=Bearer {text}; token={text}"}),
        httpx.post(url, json={"query": "{ hello }"}, headers={"proxy-authorization": f"Bearer {text}"}),
        httpx.post(url, json={"query": "{ hello }"}, headers={"x-authorization": f"Bearer {text}"}),
        httpx.post(f"{url}?access_token={text}", json={"query": "{ hello }"}),
    ):
        assert reply.status_code == 200
    assert all(principal.is_anonymous for principal in running.graph.seen)
    assert httpx.get(url, params={"query": "{ hello }", "access_token": text}).status_code == 400
