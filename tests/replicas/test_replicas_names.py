"""Where a name leads: a resolver that fails, is slow, or says something else by now (F13)."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from resolvers.errors import SourceUnavailable
from resolvers.http import HttpClient, Request
from resolvers.http.names import FRESH_S, GOOD_S, Names
from resolvers.network import direct
from tests.network.crm import ADA
from tests.raw_server import raw_server, reply, says


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Resolver:
    """``answer``: addresses, an error, or nothing at all (silence); every question is counted."""

    def __init__(self, *addresses: str) -> None:
        self.answer: Sequence[str] | OSError | None = addresses
        self.asked = 0
        self.let_go = asyncio.Event()

    async def __call__(self, _host: str, port: int) -> Sequence[Any]:
        self.asked += 1
        if self.answer is None:
            await self.let_go.wait()
        assert self.answer is not None
        if isinstance(self.answer, OSError):
            raise self.answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.answer]


def _hosts(found: Sequence[Any]) -> list[str]:
    return [info[4][0] for info in found]


AGAIN = socket.gaierror(socket.EAI_AGAIN, "try again")
NONE = socket.gaierror(socket.EAI_NONAME, "no such name")


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_an_answer_is_kept_for_a_moment_and_then_asked_for_anew(clock: Clock) -> None:
    resolver = Resolver("10.0.0.1")
    names = Names(resolver, clock=clock)
    for _ in range(3):
        assert _hosts(await names.addresses("crm", 80)) == ["10.0.0.1"]
    assert resolver.asked == 1
    resolver.answer = ["10.0.0.2"]
    clock.now += FRESH_S
    assert _hosts(await names.addresses("crm", 80)) == ["10.0.0.2"]


async def test_many_who_ask_at_once_ask_once(clock: Clock) -> None:
    resolver = Resolver("10.0.0.1")
    names = Names(resolver, clock=clock)
    found = await asyncio.gather(*(names.addresses("crm", 80) for _ in range(50)))
    assert resolver.asked == 1
    assert {tuple(_hosts(each)) for each in found} == {("10.0.0.1",)}


async def test_the_last_addresses_are_used_while_nobody_answers(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    resolver = Resolver("10.0.0.1")
    names = Names(resolver, clock=clock)
    await names.addresses("crm", 80)
    resolver.answer = AGAIN
    clock.now += GOOD_S - 1
    with caplog.at_level(logging.WARNING, "isthmus.sources"):
        assert _hosts(await names.addresses("crm", 80)) == ["10.0.0.1"]
    assert "no name server says where crm is" in caplog.text
    clock.now += 1
    with pytest.raises(socket.gaierror):
        await names.addresses("crm", 80)
    resolver.answer = ["10.0.0.3"]
    assert _hosts(await names.addresses("crm", 80)) == ["10.0.0.3"]


async def test_a_silent_resolver_is_not_waited_for(clock: Clock) -> None:
    resolver = Resolver("10.0.0.1")
    names = Names(resolver, clock=clock, patience_s=0.05)
    await names.addresses("crm", 80)
    resolver.answer = None
    clock.now += FRESH_S
    for _ in range(3):
        assert _hosts(await names.addresses("crm", 80)) == ["10.0.0.1"]
    assert resolver.asked == 2
    with pytest.raises(TimeoutError):
        await names.addresses("billing", 80)
    resolver.answer = ["10.0.0.2"]
    resolver.let_go.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert _hosts(await names.addresses("crm", 80)) == ["10.0.0.2"]  # it came later, and was kept
    names.forget()


async def test_a_name_that_is_gone_is_gone(clock: Clock) -> None:
    """Its address may be another's by now, who would be told what is not his."""
    resolver = Resolver("10.0.0.1")
    names = Names(resolver, clock=clock)
    await names.addresses("crm", 80)
    resolver.answer = NONE
    clock.now += FRESH_S
    with pytest.raises(socket.gaierror):
        await names.addresses("crm", 80)
    resolver.answer = AGAIN
    with pytest.raises(socket.gaierror):
        await names.addresses("crm", 80)


async def test_who_waits_for_an_answer_that_is_given_up_is_told_so_and_not_cancelled(clock: Clock) -> None:
    """Where a source has too many hosts, all of them are forgotten, also those that somebody asks for right now."""
    resolver = Resolver()
    resolver.answer = None
    names = Names(resolver, clock=clock)
    waiting = asyncio.create_task(names.addresses("crm", 80))
    await asyncio.sleep(0)
    names.forget()
    with pytest.raises(OSError, match="given up"):
        await waiting


async def _get(client: HttpClient, url: str) -> int:
    return (await client.send(Request("GET", url, {}), timeout=5, resendable=True)).status


async def test_a_source_that_has_moved_is_found_where_it_is_now() -> None:
    """The address that is kept refuses: the name is looked up again at once, and the call goes well."""
    resolver = Resolver("127.0.0.2")
    async with raw_server(says(reply(ADA), close=True)) as server:
        url = f"http://crm.example:{server.port}"
        client = HttpClient(direct(), f"{url}/", lookup=resolver)
        with pytest.raises(SourceUnavailable):
            await _get(client, f"{url}/a")
        resolver.answer = ["127.0.0.1"]
        for _ in range(3):
            assert await _get(client, f"{url}/a") == 200
        assert resolver.asked == 3  # before it had moved twice, and once since
        resolver.answer = AGAIN
        assert await _get(client, f"{url}/a") == 200
        await client.close()


async def test_a_resolver_that_fails_takes_no_source_away_that_was_known() -> None:
    resolver = Resolver("127.0.0.1")
    async with raw_server(says(reply(ADA), close=True)) as server:
        url = f"http://crm.example:{server.port}"
        client = HttpClient(direct(), f"{url}/", lookup=resolver)
        assert await _get(client, f"{url}/a") == 200
        resolver.answer = AGAIN
        client._way._names._known["crm.example", server.port].doubted = True  # type: ignore[union-attr]
        assert await _get(client, f"{url}/a") == 200
        assert resolver.asked == 2
        with pytest.raises(SourceUnavailable):
            await _get(client, f"http://other.example:{server.port}/a")
        await client.close()
