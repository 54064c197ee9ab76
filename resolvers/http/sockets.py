"""What the kernel is told of connections to sources, so that one whose other end is gone is noticed."""

from __future__ import annotations

import socket

_OPTIONS = (
    # Fifteen seconds of silence and three questions without an answer, five seconds apart: then nobody is there.
    ("TCP_KEEPIDLE", 15),
    ("TCP_KEEPINTVL", 5),
    ("TCP_KEEPCNT", 3),
    # What was sent and not acknowledged for so long (milliseconds) ends it; Linux would wait for 15 minutes.
    ("TCP_USER_TIMEOUT", 15_000),
)


def watched(connection: socket.socket) -> None:
    """Has the kernel ask whether the other end is there (RFC 9293 section 3.8.4, RFC 5482)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS:
        option = getattr(socket, name, None)  # not every system has all of them
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def is_quiet(connection: socket.socket) -> bool:
    """Whether a connection is open and nothing lies there unread: no end, no reset, no byte that nobody asked for."""
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
