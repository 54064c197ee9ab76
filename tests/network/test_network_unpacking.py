"""Bodies that came packed, by themselves: a reader of JSON would stumble over most that is kept out here, too."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from resolvers.errors import ReplyTooLarge, SourceBadResponse
from resolvers.http.unpacking import unpacked

BODY = b'{"id": "7"}'
BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
FORMS = {
    "gzip": (gzip.compress(BODY), "gzip"),
    "gzip, by its old name": (gzip.compress(BODY), " X-GZIP "),
    "gzip in members, with padding": (gzip.compress(BODY[:4]) + gzip.compress(BODY[4:]) + b"\0\0", "gzip"),
    "deflate": (zlib.compress(BODY), "deflate"),
    "bare deflate": (BARE.compress(BODY) + BARE.flush(), "deflate"),
    "what nobody knows": (BODY, "identity"),
}
WRONG = {
    "br": (BODY, "br", "not asked for"),
    "zstd": (BODY, "ZSTD", "not asked for"),
    "cut off": (gzip.compress(BODY)[:-9], "gzip", "truncated"),
    "cut off in its second member": (gzip.compress(BODY) * 2, "gzip", "truncated"),
    "something else": (BODY, "gzip", "not gzip"),
    "too many members": (gzip.compress(b"") * 101, "gzip", "too many parts"),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_packed_is_what_was_packed(form: str) -> None:
    body, encoding = FORMS[form]
    assert unpacked(body, encoding, len(BODY)) == BODY


@pytest.mark.parametrize("form", WRONG)
def test_what_cannot_be_unpacked_says_why(form: str) -> None:
    body, encoding, why = WRONG[form]
    with pytest.raises(SourceBadResponse, match=why):
        unpacked(body[:-3] if "second" in form else body, encoding, 1000)


@pytest.mark.parametrize("body", [gzip.compress(BODY), gzip.compress(BODY[:4]) + gzip.compress(BODY[4:])])
def test_all_members_together_are_bounded(body: bytes) -> None:
    with pytest.raises(ReplyTooLarge):
        unpacked(body, "gzip", len(BODY) - 1)


def test_a_bomb_is_not_unpacked_to_its_end() -> None:
    bomb = gzip.compress(b"x" * 30_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ReplyTooLarge):
            unpacked(bomb, "gzip", 1000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
