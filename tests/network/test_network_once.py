"""What leaves once at the lowest place where calls are sent, whoever stands above: writes, and what never left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from resolvers import OutcomeUnknown, SourceTimeout, SourceUnavailable
from resolvers.http import HttpClient, Request
from resolvers.network import direct
from tests.network.crm import ADA
from tests.raw_server import Answer, Heard, raw_server, reply, resets

GET, POST = "GET", "POST"


def cut_when_kept() -> Answer:
    """A connection carries one answer, and the next request over it ends it."""
    seen: set[int] = set()

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.connection in seen:
            await resets()(heard, writer)
        else:
            seen.add(heard.connection)
            writer.write(reply(ADA))

    return answer


async def _sent(client: HttpClient, url: str, method: str, timeout: float = 5) -> object:  # noqa: ASYNC109  # the call's
    asked = Request(method, url, {}, b"{}" if method == POST else None)
    try:
        return (await client.send(asked, timeout=timeout, resendable=method == GET)).status
    except (OutcomeUnknown, SourceTimeout, SourceUnavailable) as error:
        return error


@pytest.mark.parametrize("resends", [True, False])
async def test_a_write_over_a_kept_connection_that_died_is_sent_once(*, resends: bool) -> None:
    async with raw_server(cut_when_kept()) as server:
        client = HttpClient(direct(), f"{server.url}/", resends=resends)
        assert await _sent(client, f"{server.url}/a", GET) == 200
        error = await _sent(client, f"{server.url}/a", POST)
        assert isinstance(error, OutcomeUnknown)
        assert (error.sends, error.stale) == (1, True)
        assert [each.method for each in server.heard] == [GET, POST]
        await client.close()


async def test_a_read_over_one_is_sent_again_by_who_is_told_to_and_over_a_new_one() -> None:
    async with raw_server(cut_when_kept()) as server:
        client = HttpClient(direct(), f"{server.url}/", resends=True)
        assert await asyncio.gather(*(_sent(client, f"{server.url}/a", GET) for _ in range(2))) == [200, 200]
        assert await _sent(client, f"{server.url}/a", GET) == 200  # the other kept connection is dead as well
        assert len(server.heard) == 2 + 2
        assert server.heard[-1].connection == 3
        await client.close()


async def test_who_is_to_decide_whether_a_read_is_sent_again_is_told() -> None:
    async with raw_server(cut_when_kept()) as server:
        client = HttpClient(direct(), f"{server.url}/", resends=False)
        assert await _sent(client, f"{server.url}/a", GET) == 200
        error = await _sent(client, f"{server.url}/a", GET)
        assert isinstance(error, SourceUnavailable)
        assert (error.sends, error.stale) == (1, True)
        assert len(server.heard) == 2
        await client.close()


async def test_a_first_connection_that_dies_is_nobodys_to_try_again() -> None:
    async with raw_server(resets()) as server:
        client = HttpClient(direct(), f"{server.url}/", resends=True)
        assert isinstance(await _sent(client, f"{server.url}/a", GET), SourceUnavailable)
        assert len(server.heard) == 1
        await client.close()


@pytest.mark.parametrize("method", [GET, POST])
async def test_what_ran_out_of_time_before_it_had_a_connection_never_left(method: str) -> None:
    async def silent(_host: str, _port: int) -> Sequence[Any]:
        await asyncio.Event().wait()
        raise AssertionError

    client = HttpClient(direct(), "http://crm.example/", lookup=silent)
    error = await _sent(client, "http://crm.example/a", method, 0.05)
    assert isinstance(error, SourceTimeout)
    assert (error.sends, error.passing) == (0, True)
    await client.close()


@pytest.mark.parametrize(("method", "kind"), [(GET, SourceTimeout), (POST, OutcomeUnknown)])
async def test_what_ran_out_of_time_afterwards_may_have_been_heard(method: str, kind: type[Exception]) -> None:
    async def hangs(_: Heard, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with raw_server(hangs) as server:
        client = HttpClient(direct(), f"{server.url}/")
        error = await _sent(client, f"{server.url}/a", method, 0.3)
        assert isinstance(error, kind)
        assert isinstance(error, SourceTimeout | OutcomeUnknown)
        assert (error.sends, error.passing) == (1, False)
        await client.close()


async def test_whoever_is_closed_ends_the_calls_that_are_under_way() -> None:
    """A source is closed when nobody needs it; a server that says nothing must not keep its socket open."""

    async def hangs(_: Heard, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with raw_server(hangs) as server:
        client = HttpClient(direct(), f"{server.url}/")
        call = asyncio.create_task(_sent(client, f"{server.url}/a", GET, 60))
        while not server.heard:  # noqa: ASYNC110  # the server's journal is what is waited for
            await asyncio.sleep(0.001)
        await client.close()
        async with asyncio.timeout(10):
            assert isinstance(await call, SourceUnavailable)
