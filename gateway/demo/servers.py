"""``DemoServers``: the three systems of the trading company, really running: two on loopback ports, one in a file."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette

from gateway.demo import billing, crm, warehouse
from gateway.demo.journal import Journal

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """Leaves the signals of the process to whoever runs it, and says when it is up."""

    def __init__(self, app: Starlette) -> None:
        config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off", ws="none")
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class DemoServers:
    """An asynchronous context manager; inside it, the attributes say where everything is.

    ``crm_url`` and ``billing_url`` are the base addresses of REST and SOAP, ``stock_url`` names the SQLite database.
    ``journals`` holds the calls that ``"crm"`` and ``"billing"`` got. At the end all of it is gone.
    """

    def __init__(self) -> None:
        self.journals: dict[str, Journal] = {"crm": [], "billing": []}
        self.crm_url = ""
        self.billing_url = ""
        self.stock_url = ""
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self.crm_url = await self._serve(stack, crm.app(self.journals["crm"]))
            self.billing_url = await self._serve(stack, billing.app(self.journals["billing"])) + "/billing"
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="isthmus-demo-"))
            path = Path(folder) / "stock.sqlite"
            await asyncio.to_thread(warehouse.write, path)
            self.stock_url = f"sqlite:///{path}"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def environment(self) -> dict[str, str]:
        """What ``examples/trading/isthmus.yaml`` reads with ``${env:…}``, apart from the secret for tokens."""
        return {"CRM_URL": self.crm_url, "BILLING_URL": self.billing_url, "STOCK_URL": self.stock_url}

    @staticmethod
    async def _serve(stack: contextlib.AsyncExitStack, app: Starlette) -> str:
        listening = socket.create_server((HOST, 0))
        stack.callback(listening.close)
        server = _Server(app)
        running = asyncio.create_task(server.serve(sockets=[listening]))

        async def stop() -> None:
            server.should_exit = True
            await running

        stack.push_async_callback(stop)
        waiting = asyncio.create_task(server.up.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return f"http://{HOST}:{listening.getsockname()[1]}"
