"""``python -m tests.storm COUNT [SEED]``: throws so many odd requests at the edge; ends where it fails."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

from gateway.telemetry import configure
from tests.storm.house import house
from tests.storm.throwing import throw

PORTION = 10_000


async def main(count: int, seed: int) -> None:
    statuses = Counter[int]()
    with tempfile.TemporaryDirectory() as folder:
        async with house(Path(folder)) as made:
            for start in range(0, count, PORTION):
                statuses += await throw(made, min(PORTION, count - start), seed + start // PORTION)
    print(f"{count} inputs, none failed; by status: {dict(sorted(statuses.items()))}")  # noqa: T201  # its output


if __name__ == "__main__":
    sys.stderr = (Path(tempfile.gettempdir()) / "isthmus-storm.log").open(
        "w", encoding="utf-8"
    )  # a line for each request
    configure()
    arguments = [int(text) for text in sys.argv[1:]]
    asyncio.run(main(arguments[0] if arguments else 10_000, arguments[1] if len(arguments) > 1 else 0))
