"""1,000 changes of a file under load: what fails, and what stays of memory, files and tasks.

``python -m tests.reload [--changes 1000]``. Descriptions, links, rules, limits and secrets change in turn, and every
tenth change is broken. The gateway is that of ``isthmus serve``, in this process, and looks at its files all the time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import structlog

from gateway.loop import Loop
from gateway.server import COLLECT_AFTER, tidy
from tests.reload.house import House, System, behind, described, house, listening

FILE = """
sources:
  crm:
    openapi: ./orders.json
    url: "{base}"
    auth: {{ bearer: "${{file:token}}" }}
    operations: {{ orders: {{ keys: id, by: id }} }}
  shop: {{ openapi: ./shop.json, url: "{base}" }}
links:
  Row.again: {{ many: crm.orders, match: {{ name: id }} }}
access:
  default: anonymous
  rules: {{ {rule}: {{ roles: [staff] }} }}
server: {{ limits: {{ calls_per_operation: {calls} }} }}
"""
WARM = 50
QUERY = "{ orders { id name again { id } } }"
GOOD = {"data": {"orders": [{"id": "1", "name": "Ada", "again": [{"id": "1"}]}]}}


def resident() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def standing() -> dict[str, float]:
    files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return {"MiB": round(resident(), 1), "files": files, "tasks": len(asyncio.all_tasks())}


def change(at: House, base: str, number: int) -> bool:
    """Changes something; whether it is sound."""
    kind = number % 10
    text = FILE.format(base=base, rule="Row.city" if number % 20 < 10 else "Query.shop", calls=100 + number)
    if kind == 9:
        at.write(text.replace("Row.again", "Raw.again"))
        return False
    if kind in {1, 4}:
        extra = [f"more{number}"] if kind == 1 else []
        at.describe(described("id", "name", "city", *extra))
    elif kind == 2:
        at.write(f"secret {number}\n", "token")
    else:
        at.write(text)
    return True


async def asking(at: House, answers: Counter[str], until: asyncio.Event) -> None:
    while not until.is_set():
        try:
            reply = await at.client.post("/graphql", json={"query": QUERY})
        except httpx.HTTPError as error:
            answers[type(error).__name__] += 1
            continue
        answers["as it should be" if reply.status_code == 200 and reply.json() == GOOD else reply.text[:200]] += 1
        await asyncio.sleep(0.02)


async def main(changes: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="reload-"))
    system = System(rows=[{"id": "1", "name": "1", "city": "London"}])
    GOOD["data"]["orders"][0]["name"] = "1"
    (folder / "token").write_text("first\n")
    (folder / "orders.json").write_text(json.dumps(described("id", "name", "city")))
    shop = json.dumps(described("sku", name="shop")).replace("Row", "Ware")
    (folder / "shop.json").write_text(shop)
    async with listening(behind(system)) as base, contextlib.AsyncExitStack() as stack:
        text = FILE.format(base=base, rule="Row.city", calls=99)
        at = await stack.enter_async_context(house(folder, text, look_s=0.01))
        at.holder.tidy = tidy
        answers: Counter[str] = Counter()
        done = asyncio.Event()
        started: dict[str, float] = {}
        begun = time.monotonic()
        clients = [asyncio.create_task(asking(at, answers, done)) for _ in range(4)]
        reloads = at.holder.reloads
        for number in range(WARM + changes):
            if number == WARM:
                await asyncio.sleep(2.5)
                started = standing()
            before = reloads.ok, reloads.failed
            sound = change(at, base, number)
            if sound:
                await at.until(lambda before=before: reloads.ok > before[0])  # type: ignore[misc]
            else:
                await at.until(lambda before=before: reloads.failed > before[1])  # type: ignore[misc]
            system.heard.clear()
        await asyncio.sleep(2.5)
        ended = standing()
        done.set()
        await asyncio.gather(*clients)
        took = time.monotonic() - begun
        say = sys.stdout.write
        say(f"{changes} changes in {took:.0f} s: {reloads.ok} taken over, {reloads.failed} refused\n")
        say(f"before: {started}\nafter:  {ended}\nobjects: {gc.get_freeze_count()}\nanswers: {dict(answers)}\n")
    shutil.rmtree(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1000)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(main(arguments.changes))
