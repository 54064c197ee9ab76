"""Several processes of one gateway: whoever is scraped tells of all, and what a process counted outlives it."""

from __future__ import annotations

import asyncio
import signal
import socket
from dataclasses import replace
from pathlib import Path

from tests.metrics.conftest import Start, of


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


async def test_the_figures_of_all_are_told_and_those_of_who_is_gone_stay(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "workers"
    folder.mkdir(mode=0o700)
    # Each has a port of its own here; as workers they would share one, and be scraped on one too.
    first = await start({"metrics": {"port": 0}}, ISTHMUS_WORKERS_DIR=str(folder))
    second = await start({"metrics": {"port": 0}}, ISTHMUS_WORKERS_DIR=str(folder))
    for gateway, times in ((first, 2), (second, 3)):
        for _ in range(times):
            await gateway.ask("query Goods { products { sku } }")
    for gateway in (first, second):
        found = await gateway.samples()
        assert of(found, "isthmus_operation_seconds_count", operation="Goods") == 5
        assert of(found, "isthmus_source_calls_total", source="shop", code="OK") == 5
        assert of(found, "isthmus_source_breakers", source="shop", state="closed") == 2
        workers = {dict(labels)["worker"] for name, labels in found if name == "process_resident_memory_bytes"}
        assert workers == {str(each.running.process.pid) for each in (first, second)}
        assert not [name for name, labels in found if name.startswith("isthmus_source_") and "worker" in dict(labels)]
    second.running.process.kill()
    await second.running.process.wait()
    for _ in range(2):  # what is left of it is added up once
        found = await first.samples()
        assert of(found, "isthmus_operation_seconds_count", operation="Goods") == 5
        assert of(found, "isthmus_source_breakers", source="shop", state="closed") == 1
    third = await start({"metrics": {"port": 0}}, ISTHMUS_WORKERS_DIR=str(folder))
    await third.ask("query Goods { products { sku } }")
    assert (await first.running.end(signal.SIGTERM)).code == 0
    assert of(await third.samples(), "isthmus_operation_seconds_count", operation="Goods") == 6
    assert not [path for path in folder.iterdir() if path.suffix == ".sock" and path.stem != _mine(folder)]


def _mine(folder: Path) -> str:
    (only,) = (path.stem for path in folder.glob("*.sock"))
    return only


async def test_a_worker_that_hangs_keeps_nobody_from_the_others_figures(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "workers"
    folder.mkdir(mode=0o700)
    first = await start({"metrics": {"port": 0}}, ISTHMUS_WORKERS_DIR=str(folder))
    second = await start({"metrics": {"port": 0}}, ISTHMUS_WORKERS_DIR=str(folder))
    await second.ask("query Goods { products { sku } }")
    await first.samples()
    second.running.process.send_signal(signal.SIGSTOP)
    try:
        found = await first.samples()
    finally:
        second.running.process.send_signal(signal.SIGCONT)
    assert of(found, "isthmus_operation_seconds_count", operation="Goods") == 1


async def test_workers_of_one_command_are_scraped_on_one_port(start: Start) -> None:
    port = free_port()
    gateway = await start({"workers": 2, "metrics": {"port": port}})
    for _ in range(6):
        assert (await gateway.ask("query Goods { products { sku } }")).status_code == 200
    scrape = replace(gateway, metrics=f"http://127.0.0.1:{port}/metrics")
    async with asyncio.timeout(60):
        while of(found := await scrape.samples(), "isthmus_source_breakers", source="shop", state="closed") < 2:
            await gateway.ask("{ __typename }")  # the second worker is still beginning
    assert of(found, "isthmus_operation_seconds_count", operation="Goods") == 6
