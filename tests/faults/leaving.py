"""How long a call to a source goes on after its caller has left: ``python -m tests.faults.leaving 100``.

The gateway is a process of its own. The source takes the request, says nothing, and notes when its connection ends.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import time
from pathlib import Path

REPLY = {"type": "object", "properties": {"text": {"type": "string"}}}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Silent", "version": "1"},
    "paths": {
        "/word": {
            "get": {
                "operationId": "word",
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": REPLY}}}},
            }
        }
    },
}
BODY = json.dumps({"query": "{ word { text } }"}).encode()
HEAD = (
    "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
)


class Silent:
    """``asked``: a request has come. ``ended``: when its connection was closed."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Reads until the other side is gone."""
        await reader.readuntil(b"\r\n\r\n")
        self.asked.set()
        while await reader.read(4096):
            pass
        writer.close()
        self.ended.set_result(time.monotonic())


async def _once(port: int, silent: Silent) -> float:
    silent.asked.clear()
    silent.ended = asyncio.get_running_loop().create_future()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD.encode() + BODY)
    await silent.asked.wait()
    left = time.monotonic()
    writer.close()
    return await silent.ended - left


async def _main(times: int) -> None:
    silent = Silent()
    server = await asyncio.start_server(silent.take, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "word.json").write_text(json.dumps(DOCUMENT))
        text = f'sources: {{ word: {{ openapi: word.json, url: "{address}" }} }}\naccess: {{ default: anonymous }}\n'
        (Path(folder) / "isthmus.yaml").write_text(text)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway",
            "serve",
            f"{folder}/isthmus.yaml",
            "--port",
            "0",
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        said = ""
        while not (found := re.search(r"answers at http://127\.0\.0\.1:(\d+)", said)):
            said = (await process.stderr.readline()).decode()
        took = sorted([await _once(int(found[1]), silent) for _ in range(times)])
        process.terminate()
        await process.communicate()
    server.close()
    sys.stdout.write(
        f"{times} callers left; the call to the source ended after {took[times // 2] * 1e3:.1f} ms (median), "
        f"{took[-1] * 1e3:.1f} ms at most\n"
    )


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
