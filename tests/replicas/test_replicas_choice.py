"""Which replica is asked: the quicker and less busy ones, not those that fail, and all of them within the rules."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from resolvers.errors import BreakerOpen, OutcomeUnknown, SourceBadResponse, SourceFault, SourceTimeout
from resolvers.tally import Tally
from tests.faults.injector import Blackhole, Latency, Passes, ResetAfterRequest, ResetOnAccept
from tests.network.crm import ADA, ROW
from tests.raw_server import reply, says
from tests.replicas.copies import FAST, WRITE, context, copies, over, read, reads

FAILS = says(reply(b"{}", status="500 Oh"))
AWAY = says(reply(b"{}", status="503 Away"))


def _urls(every: list[object]) -> list[str]:
    return [each.url for each in every]  # type: ignore[attr-defined]  # copies


async def test_every_replica_is_asked(tmp_path: Path) -> None:
    async with copies(3) as every, over(tmp_path, _urls([*every])) as (source, tally):
        await reads(source, 60, at_once=6)
        assert min(each.calls for each in every) >= 5
        assert sum(each.calls for each in every) == 60
        assert sorted(tally.replicas) == ["1", "2", "3"]
        assert sum(each.calls for each in tally.replicas.values()) == 60
        assert all(each.latency_s > 0 and each.under_way == 0 for each in tally.replicas.values())


async def test_a_refused_connection_is_no_error_of_a_write_and_soon_left_out(tmp_path: Path) -> None:
    """F14."""
    async with copies(3) as every, over(tmp_path, _urls([*every])) as (source, tally):
        await every[1].injector.stop()
        for _ in range(40):
            assert await source.execute(WRITE, context()) == ROW
        assert every[0].count("POST") + every[2].count("POST") == 40
        dead = tally.replicas["2"]
        assert 1 <= dead.failures == dead.calls <= 5
        assert tally.retries == 0


async def test_the_fifth_failure_in_a_row_is_the_last_for_half_a_minute(tmp_path: Path) -> None:
    async with copies(3) as every, over(tmp_path, _urls([*every])) as (source, tally):
        await every[1].injector.stop()
        for _ in range(3):  # as many at once as make it worth asking all three
            await asyncio.gather(*(source.execute(WRITE, context()) for _ in range(60)))
        dead = tally.replicas["2"]
        assert dead.ejected
        assert dead.failures >= 5
        before = dead.calls
        await asyncio.gather(*(source.execute(WRITE, context()) for _ in range(60)))
        assert dead.calls == before


async def test_a_reset_at_once_reaches_another_replica_for_a_write(tmp_path: Path) -> None:
    """F4: what was reset before a byte was written was never sent."""
    async with copies(3) as every, over(tmp_path, _urls([*every])) as (source, _):
        every[0].injector.choose(ResetOnAccept())
        lost = 0
        for _ in range(30):
            try:
                assert await source.execute(WRITE, context()) == ROW
            except OutcomeUnknown:
                lost += 1  # the reset came after the first byte: nobody can know
        assert sum(each.count("POST") for each in every) == 30 - lost
        assert lost <= 5
        await reads(source, 30)


async def test_a_write_that_left_us_goes_nowhere_else(tmp_path: Path) -> None:
    async with copies(2) as every, over(tmp_path, _urls([*every])) as (source, _):
        for each in every:
            each.injector.choose(ResetAfterRequest())
        with pytest.raises(OutcomeUnknown):
            await source.execute(WRITE, context())
        assert sum(each.count("POST") for each in every) == 1


async def test_a_read_that_failed_goes_to_another_replica(tmp_path: Path) -> None:
    async with copies(2) as every, over(tmp_path, _urls([*every])) as (source, tally):
        for bad, good in ((0, 1), (1, 0)):
            every[bad].answer, every[good].answer = AWAY, says(reply(ADA))
            before = every[bad].calls
            await reads(source, 8)
            assert every[bad].calls - before <= 2  # each of them was then asked of the other
        assert tally.retries <= 4


async def test_of_three_replicas_the_dead_one_costs_no_read(tmp_path: Path) -> None:
    """F15, the dying included: what it had begun to answer is asked of another."""
    async with copies(3) as every, over(tmp_path, _urls([*every]), retries={"min_per_s": 100}) as (source, tally):
        for each in every:
            each.injector.choose(Latency(0.01))
        going = asyncio.create_task(reads(source, 300, at_once=8))
        while every[2].calls < 20:  # noqa: ASYNC110  # what a server heard
            await asyncio.sleep(0.005)
        await every[2].injector.stop()
        await going
        assert tally.replicas["3"].failures <= 5 + 8  # those under way when it died


async def test_a_slow_replica_is_seldom_asked(tmp_path: Path) -> None:
    """F16."""
    async with copies(3) as every, over(tmp_path, _urls([*every])) as (source, _):
        every[0].injector.choose(Latency(0.3))
        await reads(source, 40, at_once=4)
        before = [each.calls for each in every]
        await reads(source, 100, at_once=4)
        slow, *others = [each.calls - was for each, was in zip(every, before, strict=True)]
        assert slow <= 10
        assert min(others) >= 20


async def test_quick_failures_attract_nobody(tmp_path: Path) -> None:
    """F17: with the others slower than the one that fails at once."""
    async with copies(3) as every, over(tmp_path, _urls([*every])) as (source, tally):
        every[0].answer = FAILS
        every[1].injector.choose(Latency(0.02))
        every[2].injector.choose(Latency(0.02))
        failed = 0
        for _ in range(25):
            ends = await asyncio.gather(*(source.execute(read(), context()) for _ in range(4)), return_exceptions=True)
            failed += sum(end != ROW for end in ends)
        assert failed == every[0].calls == tally.replicas["1"].failures <= 5 + 4


async def test_no_more_than_half_is_ever_left_out(tmp_path: Path) -> None:
    async with copies(4) as every, over(tmp_path, _urls([*every]), retries=False) as (source, tally):
        for each in every:
            each.answer = FAILS
        for _ in range(60):
            with pytest.raises(SourceFault):
                await source.execute(read(), context())
            assert sum(each.ejected for each in tally.replicas.values()) <= 2
        assert sum(each.ejected for each in tally.replicas.values()) == 2
        assert sum(each.calls for each in every) == 60


async def test_all_dead_is_refused_at_once_and_soon_well_again(tmp_path: Path) -> None:
    """F18: nothing is sent while the breakers are open; a few probes find that they are back, and no herd."""
    async with copies(3) as every, over(tmp_path, _urls([*every]), retries=False, breaker=FAST) as (source, tally):
        for each in every:
            await each.injector.stop()
        for _ in range(60):
            with pytest.raises(Exception, match=r"refused|Connect|no replica"):
                await source.execute(read(), context())
        assert {each.state for each in tally.replicas.values()} == {"open"}
        tried = sum(each.calls for each in tally.replicas.values())
        with pytest.raises(BreakerOpen):
            await source.execute(read(), context())
        assert sum(each.calls for each in tally.replicas.values()) == tried
        for each in every:
            await each.injector.start()
            each.injector.choose(Latency(0.05))

        async def until_well() -> None:
            while True:
                try:
                    assert await source.execute(read(), context()) == ROW
                except BreakerOpen:
                    await asyncio.sleep(0.02)
                else:
                    return

        await asyncio.gather(*(until_well() for _ in range(40)))
        assert max(each.server.most_in_flight for each in every) <= 3 * 3
        while "closed" not in {each.state for each in tally.replicas.values()}:
            await source.execute(read(), context())


async def test_a_cancelled_probe_leaves_the_breaker_free(tmp_path: Path) -> None:
    """F19."""
    quick = {"open_s": 0.1, "open_most_s": 0.1, "probes": 1}
    async with copies(2) as every, over(tmp_path, _urls([*every]), retries=False, breaker=quick) as (source, tally):
        for each in every:
            each.answer = AWAY
        while {each.state for each in tally.replicas.values()} != {"open"}:
            with pytest.raises(Exception, match=r"503|no replica"):
                await source.execute(read(), context())
        for each in every:
            each.injector.choose(Blackhole())
        await asyncio.sleep(0.15)
        for _ in range(10):
            probes = [asyncio.create_task(source.execute(read(), context())) for _ in range(4)]
            await asyncio.sleep(0.02)
            for probe in probes:
                probe.cancel()
            await asyncio.gather(*probes, return_exceptions=True)
        for each in every:
            each.injector.choose(Passes())
            each.answer = says(reply(ADA))
        await reads(source, 12)
        assert {each.state for each in tally.replicas.values()} == {"closed"}


async def test_callers_in_a_hurry_close_no_replica_to_others(tmp_path: Path) -> None:
    async with copies(2) as every, over(tmp_path, _urls([*every]), retries=False) as (source, tally):
        for each in every:
            each.injector.choose(Latency(0.2))
        for _ in range(25):
            with pytest.raises(SourceTimeout):
                await source.execute(read(), context(0.02))
        assert {(each.state, each.ejected, each.failures) for each in tally.replicas.values()} == {("closed", False, 0)}


async def test_replies_that_are_too_large_close_no_replica(tmp_path: Path) -> None:
    async with (
        copies(2) as every,
        over(tmp_path, _urls([*every]), retries=False, max_reply_bytes=1000) as (source, tally),
    ):
        for each in every:
            each.answer = says(reply(b'{"id": "%s"}' % (b"7" * 2000)))
        for _ in range(25):
            with pytest.raises(SourceBadResponse, match="larger"):
                await source.execute(read(), context())
        assert {(each.state, each.ejected, each.failures) for each in tally.replicas.values()} == {("closed", False, 0)}


@pytest.mark.parametrize("status", ["404 Not Found", "400 Bad Request", "429 Too Many"])
async def test_what_callers_did_wrong_is_no_failure(tmp_path: Path, status: str) -> None:
    async with copies(2) as every, over(tmp_path, _urls([*every]), retries=False) as (source, tally):
        for each in every:
            each.answer = says(reply(b"{}", status=status))
        for _ in range(25):
            await asyncio.gather(source.execute(read(), context()), return_exceptions=True)
        assert {(each.state, each.ejected, each.failures) for each in tally.replicas.values()} == {("closed", False, 0)}


async def test_a_replica_that_wants_fewer_calls_gets_fewer(tmp_path: Path) -> None:
    async with copies(2) as every, over(tmp_path, _urls([*every]), retries=False) as (source, _):
        every[0].answer = says(reply(b"{}", status="429 Too Many"))
        every[1].injector.choose(Latency(0.01))
        for _ in range(20):
            await asyncio.gather(source.execute(read(), context()), return_exceptions=True)
        assert every[0].calls <= 5


async def test_a_host_that_takes_no_connection_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody refuses, and the next replica is asked when the time for a connection is over."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        here = full.getsockname()
        waiting = [socket.socket() for _ in range(8)]  # more than it keeps: what comes now is dropped
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(here)
        url = f"http://127.0.0.1:{here[1]}"
        async with copies(1) as every, over(tmp_path, [url, every[0].url], connect_timeout_s=0.2) as (source, tally):
            for _ in range(6):
                assert await source.execute(WRITE, context()) == ROW
            assert every[0].count("POST") == 6
            assert tally.replicas["1"].failures >= 1
        for each in waiting:
            each.close()


async def test_names_of_replicas_are_those_that_are_stated_and_never_addresses(tmp_path: Path) -> None:
    async with copies(2) as every:
        urls = [{"url": every[0].url, "name": "north"}, every[1].url]
        async with over(tmp_path, urls) as (source, tally):
            await reads(source, 4)
            assert sorted(tally.replicas) == ["2", "north"]
            assert "127.0.0.1" not in json.dumps([*tally.replicas])


async def test_one_address_has_no_replicas(tmp_path: Path) -> None:
    async with copies(1) as every, over(tmp_path, _urls([*every])) as (source, tally):
        await reads(source, 3)
        assert tally == Tally(calls=tally.calls, latencies=tally.latencies)
