"""``Shedding``: requests refused from their bytes alone, before they are parsed, while the process is overloaded.

A refusal that cost a tenth of an answer would, at ten times the load, cost as much as all answers. So whatever is not
plainly one whole POST to the graph goes the long way, and is refused there.
"""

from __future__ import annotations

import re
import time

from gateway.overload.admission import Admission
from gateway.request.replies import BUSY, GRAPHQL, JSON, encoded, errors_of
from gateway.telemetry import new_request_id
from resolvers import Code

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_ODD = re.compile(rb"\r\n(?:transfer-encoding|connection|expect|upgrade|x-request-id|origin)[ \t]*:", re.IGNORECASE)
"""Headers that change where a request ends or what its answer must say: such a request goes the long way."""
_KEEPS = re.compile(rb"\r\nconnection:[ \t]*keep-alive[ \t]*(?=\r\n)", re.IGNORECASE)
_RETRY_S = (1, 2, 3)
"""In turns: who was refused together should not come back together."""
_ID = b"0123456789abcdef"


def _answers(media: str) -> tuple[bytes, ...]:
    body = encoded(errors_of(Code.OVERLOADED, BUSY), _ID.decode())
    return tuple(
        b"content-type: %b; charset=utf-8\r\ncontent-length: %d\r\n" % (media.encode(), len(body))
        + b"retry-after: %d\r\n" % wait
        + b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nx-request-id: %b\r\n\r\n%b" % (_ID, body)
        for wait in _RETRY_S
    )


class Shedding:
    """``path``: that of the graph; its views lie under it."""

    def __init__(self, admission: Admission, path: str) -> None:
        self._admission = admission
        self.ends = False
        """Set once the process ends: answers say so then, and these do not."""
        self._starts = tuple(b"POST %b%b" % (path.encode(), end) for end in (b" ", b"/", b"?"))
        self._graphql, self._json = _answers(GRAPHQL), _answers(JSON)

    @property
    def overloaded(self) -> bool:
        """Whether anybody may be refused."""
        return self._admission.overloaded and not self.ends

    def answer(self, data: bytes, headers: list[tuple[bytes, bytes]]) -> bytes | None:
        """The refusal of a request; ``None`` where it is not refused now, or not here.

        ``data``: what came on a connection on which nothing else is under way. ``headers``: of every answer.
        """
        admission = self._admission
        if not admission.full or not data.startswith(self._starts):
            return None
        began = time.perf_counter()
        end = data.find(b"\r\n\r\n") + 2
        head = _KEEPS.sub(b"", data[:end], 1) if b"eep-" in data[:end] else data[:end]
        lengths = _LENGTH.findall(head)
        if len(lengths) != 1 or end + 2 + int(lengths[0]) != len(data) or _ODD.search(head):
            return None
        if b" HTTP/1.1\r\n" not in head[:8192] or head.lower().count(b"content-length") != 1:
            return None
        answers = self._graphql if b"graphql-response+json" in head else self._json
        admission.counts.refused += 1
        answer = answers[admission.counts.refused % len(answers)].replace(_ID, new_request_id().encode())
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        admission.refusing_s += 3 * (time.perf_counter() - began)  # reading and writing cost twice what is seen here
        return b"HTTP/1.1 503 Service Unavailable\r\n" + lines + answer
