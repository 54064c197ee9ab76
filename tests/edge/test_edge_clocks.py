"""Which code reads the clock of the wall, which jumps: what tells or compares times of the world, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
OF_THE_WORLD = {
    "gateway/identity/bearer.py": "exp, nbf and iat of a token",
    "gateway/identity/api_keys.py": "when a key ends",
    "gateway/identity/certificates.py": "when a certificate ends",
    "gateway/token.py": "times that are signed",
    "gateway/telemetry.py": "times of log lines",
    "gateway/commands/usage.py": "times of records that are counted",
    "gateway/reloading.py": "when the file was read last, for people",
    "gateway/metrics/process.py": "when the process began, for people",
    "gateway/top/figures.py": "how long ago that was",
    "gateway/tracing/finished.py": "when a span began",
    "gateway/pulled.py": "how long what a killed pull left has been lying on the disk",
    "gateway/kept/redis_store.py": "how old an answer is that several processes keep",
    "resolvers/resilience/allowance.py": "the day that a number of calls is for",
    "resolvers/retry_after.py": "dates of Retry-After",
    "resolvers/reply_cache.py": "Date and Expires of a reply",
    "resolvers/soap/security/timestamp.py": "Created and Expires of WS-Security",
}
WALL = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today")}


def reads_the_wall(tree: ast.AST) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in WALL)
        or (isinstance(node, ast.ImportFrom) and node.module == "time")
        for node in ast.walk(tree)
    )


def test_nothing_waits_or_expires_by_a_clock_that_jumps() -> None:
    product = [path for storey in ("gateway", "schema", "resolvers") for path in (ROOT / storey).rglob("*.py")]
    assert len(product) > 100
    found = {
        path.relative_to(ROOT).as_posix()
        for path in product
        if "audit" not in path.parts and reads_the_wall(ast.parse(path.read_text("utf-8")))
    }
    assert found == set(OF_THE_WORLD)
    assert reads_the_wall(ast.parse("import time\nends = time.time() + 5"))
