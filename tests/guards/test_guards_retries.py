"""What is sent again, and what never is: over real sockets, counted at the source."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from resolvers import Call, OutcomeUnknown, SourceBadResponse, SourceFault, SourceTimeout, SourceUnavailable
from resolvers.errors import RateLimited, SourceError, SourceRejected
from tests.guards.shop import CREATE, GOOD, PAY, READ, REPLACE, context, in_turn, opened, shop
from tests.raw_server import Answer, Heard, raw_server, reply, resets, says

DONE = {"id": "7"}


def status(text: str, *headers: str) -> bytes:
    return reply(b'{"secret": "db-7"}', *headers, status=text)


PASSING: dict[str, Answer | bytes] = {
    "reset": resets(),
    "502": status("502 Bad Gateway"),
    "503": status("503 Busy"),
    "504": status("504 Late"),
}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("call", [READ, REPLACE])
async def test_what_may_be_done_twice_is_made_again(fault: str, call: Call, tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(PASSING[fault])) as (source, server):
        assert await source.outcome(call) == DONE
        assert len(server.heard) == 2
        assert (source.tally.retries, source.tally.not_retried) == (1, 0)
        assert source.tally.calls == {None: 1}


@pytest.mark.parametrize("fault", PASSING)
async def test_a_write_leaves_once_whatever_happens(fault: str, tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(PASSING[fault])) as (source, server):
        error = await source.outcome(CREATE)
        assert isinstance(error, OutcomeUnknown if fault != "503" else SourceUnavailable)
        assert len(server.heard) == 1
        assert source.tally.retries == 0


@pytest.mark.parametrize("fault", PASSING)
async def test_no_call_leaves_more_than_three_times(fault: str, tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(*[PASSING[fault]] * 9)) as (source, server):
        assert isinstance(await source.outcome(READ), SourceError)
        assert len(server.heard) == 3


@pytest.mark.parametrize("fault", PASSING)
async def test_what_is_sent_again_with_a_new_token_counts_too(fault: str, tmp_path: Path) -> None:
    given = iter(range(9))

    async def gives(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b'{"access_token": "t%d", "token_type": "bearer", "expires_in": 600}' % next(given)))

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.headers["authorization"] == "Bearer t0":
            writer.write(status("401 Unauthorized"))
        else:
            await in_turn(PASSING[fault])(heard, writer)

    async with raw_server(gives) as issuer:
        auth = {"oauth2": {"token_url": f"{issuer.url}/token", "client_id": "gw", "client_secret": "s3cret"}}
        async with shop(tmp_path, answer, auth=auth) as (source, server):
            assert isinstance(await source.outcome(READ), SourceError)
            assert [heard.headers["authorization"] for heard in server.heard] == ["Bearer t0", "Bearer t1", "Bearer t1"]
            assert source.tally.retries == 1


async def test_kept_connections_that_die_count_too(tmp_path: Path) -> None:
    seen: set[int] = set()

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        """A connection carries one answer, and each further request over it cuts it."""
        if heard.connection in seen:
            await resets()(heard, writer)
            return
        seen.add(heard.connection)
        writer.write(GOOD if len(server.heard) == 1 else status("503 Busy"))

    async with shop(tmp_path, answer) as (source, server):
        assert await source.outcome(READ) == DONE
        assert isinstance(await source.outcome(READ), SourceUnavailable)
        assert len(server.heard) == 1 + 3


async def test_looking_after_a_kept_connection_is_no_retry(tmp_path: Path) -> None:
    seen: set[int] = set()

    async def once(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.connection in seen:
            await resets()(heard, writer)
        else:
            seen.add(heard.connection)
            writer.write(GOOD)

    async with shop(tmp_path, once, retries=False) as (source, server):
        assert [await source.outcome(READ) for _ in range(2)] == [DONE, DONE]
        assert len(server.heard) == 3
        assert isinstance(await source.outcome(REPLACE), OutcomeUnknown)


@pytest.mark.parametrize("text", ["500 Oops", "501 No", "400 Bad", "409 Conflict", "200 OK"])
async def test_what_would_end_the_same_is_not_made_again(text: str, tmp_path: Path) -> None:
    broken = status(text) if text != "200 OK" else reply(b"{nonsense")
    async with shop(tmp_path, in_turn(broken)) as (source, server):
        error = await source.outcome(READ)
        assert isinstance(error, SourceFault | SourceRejected | SourceBadResponse)
        assert len(server.heard) == 1


async def test_a_source_says_which_statuses_pass(tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(status("500 Oops")), retries={"statuses": [500]}) as (source, server):
        assert await source.outcome(READ) == DONE
        assert len(server.heard) == 2


@pytest.mark.parametrize("truncated", [b'{"id": ', b""])
async def test_an_answer_that_began_is_the_only_one(truncated: bytes, tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
    async with shop(tmp_path, in_turn(says(head + truncated, close=True))) as (source, server):
        assert isinstance(await source.outcome(READ), SourceBadResponse)
        assert len(server.heard) == 1


@pytest.mark.parametrize("call", [READ, REPLACE, CREATE])
async def test_what_never_left_is_made_again_whatever_it_does(call: Call, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with opened(tmp_path, f"http://127.0.0.1:{port}") as source:
        assert isinstance(await source.outcome(call), SourceUnavailable)
        assert source.tally.retries == 2
    heard: list[str] = []

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n")).decode())
        writer.write(GOOD)
        await writer.drain()
        writer.close()

    # Nobody listens at first; who is refused comes back a moment later, and by then somebody does.
    async with opened(tmp_path, f"http://127.0.0.1:{port}") as source:
        calling = asyncio.create_task(source.outcome(call))
        while source.tally.retries == 0:  # noqa: ASYNC110  # the tally is what is waited for
            await asyncio.sleep(0)
        server = await asyncio.start_server(connection, "127.0.0.1", port)
        assert await calling == DONE
        assert len(heard) == 1
        server.close()


async def test_an_outcome_that_is_unknown_stays_so(tmp_path: Path) -> None:
    """The first sending may have been carried out; that nobody listens afterwards says nothing of it."""
    heard: list[bytes] = []

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n"))
        server.close()
        writer.transport.abort()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    async with opened(tmp_path, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as source:
        assert isinstance(await source.outcome(REPLACE), OutcomeUnknown)
        assert len(heard) == 1
        assert source.tally.retries == 2


async def test_nothing_is_made_again_when_no_time_is_left(tmp_path: Path) -> None:
    async def late(_: Heard, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.write(status("503 Busy"))

    async with shop(tmp_path, in_turn(late, late, late)) as (source, server):
        started = time.monotonic()
        assert isinstance(await source.outcome(READ, context(0.31)), SourceUnavailable | SourceTimeout)
        assert time.monotonic() - started < 2
        assert len(server.heard) <= 2
    async with shop(tmp_path, in_turn(late, late, late), timeout_s=0.31) as (source, server):
        assert isinstance(await source.outcome(READ), SourceUnavailable | SourceTimeout)
        assert len(server.heard) <= 2


@pytest.mark.parametrize("settings", [
    {"retries": False},
    {"retries": 0},
    {"operations": {"item": {"retries": False}}},
    {"retries": {"budget_percent": 0, "min_per_s": 0}},
])  # fmt: skip
async def test_a_source_or_an_operation_may_want_none(settings: dict[str, object], tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(status("503 Busy")), **settings) as (source, server):
        assert isinstance(await source.outcome(READ), SourceUnavailable)
        assert len(server.heard) == 1


async def test_an_operation_may_want_more_than_its_source(tmp_path: Path) -> None:
    answers = in_turn(status("503 Busy"), status("503 Busy"))
    async with shop(tmp_path, answers, retries=False, operations={"item": {"retries": 2}}) as (source, server):
        assert await source.outcome(READ) == DONE
        assert len(server.heard) == 3


WAITS: dict[str, str] = {"soon": "1", "at once": "0", "a date that has passed": "Sun, 06 Nov 1994 08:49:37 GMT"}


@pytest.mark.parametrize("said", WAITS)
async def test_a_source_that_wants_fewer_calls_is_waited_for(said: str, tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(status("429 Slow", f"Retry-After: {WAITS[said]}"))) as (source, server):
        started = time.monotonic()
        assert await source.outcome(READ) == DONE
        assert time.monotonic() - started >= (1 if said == "soon" else 0)
        assert len(server.heard) == 2


TOO_LONG = {"huge": "9" * 400, "a minute": "60", "tomorrow": formatdate(time.time() + 86_000, usegmt=True)}


@pytest.mark.parametrize("said", TOO_LONG)
async def test_who_cannot_wait_is_told_when_to_come_back_and_the_source_is_left_alone(
    said: str, tmp_path: Path
) -> None:
    async with shop(tmp_path, in_turn(status("429 Slow", f"Retry-After: {TOO_LONG[said]}"))) as (source, server):
        first = await source.outcome(READ)
        assert isinstance(first, RateLimited)
        told = first.extensions["retryAfter"]
        assert isinstance(told, int)
        assert 59 <= told <= 86_400
        for call in (READ, CREATE):
            later = await source.outcome(call)
            assert isinstance(later, RateLimited)
            assert later.sends == 0
            assert isinstance(later.extensions["retryAfter"], int)
        assert len(server.heard) == 1
        assert source.tally.held_back == 2


@pytest.mark.parametrize(
    "said", ["-1", "soon", "1.5", "", "\u0661", "1, 2", "Sun, 99 Nov 2094 08:49:37 GMT", "x" * 5000]
)
async def test_words_that_mean_nothing_are_no_reason_to_wait_or_to_ask_again(said: str, tmp_path: Path) -> None:
    headers = [f"Retry-After: {said}"]
    async with shop(tmp_path, in_turn(status("429 Slow", *headers))) as (source, server):
        error = await source.outcome(READ)
        assert isinstance(error, RateLimited)
        assert "retryAfter" not in error.extensions
        assert len(server.heard) == 1
        assert await source.outcome(READ) == DONE


async def test_a_write_that_was_refused_for_now_is_not_sent_again(tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(status("429 Slow", "Retry-After: 0"))) as (source, server):
        assert isinstance(await source.outcome(CREATE), RateLimited)
        assert len(server.heard) == 1


async def test_where_callers_are_known_one_who_asked_too_much_stops_no_other(tmp_path: Path) -> None:
    forward = {"forward": {"headers": ["X-Tenant"]}}
    answers = in_turn(status("429 Slow", "Retry-After: 60"))
    async with shop(tmp_path, answers, auth=forward) as (source, server):
        assert isinstance(await source.outcome(READ, context(who="ada")), RateLimited)
        assert await source.outcome(READ, context(who="bob")) == DONE
        assert isinstance(await source.outcome(READ, context(who="ada")), RateLimited)
        assert len(server.heard) == 2


@pytest.mark.parametrize(("stated", "more"), [({"min_per_s": 0}, 0), ({}, 3 * 10)])
async def test_a_source_that_fails_half_of_the_time_gets_a_fifth_more_and_no_more(
    stated: dict[str, object], more: int, tmp_path: Path
) -> None:
    """``more``: the retries that a source may have however few its calls were, of ten seconds."""
    coin = random.Random(20)

    async def flapping(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if coin.random() < 0.5:
            await resets()(heard, writer)
        else:
            writer.write(GOOD)

    calls = 700
    never = {"failure_share": 1, "minimum_calls": 100}  # or a breaker would spare it much of this
    async with shop(tmp_path, flapping, breaker=never, retries=stated) as (source, server):
        for start in range(0, calls, 10):
            await asyncio.gather(*(source.outcome(READ) for _ in range(start, start + 10)))
        assert len(server.heard) - calls == source.tally.retries <= calls * 0.2 + more
        assert source.tally.retries >= calls * 0.1
        assert source.tally.not_retried > 0


async def test_each_sending_is_in_the_journal(tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(status("503 Busy"))) as (source, _):
        given = context()
        await source.outcome(READ, given)
        assert [record.code for record in given.journal.calls] == ["SOURCE_UNAVAILABLE", None]
        assert await source.outcome(PAY, given) == DONE
