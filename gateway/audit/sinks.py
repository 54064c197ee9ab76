"""Where records are written to: a file, standard output, syslog. Each takes whole lines and may block or fail; nothing
here runs on the event loop, or knows what a record says.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import orjson

from gateway.audit.settings import AuditSettings

_PATIENCE_S = 5.0
_PRIORITY = 13 * 8 + 6
"""Facility 13 (log audit), severity 6 (informational): RFC 5424 section 6.2.1."""


class Sink(Protocol):
    def write(self, lines: Sequence[bytes]) -> None:
        """Writes lines of JSON without their ends; what was written before an error is not written again.

        Raises:
            OSError: they cannot all be written now; ``written`` tells how many were.
        """

    @property
    def written(self) -> int: ...

    def reopen(self) -> None:
        """Begins anew with the next lines."""

    def close(self) -> None: ...


class Stream:
    """A file descriptor. A line of which a part was written is finished before another one."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.written = 0
        self._torn: bytes | None = None
        self._rest = b""

    def write(self, lines: Sequence[bytes]) -> None:
        self.written = 0
        torn = self._torn
        self._finish()
        for line in lines:
            if line is not torn or self.written:
                self._torn, self._rest = line, line + b"\n"
                self._finish()
            self.written += 1

    def _finish(self) -> None:
        while self._rest:
            self._rest = self._rest[os.write(self.descriptor, self._rest) :]
        self._torn = None

    def reopen(self) -> None:
        """Nothing: whoever started us owns it."""

    def close(self) -> None:
        """Nothing."""


class File:
    """A file of mode 0600. ``header``: a line that opens it each time, so that each file tells what is recorded."""

    def __init__(self, path: Path, *, fsync: bool = False) -> None:
        """Opens the file.

        Raises:
            OSError: it cannot be appended to, or is no regular file.
        """
        self._path = path
        self._fsync = fsync
        self._stream = Stream(-1)
        self._fresh = True
        self.header = b""
        self._open()

    @property
    def written(self) -> int:
        return self._stream.written

    def write(self, lines: Sequence[bytes]) -> None:
        self._stream.written = 0
        if self._is_moved():
            self.close()
            self._open()
        if self.header and self._fresh:
            self._stream.write([self.header])
            self._stream.written, self._fresh = 0, False
        self._stream.write(lines)
        if self._fsync:
            os.fsync(self._stream.descriptor)

    def reopen(self) -> None:
        self.close()

    def close(self) -> None:
        if self._stream.descriptor >= 0:
            with suppress(OSError):
                os.close(self._stream.descriptor)
        self._stream = Stream(-1)

    def _is_moved(self) -> bool:
        """Whether the path means another file than that which is open, or none."""
        if self._stream.descriptor < 0:
            return True
        mine = os.fstat(self._stream.descriptor)
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        return (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self._path, flags, 0o600)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError("it is no regular file")
        with suppress(PermissionError):  # it is another's, who has let us write to it
            os.fchmod(descriptor, 0o600)
        self._stream = Stream(descriptor)
        self._fresh = True


class Syslog:
    """Messages of RFC 5424: each a datagram, or over TCP with its length in front (RFC 6587 section 3.4.1)."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._is_tcp = address.startswith("tcp://")
        self._host = socket.gethostname().encode("ascii", "replace").replace(b" ", b"_")[:255] or b"-"
        self.written = 0

    def write(self, lines: Sequence[bytes]) -> None:
        self.written = 0
        try:
            open_socket = self._socket = self._socket or self._connected()
            for line in lines:
                try:
                    open_socket.sendall(self._message(line))
                except OSError as error:
                    if error.errno != errno.EMSGSIZE:
                        raise
                    open_socket.sendall(self._message(_shortened(line)))
                self.written += 1
        except OSError:
            self.close()
            raise

    def _message(self, line: bytes) -> bytes:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z").encode()
        message = b"<%d>1 %s %s isthmus %d audit - %s" % (_PRIORITY, now, self._host, os.getpid(), line)
        return b"%d %s" % (len(message), message) if self._is_tcp else message

    def reopen(self) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._address.startswith("/"):
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            made.settimeout(_PATIENCE_S)
            try:
                made.connect(self._address)
            except OSError:
                made.close()
                raise
            return made
        parts = urlsplit(self._address)
        host, port = parts.hostname or "", parts.port or 514
        if self._is_tcp:
            return socket.create_connection((host, port), _PATIENCE_S)
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        made = socket.socket(family, kind, protocol)
        made.connect(where)
        return made


def _shortened(line: bytes) -> bytes:
    """A record that no datagram holds: who asked, and that there was more."""
    record = orjson.loads(line)
    kept = {
        name: record[name] for name in ("time", "event", "request", "issuer", "subject", "status") if name in record
    }
    return orjson.dumps({**kept, "shortened": True})


def open_sink(settings: AuditSettings) -> Sink:
    """Where the settings say that records go.

    Raises:
        OSError: the file cannot be appended to.
    """
    if settings.path is not None:
        return File(settings.path, fsync=settings.fsync)
    return Syslog(settings.address or "/dev/log") if settings.to == "syslog" else Stream(1)
