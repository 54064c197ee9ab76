"""``isthmus top`` as a person and as a script see it, before a gateway that runs, and before none."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

from gateway.metrics.families import Family
from gateway.metrics.of_sources import source_families
from gateway.top.figures import Scrape, now
from resolvers import Code, ReplicaTally, Standing, Tally
from tests.commands.conftest import Shell, command, environment
from tests.metrics.conftest import Start
from tests.metrics.test_metrics_workers import free_port


async def test_a_script_gets_sources_and_operations(start: Start, shell: Shell) -> None:
    gateway = await start()
    for _ in range(3):
        await gateway.ask("query Goods { products { sku } }")
    await gateway.ask("query People { people { id } }")
    ended = await shell.run("top", gateway.metrics, "--once", "--json")
    told = json.loads(ended.out)
    assert ended.code == 0
    by_source = {each["source"]: each for each in told["sources"]}
    assert (by_source["shop"]["calls"], by_source["shop"]["errors"]) == (3, 0)
    assert by_source["crm"]["errors"] == 1
    assert by_source["crm"]["breakers"] == {"closed": 1}
    assert {each["operation"]: each["requests"] for each in told["operations"]} == {"Goods": 3, "People": 1}
    assert told["workers"] == 1


async def test_a_person_sees_a_table_that_fits(start: Start, shell: Shell) -> None:
    gateway = await start()
    await gateway.ask("query Goods { products { sku } }")
    address = gateway.metrics.removeprefix("http://").removesuffix("/metrics")
    for width in ("40", "80", "200"):
        ended = await shell.run("top", address, "--once", COLUMNS=width)
        assert ended.code == 0
        assert max(map(len, ended.out.split("\n"))) <= int(width)
        for word in ("source", "shop", "crm", "Goods", "p95"):
            assert word in ended.out, (width, ended.out)
    assert "pool" in ended.out


def _hears_ctrl_c() -> None:
    """What a shell starts in its background ignores SIGINT, tests and all that they start included."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def test_it_goes_on_looking_and_waits_for_a_gateway_that_begins_anew(start: Start, shell: Shell) -> None:
    gateway = await start()
    process = await asyncio.create_subprocess_exec(
        *command("top", gateway.metrics, "--json", "--every", "0.1"), env=environment(), cwd=shell.folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, preexec_fn=_hears_ctrl_c,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert json.loads(await process.stdout.readline())["since"] == "start"
        await gateway.ask("query Goods { products { sku } }")
        seen = 0
        while not seen:
            told = json.loads(await process.stdout.readline())
            assert told["since"] == "last"
            seen = sum(each["requests"] for each in told["operations"])
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert process.returncode == 0, err


async def test_it_says_where_nobody_tells_anything(shell: Shell, tmp_path: Path) -> None:
    port = free_port()
    ended = await shell.run("top", f"127.0.0.1:{port}", "--once")
    assert ended.code == 1
    assert f"http://127.0.0.1:{port}/metrics" in ended.err
    assert "connection refused" in ended.err
    assert "server" in ended.err
    assert (await shell.run("top", "ftp://x", "--once")).code == 1
    other = await asyncio.start_server(_answers_something_else, "127.0.0.1", port)
    async with other:
        ended = await shell.run("top", f"127.0.0.1:{port}", "--once")
    assert ended.code == 1
    assert "something else" in ended.err


async def _answers_something_else(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi")
    await writer.drain()
    writer.close()


def _of(tally: Tally) -> list[Family]:
    return list(source_families({"crm": tally}))


def test_rates_are_of_what_lies_between_and_a_new_beginning_counts_from_nothing() -> None:
    tally = Tally()
    tally.ended(0.2, None)
    tally.ended(0.004, Code.SOURCE_TIMEOUT)
    tally.standing = Standing(replicas={"1": ReplicaTally(), "2": ReplicaTally(ejected=True)})
    before = Scrape(_of(tally))
    for _ in range(8):
        tally.ended(0.004, None)
    tally.ended(20.0, Code.SOURCE_TIMEOUT)
    tally.standing.state = "open"
    (crm,) = now(before, Scrape(_of(tally)), 3.0).sources
    assert (crm.calls, crm.rate, crm.errors) == (9, 3, 1 / 9)
    assert (crm.p50_s, crm.p95_s) == (0.005, float("inf"))
    assert crm.breakers == {"open": 1}
    assert (crm.replicas, crm.ejected) == (2, 1)
    fresh = Tally()
    fresh.ended(0.004, None)
    (crm,) = now(Scrape(_of(tally)), Scrape(_of(fresh)), 1.0).sources
    assert (crm.calls, crm.errors, crm.p95_s) == (1, 0, 0.005)
