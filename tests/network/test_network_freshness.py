"""The rules of RFC 9111 as a table, and their laws over any header."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.freshness import directives, kept, may_be_asked, renewed
from resolvers.http import Reply, Request

WALL = 1_800_000_000.0


def at(seconds: float) -> str:
    return formatdate(WALL + seconds, usegmt=True)


def fresh_s(headers: dict[str, str], *, shared: bool = True, delay: float = 0.0, status: int = 200) -> float | None:
    """How long a reply is fresh from now, in seconds; ``None`` where it is not kept at all."""
    reply = Reply(status, headers, b"{}")
    item = kept(reply, shared=shared, now=100.0, asked=100.0 - delay, wall=WALL)
    return None if item is None else item.until - 100.0


ETAG = {"etag": '"a"'}
TABLE: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({"last-modified": at(-864_000)}, 0),
    ({"cache-control": "max-age=60"}, 60),
    ({"cache-control": "MAX-AGE=60, must-revalidate"}, 60),
    ({"cache-control": 'max-age="60"'}, 60),
    ({"cache-control": "max-age=60, s-maxage=10"}, 10),
    ({"cache-control": "max-age=60, s-maxage=600"}, 600),
    ({"cache-control": "max-age=60, no-store"}, None),
    ({"cache-control": "max-age=60, private"}, None),
    ({"cache-control": 'max-age=60, private="set-cookie"'}, None),
    ({"cache-control": "max-age=60, no-cache"}, None),
    ({"cache-control": "max-age=60, no-cache", **ETAG}, 0),
    ({"cache-control": 'no-cache="x, y", max-age=60', **ETAG}, 0),
    ({"cache-control": "max-age=60, max-age=10"}, None),
    ({"cache-control": "max-age=-1"}, None),
    ({"cache-control": "max-age=1.5"}, None),
    ({"cache-control": "max-age=x", "expires": at(60)}, None),
    ({"cache-control": "max-age"}, None),
    ({"cache-control": "max-age=99999999999999999999"}, 2**31),
    ({"cache-control": ", ;;, max-age=60"}, 60),
    ({"cache-control": 'x="no-store", max-age=60'}, 60),
    ({"cache-control": "max-age=60", "age": "20"}, 40),
    ({"cache-control": "max-age=60", "age": "60"}, None),
    ({"cache-control": "max-age=60", "age": "soon"}, None),
    ({"cache-control": "max-age=60", "date": at(-20)}, 40),
    ({"cache-control": "max-age=60", "date": at(-20), "age": "30"}, 30),
    ({"cache-control": "max-age=60", "date": at(20)}, 60),
    ({"cache-control": "max-age=60", "date": "yesterday"}, 60),
    ({"expires": at(60)}, 60),
    ({"expires": at(60), "date": at(-10)}, 60),
    ({"expires": at(60), "cache-control": "max-age=5"}, 5),
    ({"expires": "0"}, None),
    ({"expires": "0", **ETAG}, 0),
    ({"expires": at(-60)}, None),
    ({"cache-control": "max-age=60", "vary": "*"}, None),
    ({"cache-control": "max-age=60", "vary": "accept, *"}, None),
    ({"cache-control": "max-age=60", "vary": "accept"}, 60),
]


@pytest.mark.parametrize(("headers", "seconds"), TABLE)
def test_how_long_a_reply_is_fresh(headers: dict[str, str], seconds: float | None) -> None:
    found = fresh_s(headers)
    assert found == seconds or (found is not None and seconds == 0 and found <= 0)


def test_a_store_of_one_caller_alone() -> None:
    assert fresh_s({"cache-control": "max-age=60, private, s-maxage=10"}, shared=False) == 60


def test_the_time_on_the_way_counts() -> None:
    assert fresh_s({"cache-control": "max-age=60", "age": "5"}, delay=3) == 52


@pytest.mark.parametrize("status", [201, 206, 301, 302, 304, 400, 401, 500, 503])
def test_statuses_that_are_not_kept(status: int) -> None:
    assert fresh_s({"cache-control": "max-age=60", **ETAG}, status=status) is None


@pytest.mark.parametrize("status", [200, 203, 204, 404, 410])
def test_statuses_that_are_kept_as_long_as_they_say(status: int) -> None:
    assert fresh_s({"cache-control": "max-age=60"}, status=status) == 60


def test_a_304_renews_and_keeps_the_body() -> None:
    old = kept(
        Reply(200, {"ETag": '"a"', "Content-Type": "x/y", "Age": "9", "Cache-Control": "max-age=10"}, b"body"),
        shared=True, now=0, asked=0, wall=WALL,
    )  # fmt: skip
    assert old is not None
    said = Reply(304, {"cache-control": "max-age=70", "content-length": "0"}, b"")
    whole, item = renewed(old, said, shared=True, now=50, asked=50, wall=WALL)
    assert (whole.status, whole.body, whole.headers["content-type"]) == (200, b"body", "x/y")
    assert item is not None
    assert item.until == 120
    assert item.validators == {"If-None-Match": '"a"'}
    assert (
        renewed(old, Reply(304, {"cache-control": "no-store"}, b""), shared=True, now=50, asked=50, wall=WALL)[1]
        is None
    )


def test_what_may_be_answered() -> None:
    assert may_be_asked(Request("GET", "http://a/", {"Accept": "x"}))
    for method in ("POST", "HEAD", "PUT", "DELETE"):
        assert not may_be_asked(Request(method, "http://a/", {}))
    for header in ("Cache-Control", "Range", "If-None-Match", "Pragma"):
        assert not may_be_asked(Request("GET", "http://a/", {header: "x"}))


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
PARTS = st.lists(
    st.sampled_from(["max-age=5", "private", "no-cache", "s-maxage=9", 'x="a, b"', "public", "=", '"']) | TEXT
)


@given(PARTS, TEXT, TEXT, TEXT)
def test_no_store_is_never_kept_and_nothing_fails(parts: list[str], age: str, date: str, expires: str) -> None:
    joined = ", ".join(parts)
    headers = {"cache-control": joined, "age": age, "date": date, "expires": expires}
    item = kept(Reply(200, headers, b""), shared=True, now=0, asked=0, wall=WALL)
    assert item is None or "no-store" not in directives(joined)
    first = kept(
        Reply(200, headers | {"cache-control": f"no-store, {joined}"}, b""), shared=True, now=0, asked=0, wall=WALL
    )
    assert first is None


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_older_is_never_fresher(life: int, age: int, more: int) -> None:
    def left(seconds: int) -> float:
        return fresh_s({"cache-control": f"max-age={life}", "age": str(seconds), **ETAG}) or 0.0

    assert left(age + more) <= left(age)
