"""What a request costs with answers kept and without: ``python -m tests.caching.cost`` (CPU of the gateway alone).

The source runs in a process of its own. Each figure is the least of five rounds, in turn, of CPU seconds of this
process over so many requests; the graph is asked without a socket, so what the edge costs is left out on all sides.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

from gateway.file.config import read
from gateway.snapshot import Snapshot, load
from resolvers import Context
from schema import ANONYMOUS, GraphQLRequest
from tests.caching.crm import Crm, crm

ORDERS = 500
REQUESTS, ROUNDS = 100, 5
QUESTIONS = {
    "one row": '{ customer(id: "1") { id name } }',
    f"{ORDERS} rows": "{ orders { id customerId } }",
    f"{ORDERS} rows, joined by keys": "{ orders { id customer { id name } } }",
}
KEPT = {
    "nothing kept": "",
    "answers of sources kept": "cache: { ttl_s: 3600 }",
    "whole answers kept": "cache: { ttl_s: 3600 }",
}
FILE = """
sources:
  crm: {{ openapi: ./crm.json, url: "{url}", operations: {{ customers: {{ keys: ids, by: id }} }}, {cache} }}
links: {{ Order.customer: {{ one: crm.customers, match: {{ customerId: id }} }} }}
access: {{ default: anonymous }}
server: {{ cache: {{ responses: {responses} }} }}
"""


async def serve() -> None:
    """The source, until its input ends."""
    async with crm() as made:
        made.names = {str(number): f"name {number}" for number in range(60)}
        made.orders = [str(number % 60) for number in range(ORDERS)]
        sys.stdout.write(f"{made.url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


async def _cost(snapshot: Snapshot, text: str) -> float:
    """CPU milliseconds of one request."""
    graph = snapshot.graph
    assert graph is not None
    key = hashlib.sha256(text.encode()).hexdigest()
    began = time.process_time()
    for _ in range(REQUESTS):
        context = Context(asyncio.get_running_loop().time() + 60, "cost")
        answer = await graph.execute(GraphQLRequest(text, document_id=key), ANONYMOUS, context, read_only=True)
        assert answer.encode().startswith(b'{"data"')
    return (time.process_time() - began) / REQUESTS * 1000


async def _measure(url: str, folder: Path) -> None:
    (folder / "crm.json").write_text(Crm().document)
    snapshots = {}
    for kept, cache in KEPT.items():
        whole = json.dumps(kept.startswith("whole"))
        (folder / "isthmus.yaml").write_text(FILE.format(url=url, cache=cache, responses=whole))
        snapshots[kept] = await load(read(folder / "isthmus.yaml", {}))
    sys.stdout.write(f"{'CPU ms a request':34}" + "".join(f"{kept:>26}" for kept in KEPT) + "\n")
    for name, text in QUESTIONS.items():
        costs: dict[str, list[float]] = {kept: [] for kept in KEPT}
        for _ in range(ROUNDS):
            for kept, snapshot in snapshots.items():
                costs[kept].append(await _cost(snapshot, text))
        sys.stdout.write(f"{name:34}" + "".join(f"{min(each):26.3f}" for each in costs.values()) + "\n")
    for snapshot in snapshots.values():
        await snapshot.close()


async def main() -> None:
    """Starts the source, measures, ends it."""
    command = (sys.executable, "-m", "tests.caching.cost", "serve")
    pipe = asyncio.subprocess.PIPE
    source = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert source.stdout is not None
    assert source.stdin is not None
    url = (await source.stdout.readline()).decode().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            await _measure(url, Path(folder))
    finally:
        source.stdin.close()
        await source.wait()


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1:] == ["serve"] else main())
