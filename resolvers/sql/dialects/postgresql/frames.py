"""Frames of PostgreSQL's protocol, looked at before the driver: what is none ends the connection, and not the process.

The driver (asyncpg 0.32) takes a length below zero for a message that is there, and reads it for ever: one server that
has gone mad would stop the event loop, and with it every source. Nothing of a message but its first bytes is read here.
"""

from __future__ import annotations

from asyncpg import protocol  # type: ignore[import-untyped]  # the driver has no types

_READY = b"Z\0\0\0\5"
"""Type and length of ReadyForQuery; one byte more, and the server waits for us."""
_SUSPENDED = b"s\0\0\0\4"
"""PortalSuspended, whole: as many rows as were asked for."""
_FEW = 4
_MOST = 1 << 30
"""No message is longer (PostgreSQL 18 documentation, section 54.2.1: what fits into its memory, 1 GiB)."""


def is_frame(data: bytes) -> bool:
    """Whether a message can begin with these bytes: its type, a letter or a digit, and its length, itself included."""
    return data[:1].isalnum() and (len(data) < 5 or 4 <= int.from_bytes(data[1:5]) <= _MOST)


def is_whole(data: bytes) -> bool:
    """Whether these bytes are a few whole messages: a handshake, or what is said of a statement when it is prepared."""
    at = 0
    for _ in range(_FEW):
        if at + 5 > len(data):
            return False
        at += 1 + int.from_bytes(data[at + 1 : at + 5])
        if at >= len(data):
            return at == len(data)
    return False


class FramedProtocol(protocol.Protocol):  # type: ignore[misc]  # the driver has no types
    """The driver's, which hears of nothing that is no message.

    Looked at is what begins where a message must: with the connection, and after the server has said all. To look at
    every message would cost as much as to read it.
    """

    _at_begin = True

    def data_received(self, data: bytes) -> None:
        if self._at_begin:
            if not is_frame(data):
                self.abort()
                return
            self._at_begin = is_whole(data)
        if data[-6:-1] == _READY or data[-5:] == _SUSPENDED:
            self._at_begin = True
        super().data_received(data)


def guard_frames() -> None:
    """From now on the driver's connections are framed; it has no other way to say which protocol they speak."""
    protocol.Protocol = FramedProtocol
