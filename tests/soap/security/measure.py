"""What proof costs: the table of docs/decisions/0017, printed. Medians of one process, in CPU time.

.venv/bin/python -m tests.soap.security.measure
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from resolvers.soap.requests.envelope import encode
from resolvers.soap.security.exchange import Security, open_security
from resolvers.soap.security.settings import WsSecurity
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import Element
from tests.soap.security.billing import INVOICES
from tests.soap.security.pki import signatory
from tests.soap.security.signed import by_zeep

CODEC = OperationCodec("Ping", "urn:ping", "http://h/", "", {}, None)
ITEM = INVOICES[INVOICES.index("<item") : INVOICES.index("</item>") + 7]
REQUESTS: dict[str, dict[str, object]] = {
    "a timestamp": {"timestamp_s": 300},
    "a digest": {"username": "gateway", "password": "s3cret"},
    "a signature": {"sign": "gateway.both.pem"},
}


def median_ms(work: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return statistics.median(taken) * 1000


def secure(room: Path, stated: dict[str, object]) -> Security:
    found = open_security(WsSecurity.model_validate(stated), room, "http://h/", [CODEC], addressing=None)
    assert found is not None
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        who = signatory(room, "gateway")
        bare = median_ms(lambda: encode(CODEC, {}), 500)
        for name, stated in REQUESTS.items():
            security = secure(room, stated)

            def work(security: Security = security) -> object:
                return encode(CODEC, {}, security.exchange(CODEC, "http://h/").on_request)

            sys.stdout.write(f"a request with {name}: {median_ms(work, 500) - bare:.2f} ms more\n")
        security = secure(room, {"verify": "gateway.cert.pem"})
        for rows in (1, 100, 1000):
            raw = etree.tostring(by_zeep(who, INVOICES.replace(ITEM, ITEM * rows)))
            replies = iter([etree.fromstring(raw) for _ in range(60)])  # what is unsigned is taken out of each

            def believe(replies: Iterator[Element] = replies) -> None:
                security.believe(next(replies))

            sys.stdout.write(f"a signed reply of {len(raw)} bytes: {median_ms(believe, 60):.2f} ms\n")


if __name__ == "__main__":
    main()
