"""Raw ASGI: one worker on a free port of this machine, a reply, a body. The hand-written servers need no more."""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def serve(app: Any) -> None:
    """Serves until SIGTERM, with uvloop, httptools and no access log; says on stderr where."""
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stderr.write(f"answers at http://127.0.0.1:{listening.getsockname()[1]}/graphql\n")
    sys.stderr.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", ws="none")).run(
        sockets=[listening]
    )


async def request_body(receive: Receive) -> bytes:
    """All of the body."""
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body


async def reply(send: Send, body: bytes, kind: bytes = b"application/json", *, status: int = 200) -> None:
    """One whole reply."""
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
