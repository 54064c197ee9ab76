"""``python -m tests.access.timing [TRIES]``: how long answers take for what is hidden and for what is not there.

Both are asked in turn over a socket, and what they say is compared to the byte. Times are figures and no test:
what a busy machine makes of them says nothing.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from tests.access.rows_house import RowsHouse, rows_house

ACCESS = """
access:
  default: authenticated
  rules:
    Customer: { rows: { ownerId: { eq: $claims.sub } } }
    Agent: { rows: { boss: { eq: $claims.sub } } }
    Customer.region: { roles: hr, refused: hidden }
    Invoice: { roles: hr, refused: hidden }
"""
PAIRS = {
    "a row of a database, by key": ("{ customer(id: 2) { name } }", "{ customer(id: 9) { name } }"),
    "a row of a REST service, by key": ('{ agent(id: "a2") { boss } }', '{ agent(id: "a9") { boss } }'),
    "a row behind a filter": (
        '{ customers(where: { name: { eq: "Bob" } }) { id } }',
        '{ customers(where: { name: { eq: "Bxb" } }) { id } }',
    ),
    "a field": ("{ customers { region } }", "{ customers { regiox } }"),
    "a type": ('{ __type(name: "Invoice") { name } }', '{ __type(name: "Invoicx") { name } }'),
    "a field of Query": ("{ getInvoices { desk } }", "{ getInvoicex { desk } }"),
}
_NAMES = re.compile(rb"regio[nx]|[iI]nvoic[ex]|getInvoice[sx]|\"requestId\":\"\w+\"")


async def main(tries: int) -> None:
    print("| | hidden, p50/p99 ms | absent, p50/p99 ms | bytes |")  # noqa: T201  # its output
    print("|---|---|---|---|")  # noqa: T201
    with tempfile.TemporaryDirectory() as folder:
        async with rows_house("sqlite", Path(folder), ACCESS) as house:
            for said, (hidden, absent) in PAIRS.items():
                print(f"| {said} | {await compared(house, hidden, absent, tries)} |")  # noqa: T201


async def compared(house: RowsHouse, hidden: str, absent: str, tries: int) -> str:
    times: tuple[list[float], list[float]] = ([], [])
    bodies: set[bytes] = set()
    for number in range(2 * tries + 20):
        which = number % 2
        started = time.perf_counter()
        reply = await house.post((hidden, absent)[which])
        if number >= 20:  # the first ones make plans
            times[which].append(1000 * (time.perf_counter() - started))
        bodies.add(bytes([reply.status_code // 100]) + _NAMES.sub(b"N", reply.content))
    figures = [f"{median(each):.2f}/{quantiles(each, n=100)[98]:.2f}" for each in times]
    return " | ".join([*figures, "equal" if len(bodies) == 1 else f"DIFFERENT: {sorted(bodies)[:2]}"])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
