"""``DeadlineClient``: a source is told how long its answer is waited for, so that it need not work for nobody.

How long that is has been decided above; nothing here waits.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from msgspec.structs import replace

from resolvers.http import Http, Reply, Request
from resolvers.http_settings import DeadlineHeader

_MARGIN_S = 0.05
"""A source gives up this much earlier than we do, so that its own answer is the one that is seen."""
_LEAST_S = 0.001


class DeadlineClient:
    """Every call has the time that is left for it in a header."""

    def __init__(self, http: Http, header: DeadlineHeader) -> None:
        self._http = http
        self._header = header

    def send(self, request: Request, *, timeout: float, resendable: bool) -> Coroutine[Any, Any, Reply]:
        """As ``Http.send``."""
        left = max(_LEAST_S, timeout - _MARGIN_S)
        told = f"{int(left * 1000)}" if self._header.unit == "ms" else f"{left:.3f}"
        name = self._header.name
        headers = {other: value for other, value in request.headers.items() if other.lower() != name.lower()}
        headers[name] = told
        return self._http.send(replace(request, headers=headers), timeout=timeout, resendable=resendable)

    async def close(self) -> None:
        """Closes every connection."""
        await self._http.close()
