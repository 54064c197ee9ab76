"""Replies of several parts (``multipart/related``, RFC 2387): MTOM and SOAP with attachments.

Every part is found in the message itself, by its content id; what an identifier might name elsewhere is never fetched.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from urllib.parse import unquote

from resolvers.errors import SourceBadResponse
from resolvers.soap.shapes import Attachment

MOST_PARTS = 256
MOST_HEADER_BYTES = 16_384
_HEADER = re.compile(rb"(?:\r?\n)?(.*?)\r?\n\r?\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parts:
    """``media``, ``charset``: of the envelope. ``files``: the other parts, by content id, in their order."""

    media: str
    charset: str | None
    envelope: bytes
    files: Mapping[str, bytes]


@lru_cache(maxsize=256)
def parameters(content_type: str) -> tuple[str, Mapping[str, str]]:
    """The media type in small letters, and its parameters."""
    message = Message()
    plain = content_type.encode("ascii", "replace").decode("ascii")  # what is none may be half a character
    message["Content-Type"] = plain.replace("\r", " ").replace("\n", " ")
    found = message.get_params(failobj=[], header="Content-Type")
    pairs = {name.lower(): str(value) for name, value in found[1:]}
    return content_type.partition(";")[0].strip().lower(), pairs


def opened(content_type: str, body: bytes) -> Parts:
    """The parts of a reply; one that is not of several parts is an envelope alone.

    Raises:
        SourceBadResponse: the parts cannot be told apart, or are more than ``MOST_PARTS``.
    """
    media, said = parameters(content_type)
    if media != "multipart/related":
        return Parts(media, said.get("charset"), body, {})
    boundary = said.get("boundary", "")
    if not boundary or len(boundary) > 200:
        raise SourceBadResponse("the reply is of several parts and does not say what parts them")
    parts = _parts(body, boundary.encode("latin-1", "replace"))
    start = said.get("start", "").strip("<> ")
    root = next((index for index, (name, _, _) in enumerate(parts) if start and name == start), 0)
    _, kind, envelope = parts[root]
    files: dict[str, bytes] = {}
    for index, (name, _, content) in enumerate(parts):
        if index == root:
            continue
        if name in files:
            raise SourceBadResponse("two parts of the reply have one content id")
        files[name or f"{index}@nameless"] = content
    media, said = parameters(kind)
    return Parts(media, said.get("charset"), envelope, files)


def _parts(body: bytes, boundary: bytes) -> list[tuple[str, str, bytes]]:
    """Content id, content type and content of each part (RFC 2046, section 5.1.1)."""
    pieces = re.split(rb"\r?\n--" + re.escape(boundary), b"\n" + body, maxsplit=MOST_PARTS + 2)
    if len(pieces) > MOST_PARTS + 2:
        raise SourceBadResponse(f"the reply has more than {MOST_PARTS} parts")
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise SourceBadResponse("the reply is of several parts, and its end is missing")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> tuple[str, str, bytes]:
    _, _, piece = piece.partition(b"\n")
    if piece.startswith((b"\n", b"\r\n")):  # no header at all
        return "", "", piece.partition(b"\n")[2]
    head = _HEADER.match(piece, 0, MOST_HEADER_BYTES)
    if head is None:
        raise SourceBadResponse("a part of the reply has no end of its headers")
    lines = re.sub(rb"\r?\n[ \t]+", b" ", head[1]).decode("latin-1").splitlines()
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    content = _decoded(piece[head.end() :], headers.get("content-transfer-encoding", "").lower())
    return headers.get("content-id", "").strip("<> "), headers.get("content-type", ""), content


def _decoded(content: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        try:
            return base64.b64decode(b"".join(content.split()), validate=True)
        except (binascii.Error, ValueError):
            raise SourceBadResponse("a part of the reply is not the base64 that it says it is") from None
    return quopri.decodestring(content) if encoding == "quoted-printable" else content


def attached(attachment: Attachment, alone: bool, files: Mapping[str, bytes]) -> str | None:  # noqa: FBT001
    """A declared attachment in base64: by the name that its content id begins with (WS-I Attachments Profile 1.0,
    section 4.4), or where it is the only one that is declared and the only one that came (``alone``).

    Raises:
        SourceBadResponse: it is missing, or it cannot be told which it is.
    """
    found = [content for name, content in files.items() if unquote(name.partition("=")[0]) == attachment.part]
    if not found and alone and len(files) == 1:
        found = list(files.values())
    if not found and not attachment.required and not files:
        return None
    if len(found) != 1:
        raise SourceBadResponse("an attachment that is declared is not among the parts of the reply")
    return base64.b64encode(found[0]).decode("ascii")
