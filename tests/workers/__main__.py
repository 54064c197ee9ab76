"""``python -m tests.workers rolling`` and ``kills``: what load loses while workers are replaced, in figures.

A test of the same, with fewer requests, stands beside this.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter
from contextlib import suppress
from pathlib import Path

from benchmarks.machine import described
from tests.commands.conftest import Shell
from tests.postgresql import own_schema
from tests.workers.client import Caller, Load, post
from tests.workers.supervised import Supervised

SOURCE = """\
sources:
  {source}
access: {{ default: anonymous }}
server: {{ workers: {workers} }}
"""


async def rolling(requests: int, callers: int, workers: int) -> dict[str, object]:
    """Rolling restarts one after another while callers ask; every answer that is not a good one is counted."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder))
        Supervised.shop(shell.folder)
        text = SOURCE.format(source='shop: { database: "sqlite:///shop.sqlite" }', workers=workers)
        (shell.folder / "isthmus.yaml").write_text(text)
        running = Supervised(await shell.serve("serve", "isthmus.yaml", "--port", "0"))
        load = Load("127.0.0.1", running.port, post("{ products { sku name } }"), callers)
        began = time.monotonic()
        rolls = 0

        async def roll() -> None:
            nonlocal rolls
            while load.good + load.failures.total() < requests:
                os.kill(running.pid, signal.SIGUSR2)
                rolls += 1
                await running.restarted(rolls)

        rolls_on = asyncio.create_task(roll())
        await load.run(lambda each: each.good + each.failures.total() >= requests and rolls_on.done())
        took = time.monotonic() - began
        ended = await running.end()
        await running.leave()
        await shell.close()
    return {
        "good": load.good, "failed": dict(load.failures), "connections": load.connections, "rolling restarts": rolls,
        "seconds": round(took), "exit code": ended.code,
    }  # fmt: skip


async def kills(count: int, callers: int, workers: int) -> dict[str, object]:
    """Workers killed one after another while callers write; then the rows of PostgreSQL are counted."""
    chance = random.Random(1)
    acknowledged: set[str] = set()
    unknown: Counter[str] = Counter()
    back: list[float] = []
    async with own_schema() as schema:
        await schema.connection.execute("CREATE TABLE notes (id bigserial PRIMARY KEY, token text NOT NULL)")
        with tempfile.TemporaryDirectory() as folder:
            shell = Shell(Path(folder))
            url = schema.url.render_as_string(hide_password=False)
            source = f'desk: {{ database: "{url}", schemas: [{schema.name}], writes: true }}'
            (shell.folder / "isthmus.yaml").write_text(SOURCE.format(source=source, workers=workers))
            running = Supervised(await shell.serve("serve", "isthmus.yaml", "--port", "0"))
            await running.until(lambda: len(running.events("worker_ready")) == workers)
            stopping = False

            async def write(caller: Caller) -> None:
                while not stopping:
                    token = uuid.uuid4().hex
                    try:
                        status, body = await caller.ask(post(f"mutation {{ {MUTATION % token} }}"))
                    except (OSError, TimeoutError) as error:
                        unknown[type(error).__name__] += 1
                        continue
                    if status == 200 and "errors" not in body:
                        acknowledged.add(token)
                    else:
                        unknown[json.dumps(body)[:160]] += 1

            writing = [asyncio.create_task(write(Caller("127.0.0.1", running.port))) for _ in range(callers)]
            for number in range(count):
                await asyncio.sleep(chance.uniform(0.05, 0.3))
                ready = len(running.events("worker_ready"))
                victim = chance.choice(sorted(running.workers()))
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                killed = time.monotonic()
                await running.readied(ready + 1)
                back.append(time.monotonic() - killed)
                if number % 20 == 0:
                    sys.stderr.write(f"{number} killed, {len(acknowledged)} written\n")
            stopping = True
            await asyncio.gather(*writing)
            ended = await running.end()
            await running.leave()
            await shell.close()
        rows = await schema.connection.fetch("SELECT token, count(*) AS n FROM notes GROUP BY token")
    kept = {row["token"]: row["n"] for row in rows}
    return {
        "kills": count, "acknowledged": len(acknowledged), "acknowledged and lost": len(acknowledged - kept.keys()),
        "written twice": sum(n > 1 for n in kept.values()), "outcome not told": dict(unknown),
        "replaced after s": {"median": round(sorted(back)[len(back) // 2], 2), "longest": round(max(back), 2)},
        "exit code": ended.code,
    }  # fmt: skip


MUTATION = 'insertNote(row: { token: "%s" }) { id }'


def main() -> None:
    """Prints JSON."""
    Supervised.keeps_requests = False  # they are many
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["rolling", "kills"])
    parser.add_argument("--count", type=int, help="requests, or kills")
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    before = os.getloadavg()[0]
    if options.what == "rolling":
        found = asyncio.run(rolling(options.count or 100_000, options.callers, options.workers))
    else:
        found = asyncio.run(kills(options.count or 200, options.callers, options.workers))
    sys.stdout.write(f"{described('one run', before)}\n{json.dumps(found, indent=2)}\n")


if __name__ == "__main__":
    main()
