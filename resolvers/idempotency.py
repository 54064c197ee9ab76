"""Keys by which a source knows a change that it has been sent before, made of the one that the caller sent.

The header is that of draft-ietf-httpapi-idempotency-key-header. Nothing is kept here: who repeats a request makes the
same keys, in whichever process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import UUID, uuid4

HEADER = "idempotency-key"
LONGEST = 255
_BARE = re.compile(r"[!#-\[\]-~]{1,255}")
"""Visible characters but quotes and backslashes: what is sent without quotes, as most do."""
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\]){1,255})"')
"""A string of structured fields (RFC 9651 section 3.3.3)."""


def key_of(value: str) -> str | None:
    """The key that a header holds, with or without the quotes of the draft; ``None``: it holds none."""
    text = value.strip(" ")
    quoted = _STRING.fullmatch(text)
    if quoted is not None:
        key = re.sub(r"\\(.)", r"\1", quoted[1])
        return key if len(key) <= LONGEST else None
    return text if _BARE.fullmatch(text) else None


@dataclass(slots=True)
class Idempotency:
    """The key of one request, and how often each change has been made in it: like ones are told apart by their order,
    which is that of the document (GraphQL specification section 6.2.2).
    """

    key: str
    made: dict[bytes, int] = field(default_factory=dict)

    def of(self, who: str, operation: str, arguments: object) -> str:
        """The key of one call: no other call of this request has it, nor one of another caller, and a request that is
        repeated has it again. ``operation``: with its source. It is a UUID: sources that take keys take these.
        """
        what = blake2b(digest_size=32)
        for part in (operation.encode(), "".join(_spelled(arguments)).encode("utf-8", "backslashreplace")):
            what.update(len(part).to_bytes(8, "big") + part)
        same = what.digest()
        ordinal = self.made.get(same, 0)
        self.made[same] = ordinal + 1
        whole = blake2b(same, digest_size=16, person=b"isthmus-idem")
        for part in (self.key.encode(), who.encode("utf-8", "backslashreplace"), str(ordinal).encode()):
            whole.update(len(part).to_bytes(8, "big") + part)
        digest = bytearray(whole.digest())
        digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80  # RFC 9562 section 5.8: our own kind
        return str(UUID(bytes=bytes(digest)))


def _spelled(value: object) -> Iterator[str]:
    """A value as a text that no other value has, whatever the order of members was."""
    if isinstance(value, Mapping):
        yield "{"
        for name in sorted(value, key=str):
            yield f"{name!r}:"
            yield from _spelled(value[name])
            yield ","
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for item in value:
            yield from _spelled(item)
            yield ","
        yield "]"
    else:
        yield f"{type(value).__name__} {value!r}"


def fresh() -> str:
    """A key for a change whose caller sent none: it is good for the retries of this one call."""
    return str(uuid4())
