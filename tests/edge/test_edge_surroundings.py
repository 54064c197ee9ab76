"""What the environment of the process says to HTTP libraries is not listened to."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.demo.folder import trading_folder
from tests.commands.conftest import Shell
from tests.edge.test_edge_ending import ANSWER, Crm, ask


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    made = Shell(tmp_path)
    yield made
    await made.close()


async def test_no_call_goes_to_a_proxy_or_takes_a_password_from_the_home_folder(shell: Shell) -> None:
    crm, heads = Crm(), list[bytes]()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    (shell.folder / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    (shell.folder / ".netrc").chmod(0o600)
    (shell.folder / "crm.openapi.yaml").write_bytes((trading_folder() / "crm.openapi.yaml").read_bytes())
    async with (
        await asyncio.start_server(crm.answer, "127.0.0.1", 0) as source,
        await asyncio.start_server(proxy, "127.0.0.1", 0) as between,
    ):
        port, other = (server.sockets[0].getsockname()[1] for server in (source, between))
        (shell.folder / "crm.yaml").write_text(
            f'sources:\n  crm: {{ openapi: crm.openapi.yaml, url: "http://127.0.0.1:{port}" }}\n'
            "access: { default: anonymous }\n"
        )
        names = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
        more = dict.fromkeys(names, f"http://127.0.0.1:{other}")
        running = await shell.serve("serve", "crm.yaml", "--port", "0", HOME=str(shell.folder), **more)
        reply = await ask(running.address, "{ orders(limit: 1) { data { number } } }")
        await running.end(signal.SIGTERM)
    assert (reply.json(), crm.answered, heads) == (ANSWER, 1, [])
    assert b"authorization" not in crm.heads[0].lower()
