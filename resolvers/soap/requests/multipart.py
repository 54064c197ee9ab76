"""Requests with parts of their own: MTOM (XOP) and SOAP with attachments, both ``multipart/related`` (RFC 2387)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from resolvers.upload import File

_MEDIA = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")
_ROOT = "envelope@isthmus"


def related(envelope: bytes, media: str, files: Mapping[str, bytes], *, xop: bool) -> tuple[str, bytes]:
    """The content type and the body of a message whose envelope goes first; ``files``: by content id.

    ``media``: the content type that the envelope has alone. ``xop``: it is sent as XOP asks (section 4.1).
    """
    boundary = f"isthmus-{secrets.token_hex(16)}"
    plain = media.partition(";")[0]
    kind = "application/xop+xml" if xop else plain
    root = f'application/xop+xml; charset=utf-8; type="{plain}"' if xop else media
    pieces = [_head(boundary, root, _ROOT), envelope, b"\r\n"]
    for name, content in files.items():
        pieces += [_head(boundary, _media_of(content), name), bytes(content), b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    said = f'multipart/related; boundary="{boundary}"; type="{kind}"; start="<{_ROOT}>"'
    if xop:
        said += f'; start-info="{plain}"'
    _, _, action = media.partition('; action="')
    if action:
        said += f'; action="{action}'
    return said, b"".join(pieces)


def _head(boundary: str, media: str, name: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: {media}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{name}>\r\n\r\n"
    ).encode()


def _media_of(content: bytes) -> str:
    """What came with the file, where that is a media type; it is the caller's word."""
    given = content.media if isinstance(content, File) else ""
    return given if _MEDIA.fullmatch(given) else "application/octet-stream"
