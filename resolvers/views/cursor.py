"""Cursors that hold values: sealed by authenticated encryption, so that they tell nothing and cannot be made up.

A cursor is good for the very question that it was given for, asked by the same caller: the question is no part of it,
only the key of a lock that it must fit. Where it leads is the business of whoever sealed it.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from resolvers.errors import BadRequest

_OF_THIS_PROCESS = os.urandom(32)
_NONCE = 12
"""Bytes of a nonce, as NIST SP 800-38D section 8.2.2 has it: random ones are safe for 2^32 cursors of one key."""
_LONGEST = 16_384
_VERSION = b"isthmus cursor 1\0"

_UNIT = timedelta(microseconds=1)
_SPOKEN: dict[str, tuple[type, Callable[[object], str], Callable[[str], object]]] = {
    "decimal": (Decimal, str, Decimal),
    "moment": (datetime, lambda value: value.isoformat(), datetime.fromisoformat),  # type: ignore[attr-defined]
    "date": (date, lambda value: value.isoformat(), date.fromisoformat),  # type: ignore[attr-defined]
    "time": (time, lambda value: value.isoformat(), time.fromisoformat),  # type: ignore[attr-defined]
    "span": (timedelta, lambda value: str(value // _UNIT), lambda text: int(text) * _UNIT),  # type: ignore[operator]
    "uuid": (UUID, str, UUID),
}
"""Values that MessagePack does not have, in words. A datetime is a date: it stands before it."""


class Sealed:
    """Seals and opens the cursors of one key; without one, of a key that this process made for itself."""

    def __init__(self, key: str | None) -> None:
        self._cipher = AESGCM(_OF_THIS_PROCESS if key is None else sha256(key.encode()).digest())

    def seal(self, question: str, values: Sequence[object]) -> str:
        """The cursor that leads back to ``values`` for whoever asks ``question`` again.

        Raises:
            BadRequest: the values are too long, or of a type that no cursor holds.
        """
        nonce = os.urandom(_NONCE)
        plain = msgspec.msgpack.encode([_written(value) for value in values])
        sealed = nonce + self._cipher.encrypt(nonce, plain, _locked(question))
        cursor = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        if len(cursor) > _LONGEST:
            raise BadRequest("rows cannot be paged by values as long as these: order them by another field")
        return cursor

    def open(self, question: str, cursor: str) -> list[object]:
        """The values that were sealed for ``question``.

        Raises:
            BadRequest: the cursor is none of ours, was changed, or belongs to another question or caller.
        """
        try:
            if len(cursor) > _LONGEST:
                raise BadRequest("the cursor is too long")
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            plain = self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _locked(question))
        except (ValueError, binascii.Error, UnicodeError, InvalidTag) as error:
            # What is wrong with it is nobody's business: whoever asks may try cursors of others.
            raise BadRequest("the cursor is none of this question: begin again without it") from error
        return [_read(value) for value in msgspec.msgpack.decode(plain, type=list[object])]


def _locked(question: str) -> bytes:
    return _VERSION + sha256(question.encode("utf-8", "surrogatepass")).digest()


def _written(value: object) -> object:
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    for word, (kind, write, _) in _SPOKEN.items():
        if isinstance(value, kind):
            return [word, write(value)]
    raise BadRequest("rows cannot be paged by values of this type: order them by another field")


def _read(value: object) -> object:
    if not isinstance(value, list):
        return value
    word, text = value
    return _SPOKEN[word][2](text)
