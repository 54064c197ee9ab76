"""Callers who do not take their answers: nobody keeps a connection, and the memory of an answer, by not reading."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from tests.edge.conftest import HUGE

if TYPE_CHECKING:
    from tests.edge.conftest import Start

HUGE_QUERY = b"GET /graphql?query={huge} HTTP/1.1\r\nhost: a\r\n\r\n"
NEVER_ANSWERED = b"GET /graphql?query={forever} HTTP/1.1\r\nhost: a\r\n\r\n"


def test_a_caller_who_reads_nothing_is_dropped(start: Start) -> None:
    running = start(limits={"send_timeout_s": 0.3, "deadline_s": 60})
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as peer:
        # The second request runs until its caller is gone, so that the end of it tells the end of the connection.
        peer.sendall(HUGE_QUERY + NEVER_ANSWERED)
        assert running.graph.cancelled.wait(20)
        taken = 0
        try:
            while chunk := peer.recv(1 << 20):
                taken += len(chunk)
        except ConnectionResetError:
            pass
    assert taken < len(HUGE)


def test_a_caller_who_reads_gets_the_whole_answer(start: Start) -> None:
    running = start(limits={"send_timeout_s": 5})
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as peer:
        peer.sendall(HUGE_QUERY.replace(b"host: a", b"host: a\r\nconnection: close"))
        taken = 0
        while chunk := peer.recv(1 << 20):
            taken += len(chunk)
    assert taken > len(HUGE)


def test_a_caller_who_reads_slowly_gets_the_whole_answer(start: Start) -> None:
    running = start(limits={"send_timeout_s": 1})
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as peer:
        peer.sendall(HUGE_QUERY.replace(b"host: a", b"host: a\r\nconnection: close"))
        pause, taken = threading.Event(), 0
        while chunk := peer.recv(1 << 20, socket.MSG_WAITALL):
            taken += len(chunk)
            pause.wait(0.08)  # thirty of them take far longer than the timeout
    assert taken > len(HUGE)
