"""Cursors: where a connection goes on, as an opaque text that a caller hands back. Nothing here makes a call.

A cursor names the operation and its arguments by a digest, so that it is good for the very same question only. It is
no secret and needs no signature: all it can say is the value of a parameter that tells where the pages of this
operation go on, never an address, and everything in it is checked again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from resolvers.errors import BadRequest

_VERSION = 1
_LONGEST = 4096
_MOST_PARAMETERS = 8
_LARGEST = 2**53

Position = tuple[tuple[str, str | int], ...]
"""Parameters by name that lead to a page; none for the first one."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A row in the pages: ``skip`` rows into the page at ``position`` that was asked with ``size`` rows (0: as many as
    the source likes), after ``before`` rows of earlier pages.
    """

    position: Position = ()
    size: int = 0
    skip: int = 0
    before: int = 0


class _Written(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    version: int
    question: str
    position: list[tuple[str, str | int]]
    size: int
    skip: int
    before: int


def question(operation: str, arguments: Mapping[str, object]) -> str:
    """A digest of an operation and the arguments it is called with, whatever their order."""
    plain = msgspec.json.encode([operation, arguments], enc_hook=str, order="sorted")
    return hashlib.sha256(plain).hexdigest()[:16]


def write(asked: str, spot: Spot) -> str:
    """The cursor of a spot; ``asked`` is the digest of the question."""
    written = _Written(_VERSION, asked, list(spot.position), spot.size, spot.skip, spot.before)
    return base64.urlsafe_b64encode(msgspec.json.encode(written)).decode().rstrip("=")


def read(asked: str, cursor: str, allows: Callable[[str], bool], max_size: int) -> Spot:
    """The spot that a cursor names. ``allows``: whether it may have a parameter of that name.

    Raises:
        BadRequest: it is none of ours, of another release, or of another question.
    """
    try:
        if len(cursor) > _LONGEST:
            raise BadRequest("the cursor is too long")
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        written = msgspec.json.decode(raw, type=_Written)
    except (ValueError, binascii.Error, UnicodeError, msgspec.MsgspecError) as error:
        raise BadRequest("the cursor is none of this gateway") from error
    if written.version != _VERSION:
        raise BadRequest("the cursor is of another release: begin again without it")
    if written.question != asked:
        raise BadRequest("the cursor belongs to another field or to other arguments")
    numbers = [written.size, written.skip, written.before]
    numbers += [value for _, value in written.position if isinstance(value, int)]
    known = all(allows(name) for name, _ in written.position)
    if not known or len(written.position) > _MOST_PARAMETERS or written.size > max_size:
        raise BadRequest("the cursor is none of this gateway")
    if not all(0 <= number <= _LARGEST for number in numbers):
        raise BadRequest("the cursor is none of this gateway")
    return Spot(tuple(written.position), written.size, written.skip, written.before)
