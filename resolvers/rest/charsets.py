"""In which encoding a reply is written: what it declares, or what the file says of a server that declares it wrongly.

Bytes come in, UTF-8 or text goes out; what is no text in its encoding is refused, and never guessed.
"""

from __future__ import annotations

import codecs
from functools import lru_cache

from resolvers.errors import SourceBadResponse

UTF_8 = frozenset({"", "utf-8", "utf8", "us-ascii"})
_KNOWN = frozenset(
    {
        "utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be", "mac-roman", "cp437", "cp850", "cp852", "cp858",
        "koi8-r", "koi8-u", "shift_jis", "euc_jp", "euc_kr", "gbk", "gb18030", "gb2312", "big5",
        *(f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
        *(f"cp125{number}" for number in range(9)),
    }
)  # fmt: skip
"""Of what Python calls encodings those of texts that systems speak: none that packs bytes, or runs rules of its own."""


@lru_cache(maxsize=64)
def encoding_of(name: str) -> str | None:
    """What Python calls an encoding; ``None`` where it is none that replies are written in."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _KNOWN else None


def text(body: bytes, charset: str) -> str:
    """The text of a body.

    Raises:
        SourceBadResponse: the encoding is not known, or the bytes are no text in it.
    """
    found = encoding_of(charset or "utf-8")
    if found is None:
        raise SourceBadResponse(f"a text in {charset[:40]}")
    # What calls itself ISO-8859-1 is written in Windows-1252 (WHATWG Encoding Standard, section 4.2); only five bytes
    # are nothing there.
    ways = ("cp1252", "latin-1") if found == "iso8859-1" else (found,)
    for way in ways:
        try:
            return body.decode(way)
        except UnicodeDecodeError:
            continue
    raise SourceBadResponse(f"the text is not {charset.upper() or 'UTF-8'}")


def in_utf8(body: bytes, charset: str) -> bytes:
    """A body in UTF-8; the very same where it says that it is. Raises: as ``text``."""
    return body if charset in UTF_8 else text(body, charset).removeprefix("\ufeff").encode("utf-8", "surrogatepass")
