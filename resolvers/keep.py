"""Bytes kept on disk under the hash of all that they were made from; what they say is known to those who keep them.

Whatever does not fit to the last bit is as good as absent, and nothing here ever fails a start.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path


class Keep:
    """One file. ``parts``: what the bytes are made from, the code that makes them among it."""

    def __init__(self, path: Path, parts: Iterable[bytes]) -> None:
        self._key = sha256(b"".join(sha256(part).digest() for part in parts)).digest()
        self._path = path

    def load(self) -> bytes | None:
        """The bytes; nothing where there are none, or they were made from other things."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        if content[:32] != self._key or content[32:64] != sha256(content[64:]).digest():
            return None
        return content[64:]

    def anyhow(self) -> bytes | None:
        """The bytes, whatever they were made from; nothing where they are not whole."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        return content[64:] if content[32:64] == sha256(content[64:]).digest() else None

    def save(self, body: bytes) -> None:
        """Keeps the bytes, whole or not at all; a folder that cannot be written is passed over."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._path.with_suffix(f".{os.getpid()}")
            beside.write_bytes(self._key + sha256(body).digest() + body)
            beside.replace(self._path)


@cache
def code_of(folder: Path) -> bytes:
    """The hash of the Python code in a folder of ``resolvers``, beside it and of the neutral form: what another version
    read is not used.
    """
    found = sha256()
    beside = folder.parent
    for path in sorted((*folder.rglob("*.py"), *beside.glob("*.py"), *beside.glob("model/*.py"))):
        found.update(path.read_bytes())
    return found.digest()
