"""What every answer bears, whom it is for, and what becomes of a write that outlasts its caller."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from pydantic import ValidationError

from gateway.cors import CorsSettings
from resolvers import Context
from schema import Answer, GraphQLRequest, Principal

if TYPE_CHECKING:
    from tests.edge.conftest import Start

APP = "https://app.example"
WRITE = b'{"query":"mutation { touch }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class SlowWrite:
    def __init__(self) -> None:
        self.begun, self.go, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.cancelled = False

    def part(self, view: str, principal: Principal) -> SlowWrite | None:  # noqa: ARG002  # the protocol's
        return None if view else self

    def writes(self, request: GraphQLRequest) -> bool:
        return request.query.startswith("mutation")

    async def execute(
        self, request: GraphQLRequest, principal: Principal, context: Context, *, read_only: bool, **_: object
    ) -> Answer:
        self.asked = (request, principal, context, read_only)
        self.begun.set()
        try:
            await asyncio.to_thread(self.go.wait, 10)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.ended.set()
        return Answer("data", {"data": {"touch": True}})


def test_a_write_that_outlasts_the_deadline_goes_on_and_its_outcome_is_unknown(start: Start) -> None:
    running, slow = start(limits={"deadline_s": 1}), SlowWrite()
    running.holder.current.graph = slow  # type: ignore[assignment]  # another graph behind the same seam
    reply = httpx.post(running.url + "/graphql", json={"query": "mutation { touch }"})
    assert reply.json()["errors"][0]["extensions"]["code"] == "OUTCOME_UNKNOWN"
    assert not slow.ended.is_set()
    slow.go.set()
    assert slow.ended.wait(5)
    assert not slow.cancelled


def test_a_write_goes_on_when_its_caller_leaves(start: Start) -> None:
    running, slow = start(), SlowWrite()
    running.holder.current.graph = slow  # type: ignore[assignment]  # another graph behind the same seam
    with socket.create_connection(("127.0.0.1", running.port)) as peer:
        peer.sendall(HEAD % len(WRITE) + WRITE)
        assert slow.begun.wait(5)
    assert httpx.get(running.url + "/healthz").status_code == 200  # the server has seen the other one leave
    slow.go.set()
    assert slow.ended.wait(5)
    assert not slow.cancelled


def test_who_finds_no_place_is_told_when_to_come_back(start: Start) -> None:
    running, slow = start(limits={"max_requests": 1}), SlowWrite()
    running.holder.current.graph = slow  # type: ignore[assignment]  # another graph behind the same seam
    with socket.create_connection(("127.0.0.1", running.port)) as peer:
        peer.sendall(HEAD % len(WRITE) + WRITE)
        assert slow.begun.wait(5)
        reply = httpx.post(running.url + "/graphql", json={"query": "{ hello }"})
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
        slow.go.set()


def test_a_token_that_nobody_verifies_is_not_taken_for_none(start: Start) -> None:
    running = start()
    for value in ("Bearer x", "Basic YTpi", ""):
        reply = httpx.post(running.url + "/graphql", json={"query": "{ hello }"}, headers={"authorization": value})
        assert reply.status_code == 401
    assert not running.graph.seen


def test_every_answer_bears_an_id_and_only_a_harmless_one_is_taken_over(start: Start) -> None:
    url = start(limits={"max_url_bytes": 100}).url
    for path in ("/healthz", "/readyz", "/graphql", "/nowhere"):
        assert httpx.get(url + path, headers={"x-request-id": "trace-1"}).headers["x-request-id"] == "trace-1"
        for odd in ("a b", "x" * 65, "a;b", "\u00e9".encode()):
            given = httpx.get(url + path, headers=[(b"x-request-id", odd if isinstance(odd, bytes) else odd.encode())])
            assert len(given.headers["x-request-id"]) == 16
    reply = httpx.get(url + "/healthz?" + "x" * 100)
    assert (reply.status_code, len(reply.headers["x-request-id"])) == (414, 16)


def test_pages_of_other_origins_read_nothing_unless_they_are_listed(start: Start) -> None:
    for settings, origin, allowed in (
        ({}, APP, None), ({"cors": {"origins": [APP]}}, APP, APP), ({"cors": {"origins": ["*"]}}, APP, "*"),
        ({"cors": {"origins": [APP]}}, "null", None), ({"cors": {"origins": [APP]}}, APP + ".evil.example", None),
    ):  # fmt: skip
        url = start(**settings).url + "/graphql"
        reply = httpx.post(url, json={"query": "{ hello }"}, headers={"origin": origin})
        assert reply.headers.get("access-control-allow-origin") == allowed
        asked = {"origin": origin, "access-control-request-method": "POST",
                 "access-control-request-headers": "authorization, content-type"}  # fmt: skip
        preflight = httpx.options(url, headers=asked)
        assert preflight.is_success == (allowed is not None)
        assert preflight.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in {*reply.headers, *preflight.headers}


def test_a_listed_page_may_send_what_clients_of_graphql_send_and_what_the_file_adds(start: Start) -> None:
    url = start(cors={"origins": [APP], "headers": ["x-api-key"]}).url + "/graphql"
    sent = ("apollo-require-preflight", "graphql-require-preflight", "apollographql-client-name", "x-api-key")
    for name in (*sent, "x-tenant"):
        asked = {"origin": APP, "access-control-request-method": "POST", "access-control-request-headers": name}
        assert httpx.options(url, headers=asked).is_success is (name in sent), name


@pytest.mark.parametrize(
    "origin", ["null", "https://a.example/", "https://A.example", "a.example", "https://a.example:443", "https://*"]
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        CorsSettings.model_validate({"origins": [origin, APP]})
