"""An ASGI application behind a real socket of this process, for as long as a test needs it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.applications import Starlette

from gateway.edge.protocol import protocol
from gateway.overload.settings import OverloadSettings
from gateway.request.addresses import Networks
from gateway.request.limits import LimitSettings
from gateway.server_settings import ServerSettings


def unhurried(settings: ServerSettings) -> ServerSettings:
    """The settings of a gateway that takes what comes, however slow this machine is, where its file says nothing of it.

    What sheds load looks at how late the loop runs, which here is that of the tests and of all the systems as well.
    """
    if "overload" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"overload": OverloadSettings(shed=False)})


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test runner owns the signals


@contextlib.asynccontextmanager
async def serving(app: Starlette, limits: LimitSettings | None = None) -> AsyncIterator[str]:
    """Gives the base address; the listening socket accepts before the server has started, so nothing is waited for.

    ``limits``: where they are given, HTTP is spoken as the gateway speaks it, which knows when a caller leaves.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    http = "auto" if limits is None else protocol(limits, 1000, Networks(()))
    server = _Server(uvicorn.Config(app, log_level="warning", ws="none", http=http))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()
