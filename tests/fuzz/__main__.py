"""``python -m tests.fuzz CASES [FIRST_SEED]``: compares the executors on so many cases; ends at a difference."""

from __future__ import annotations

import asyncio
import logging
import sys

from tests.fuzz.compare import cases

OPERATIONS = 25


async def main(wanted: int, seed: int) -> None:
    done = exact = failing = 0
    while done < wanted:
        for case in await cases(seed, OPERATIONS):
            done += 1
            exact += case.exact
            failing += case.failures > 0
            if case.difference:
                sys.exit(f"case {done}, seed {seed}: {case.difference} differ for\n{case.query}")
        seed += 1
    print(f"{done} cases, {failing} with errors, {exact} alike to the last error, 0 differences")  # noqa: T201  # its output


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    arguments = [int(text) for text in sys.argv[1:]]
    asyncio.run(main(arguments[0] if arguments else 2000, arguments[1] if len(arguments) > 1 else 0))
