"""Descriptions that were read, kept on disk by the hash of all that they were read from.

What is kept is data (MessagePack), bound to the bytes of the documents, to what was asked of them, and to the code that
read them. Anything that does not fit to the last bit is read anew; nothing here ever fails a start.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from resolvers.documents import Document
from resolvers.keep import Keep, code_of
from resolvers.model import Bounds, ListRef, NamedRef, ScalarRef
from resolvers.rest.packing import Packing
from resolvers.rest.shapes import Answer, Description, Encoding, Outline

PACKING = Packing(
    Description, frozenset({ScalarRef, NamedRef, ListRef, Bounds, Encoding, Answer}), frozenset({Outline})
)


class Kept:
    """The kept description of one source in ``folder``. ``about``: what besides the documents decides the reading."""

    def __init__(self, folder: Path, name: str, main: Document, about: str) -> None:
        code = code_of(Path(__file__).parent)
        path = folder / f"openapi-{sha256(name.encode()).hexdigest()[:16]}.msgpack"
        self._keep = Keep(path, (code, name.encode(), main.location.encode(), about.encode(), main.content))

    def load(self) -> tuple[Mapping[str, bytes], bytes] | None:
        """The hashes of the other files by address, and the packed description; nothing when it does not fit."""
        content = self._keep.load()
        try:
            return msgspec.msgpack.decode(content, type=tuple[dict[str, bytes], bytes]) if content is not None else None
        except ValueError:
            return None

    def save(self, others: Mapping[str, bytes], description: Description) -> None:
        """Keeps it; a folder that cannot be written, or a value that cannot be packed, only means reading it anew."""
        try:
            body = msgspec.msgpack.encode((dict(others), PACKING.pack(description)))
        except (OverflowError, RecursionError, TypeError, ValueError):
            return
        self._keep.save(body)


def unpack(packed: bytes) -> Description | None:
    """The description, or nothing when it was packed otherwise."""
    try:
        found = PACKING.unpack(packed)
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is read anew
        return None
    return found if isinstance(found, Description) else None
