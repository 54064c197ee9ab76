"""What the edge knows of a request is freed with it, and waits for no search for garbage."""

from __future__ import annotations

import gc
import socket
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

if TYPE_CHECKING:
    from tests.edge.conftest import Start

BODY = b'{"query": "{ __typename }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
REQUEST = HEAD % len(BODY) + BODY


def test_no_request_of_a_kept_connection_is_kept_by_a_circle(start: Start) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as peer:
        gc.collect()
        gc.disable()
        try:
            for _ in range(50):
                peer.sendall(REQUEST)
                assert peer.recv(65_536).startswith(b"HTTP/1.1 200 ")
            kept = [each for each in gc.get_objects() if isinstance(each, RequestResponseCycle)]
        finally:
            gc.enable()
    assert len(kept) <= 2  # the last one, and one that is about to go
