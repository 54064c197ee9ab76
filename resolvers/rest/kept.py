"""Descriptions that were read, kept on disk by the hash of all that they were read from.

What is kept is data (MessagePack), bound to the bytes of the documents, to what was asked of them, and to the code that
read them. Anything that does not fit to the last bit is read anew; nothing here ever fails a start.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec

from resolvers.documents import Document
from resolvers.model import Bounds, ListRef, NamedRef, ScalarRef
from resolvers.rest.packing import Packing
from resolvers.rest.shapes import Answer, Description, Encoding, Outline

PACKING = Packing(
    Description, frozenset({ScalarRef, NamedRef, ListRef, Bounds, Encoding, Answer}), frozenset({Outline})
)


class Kept:
    """The kept description of one source in ``folder``. ``about``: what besides the documents decides the reading."""

    def __init__(self, folder: Path, name: str, main: Document, about: str) -> None:
        parts = (_code(), name.encode(), main.location.encode(), about.encode(), main.content)
        self._key = sha256(b"".join(sha256(part).digest() for part in parts)).digest()
        self._path = folder / f"openapi-{sha256(name.encode()).hexdigest()[:16]}.msgpack"

    def load(self) -> tuple[Mapping[str, bytes], bytes] | None:
        """The hashes of the other files by address, and the packed description; nothing when it does not fit."""
        try:
            content = self._path.read_bytes()
            if content[:32] != self._key or content[32:64] != sha256(content[64:]).digest():
                return None
            others, packed = msgspec.msgpack.decode(content[64:], type=tuple[dict[str, bytes], bytes])
        except (OSError, ValueError):
            return None
        return others, packed

    def save(self, others: Mapping[str, bytes], description: Description) -> None:
        """Keeps it; a folder that cannot be written, or a value that cannot be packed, only means reading it anew."""
        with contextlib.suppress(OSError, OverflowError, RecursionError, TypeError, ValueError):
            body = msgspec.msgpack.encode((dict(others), PACKING.pack(description)))
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._path.with_suffix(f".{os.getpid()}")
            beside.write_bytes(self._key + sha256(body).digest() + body)
            beside.replace(self._path)


def unpack(packed: bytes) -> Description | None:
    """The description, or nothing when it was packed otherwise."""
    try:
        found = PACKING.unpack(packed)
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is read anew
        return None
    return found if isinstance(found, Description) else None


@cache
def _code() -> bytes:
    """The hash of the code that reads descriptions: what another version read is never used."""
    here = Path(__file__).parent
    found = sha256()
    for path in sorted((*here.rglob("*.py"), *here.parent.glob("*.py"))):
        found.update(path.read_bytes())
    return found.digest()
