"""Bodies that came packed (RFC 9110 section 8.4.1), unpacked within a bound. Pure."""

from __future__ import annotations

import zlib

from resolvers.errors import ReplyTooLarge, SourceBadResponse

ACCEPTED = "gzip, deflate"
_REFUSED = frozenset({"br", "zstd", "compress", "x-compress"})
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
_MEMBERS = 100
"""Most members of one gzip body (RFC 1952 section 2.2): every one of them costs a copy of what follows it."""


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """The body without its content coding; it is as it came where the header names none that there is.

    Raises:
        SourceBadResponse: a coding that was not asked for, more than ``most`` bytes, or not what it says.
    """
    named = encoding.strip().lower()
    if named in _REFUSED:
        raise SourceBadResponse(f"the reply is encoded as {named}, which was not asked for")
    if named not in {"gzip", "x-gzip", "deflate"}:
        return body
    # What calls itself deflate is zlib's form (RFC 1950), or too often the bare one (RFC 1951).
    bare = named == "deflate" and body[0] & 0x0F != zlib.DEFLATED
    whole: list[bytes] = []
    left = most
    try:
        while body:
            if len(whole) == _MEMBERS:
                raise SourceBadResponse("the reply is packed in too many parts")
            unpacking = zlib.decompressobj(-zlib.MAX_WBITS if bare else _ZLIB_OR_GZIP)
            part = unpacking.decompress(body, left + 1)
            left -= len(part)
            if left < 0:
                raise ReplyTooLarge(f"the reply is larger than {most} bytes")
            if not unpacking.eof:
                raise SourceBadResponse("the reply is truncated")
            whole.append(part)
            body = unpacking.unused_data.lstrip(b"\0") if named != "deflate" else b""  # members (RFC 1952)
    except zlib.error as error:
        raise SourceBadResponse(f"the reply is not {named}") from error
    return b"".join(whole)
