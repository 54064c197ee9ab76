"""``python -m tests.replicas [SECONDS]``: three replicas in processes of their own, what one dead, one slow, all dead
do to those who ask, in figures. Each phase lasts ``SECONDS`` (10); the load is closed: eight callers, one after the
other call each.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import tempfile
from collections import Counter
from pathlib import Path

from resolvers.errors import BreakerOpen, IsthmusError
from resolvers.source import Source
from resolvers.tally import Tally
from tests.replicas.copies import context, over, read

CALLERS = 8
LATENCY_S = 0.005
_SERVER = """
import asyncio, sys
port, latency = int(sys.argv[1]), float(sys.argv[2])
answer = b'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 11\\r\\n\\r\\n{"id": "7"}'
async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            await asyncio.sleep(latency)
            writer.write(answer)
    except (asyncio.IncompleteReadError, OSError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", port, reuse_address=True)
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


class Replica:
    """A server in a process of its own."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, latency_s: float = LATENCY_S) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _SERVER, str(self.port), str(latency_s), stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        await self._process.stdout.readline()

    async def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
            self._process = None


async def load(source: Source, seconds: float, pause: float = 0.0) -> tuple[list[float], Counter[str]]:
    """The seconds that each good call took, and how many ended badly, by their code."""
    loop = asyncio.get_running_loop()
    until, took, ends = loop.time() + seconds, list[float](), Counter[str]()

    async def caller() -> None:
        while (began := loop.time()) < until:
            try:
                await source.execute(read(), context())
                took.append(loop.time() - began)
            except IsthmusError as error:
                ends[error.code] += 1
                await asyncio.sleep(max(pause, 0.001))
            if pause:
                await asyncio.sleep(pause)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return sorted(took), ends


def say(what: str, took: list[float], ends: Counter[str]) -> None:
    p50, p99 = (1000 * took[int(len(took) * share)] if took else 0.0 for share in (0.5, 0.99))
    bad = ", ".join(f"{number} {code}" for code, number in sorted(ends.items())) or "0 errors"
    print(f"{what:46} {len(took):6} calls  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  {bad}", flush=True)  # noqa: T201


async def closing(source: Source, tally: Tally) -> float:
    """Seconds until the first good answer and every breaker that is asked is closed, with a call each 50 ms."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        try:
            await source.execute(read(), context())
        except IsthmusError:
            await asyncio.sleep(0.05)
            continue
        if all(each.state == "closed" for each in tally.replicas.values()):
            return loop.time() - began
        await asyncio.sleep(0.05)


async def refused(source: Source) -> list[float]:
    """How long it takes to be refused while nothing works, in seconds, a thousand times."""
    loop, took = asyncio.get_running_loop(), list[float]()
    while len(took) < 1000:
        began = loop.time()
        try:
            await source.execute(read(), context())
        except BreakerOpen:
            took.append(loop.time() - began)
        except IsthmusError:
            pass  # a probe
        await asyncio.sleep(0)
    return sorted(took)


async def main(seconds: float) -> None:
    replicas = [Replica() for _ in range(3)]
    await asyncio.gather(*(replica.start() for replica in replicas))
    urls = [f"http://127.0.0.1:{replica.port}" for replica in replicas]
    with tempfile.TemporaryDirectory() as folder:
        async with over(Path(folder), urls) as (source, tally):
            await load(source, 2)
            say("three replicas", *await load(source, seconds))
            killing = asyncio.create_task(load(source, seconds))
            await asyncio.sleep(seconds / 4)
            await replicas[0].kill()
            say("one is killed in the midst", *await killing)
            say("one is dead, after that", *await load(source, seconds))
            await replicas[0].start()
        async with over(Path(folder), urls) as (source, tally):
            await load(source, 2)
            await replicas[0].kill()
            await replicas[0].start(10 * LATENCY_S)
            say("one is ten times slower, from its first call", *await load(source, seconds))
            before = [each.calls for each in tally.replicas.values()]
            say("one is ten times slower, after that", *await load(source, seconds))
            asked = [each.calls - was for each, was in zip(tally.replicas.values(), before, strict=True)]
            print(f"  of these calls each replica got {asked}")  # noqa: T201
            await asyncio.gather(*(replica.kill() for replica in replicas))
            loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
            while "closed" in {each.state for each in tally.replicas.values()}:
                await asyncio.gather(*(source.execute(read(), context()) for _ in range(2)), return_exceptions=True)
            print(f"all are dead: every breaker is open after {loop.time() - began:.2f} s")  # noqa: T201
            took = await refused(source)
            print(  # noqa: T201
                f"  refused in {1000 * took[500]:.3f} ms (p50), {1000 * took[990]:.3f} ms (p99)"
            )
            waits = []
            for _ in range(5):
                await load(source, 3, pause=0.05)
                await asyncio.gather(*(replica.start() for replica in replicas))
                waits.append(await closing(source, tally))
                await asyncio.gather(*(replica.kill() for replica in replicas))
                await load(source, 3, pause=0.05)
            shown = ", ".join(f"{wait:.1f}" for wait in waits)
            print(f"all are back: every breaker is closed after {shown} s")  # noqa: T201
    await asyncio.gather(*(replica.kill() for replica in replicas))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0))
