"""Connections that went stale: closed by their other end while idle (F6), gone without a word (F9), too old."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from resolvers.errors import SourceTimeout
from resolvers.http import HttpClient, Request
from resolvers.http.connection import Connection
from resolvers.http.direct import Direct
from resolvers.http.sockets import is_quiet
from resolvers.network import direct
from tests.faults.injector import HalfOpen, Passes
from tests.network.crm import ADA, ROW
from tests.raw_server import RawServer, raw_server, reply, says
from tests.replicas.copies import WRITE, context, copies, over, read, reads


async def _send(client: HttpClient, server: RawServer, method: str = "GET") -> int:
    """Which connection the server heard it on."""
    request = Request(method, f"{server.url}/a", {})
    await client.send(request, timeout=5, resendable=method == "GET")
    return server.heard[-1].connection


def _idle(client: HttpClient) -> Connection:
    assert isinstance(client._way, Direct)
    (origin,) = client._way._origins.values()
    (connection,) = origin.idle
    return connection


def _rest(client: HttpClient, seconds: float) -> None:
    """The connection has been idle for so long."""
    _idle(client).idle_since -= seconds


async def test_a_write_goes_by_no_connection_that_common_servers_may_be_closing() -> None:
    async with raw_server(says(reply(ADA))) as server:
        client = HttpClient(direct(), f"{server.url}/")
        assert await _send(client, server, "POST") == 1
        assert await _send(client, server, "POST") == 1
        _rest(client, 2.0)
        assert await _send(client, server, "GET") == 1
        _rest(client, 2.0)
        assert await _send(client, server, "POST") == 2
        await client.close()


async def test_what_a_source_says_of_how_long_it_keeps_connections_is_heeded() -> None:
    async with raw_server(says(reply(ADA, "Keep-Alive: timeout=5, max=100"))) as server:
        client = HttpClient(direct(), f"{server.url}/")
        assert await _send(client, server) == 1
        _rest(client, 3.5)
        assert await _send(client, server, "POST") == 1
        _rest(client, 4.5)
        assert await _send(client, server, "GET") == 2
        await client.close()


async def test_a_long_word_of_a_source_is_believed_within_reason() -> None:
    async with raw_server(says(reply(ADA, "Keep-Alive: timeout=3600"))) as server:
        client = HttpClient(direct(), f"{server.url}/")
        assert await _send(client, server) == 1
        _rest(client, 55)
        assert await _send(client, server, "POST") == 1
        _rest(client, 61)
        assert await _send(client, server) == 2
        await client.close()


async def test_an_old_connection_is_not_kept() -> None:
    """So that a name that leads elsewhere is followed."""
    async with raw_server(says(reply(ADA))) as server:
        client = HttpClient(direct(), f"{server.url}/")
        assert await _send(client, server) == 1
        _idle(client).old_at = 0.0
        assert [await _send(client, server), await _send(client, server)] == [1, 2]
        await client.close()


async def test_no_write_is_lost_to_a_source_that_closes_after_each_answer() -> None:
    async with raw_server(says(reply(ADA), close=True)) as server:
        client = HttpClient(direct(), f"{server.url}/")
        for _ in range(50):
            await _send(client, server, "POST")
        assert len(server.heard) == 50
        await client.close()


def test_what_lies_in_a_socket_is_seen() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        assert is_quiet(ours)
        theirs.send(b"x")
        assert not is_quiet(ours)
        ours.recv(1)
        assert is_quiet(ours)
        theirs.close()
        assert not is_quiet(ours)
    assert not is_quiet(ours)


async def test_reads_survive_connections_that_are_closed_while_idle(tmp_path: Path) -> None:
    async with copies(1) as every, over(tmp_path, [every[0].url]) as (source, _):
        for _ in range(10):
            await reads(source, 3, at_once=3)
            await every[0].injector.drop()
            assert await source.execute(read(), context()) == ROW
            assert await source.execute(WRITE, context()) == ROW
        assert every[0].count("POST") == 10


async def test_the_kernel_watches_connections() -> None:
    async with raw_server(says(reply(ADA))) as server:
        client = HttpClient(direct(), f"{server.url}/")
        await _send(client, server)
        opened = _idle(client)._socket
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
        await client.close()


async def test_a_peer_that_is_gone_without_a_word_costs_the_deadline_and_its_connection(tmp_path: Path) -> None:
    async with copies(1) as every, over(tmp_path, [every[0].url], retries=False) as (source, _):
        await reads(source, 1)
        every[0].injector.choose(HalfOpen())
        began = asyncio.get_running_loop().time()
        with pytest.raises(SourceTimeout):
            await source.execute(read(), context(0.3))
        assert asyncio.get_running_loop().time() - began < 3
        every[0].injector.choose(Passes())
        await reads(source, 1)
