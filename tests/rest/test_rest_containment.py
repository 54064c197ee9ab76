"""A value of a caller stays where it belongs, whatever the style: no other path, query, header or cookie."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.errors import BadRequest
from resolvers.http import Request
from resolvers.rest.requests.given import Inputs
from resolvers.rest.requests.request import Encoder
from resolvers.rest.shapes import Encoding, Location, Parameter, RequestShape, Style

NASTY = [
    "../admin", "..", ".", "..%2f", "%2e%2e", "a/b", "?x=", "#", "\\", ";", "", "//evil", "\r\nX: y", "\0", "é",
    "\ud800",
    "a&admin=1", "..;", ".;/", "a=b", "a,b", "+", "{id}", "@evil", ":80", "[a]", "|", "\t", " ",
]  # fmt: skip
PATHS: list[Style] = ["simple", "label", "matrix"]
QUERIES: list[Style] = ["form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"]
VALUES = st.text() | st.sampled_from(NASTY)
ANY = VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(VALUES, VALUES | st.lists(VALUES, max_size=2), max_size=3)


def asked(location: Location, encoding: Encoding, value: object, name: str = "id") -> Request | None:
    template = "/p/{id}/z" if location == "path" else "/p"
    shape = RequestShape("GET", template, (Parameter(name, location, "v", encoding),))
    try:
        return Encoder(shape, Inputs({}), frozenset({"key"})).encode("https://crm.internal/v1", {"v": value})
    except BadRequest:
        return None


@given(value=ANY, style=st.sampled_from(PATHS), explode=st.booleans())
def test_a_path(value: object, style: Style, explode: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
    request = asked("path", Encoding(style, explode), value)
    if request is None:
        return
    assert request.url.startswith("https://crm.internal/v1/p/")
    url = urlsplit(request.url)
    assert (url.netloc, url.query, url.fragment) == ("crm.internal", "", "")
    root, version, first, segment, last = url.path.split("/")
    assert (root, version, first, last) == ("", "v1", "p", "z")
    assert segment.partition(";")[0] not in {"..", "."}
    assert segment
    assert request.url.isascii()


@pytest.mark.parametrize("style", PATHS)
@pytest.mark.parametrize("value", NASTY)
def test_a_path_of_nasty_values(style: Style, value: str) -> None:
    request = asked("path", Encoding(style, explode=False), value)
    if request is None:
        assert value in {"", ".", "..", "\0", "\ud800"}
        return
    segment = urlsplit(request.url).path.split("/")[3]
    told = {"simple": segment, "label": segment[1:], "matrix": segment.removeprefix(";id").removeprefix("=")}[style]
    assert unquote(told) == value


@given(value=ANY, style=st.sampled_from(QUERIES), explode=st.booleans(), reserved=st.booleans())
def test_a_query(value: object, style: Style, explode: bool, reserved: bool) -> None:  # noqa: FBT001  # drawn
    request = asked("query", Encoding(style, explode, reserved), value)
    if request is None:
        return
    assert request.url.isascii()
    assert not {" ", "#", "\r", "\n", "\0", "+", ";"} & set(request.url)
    url = urlsplit(request.url)
    assert (url.netloc, url.path, url.fragment) == ("crm.internal", "/v1/p", "")
    names = [unquote(pair.partition("=")[0]) for pair in url.query.split("&") if pair]
    if explode and style != "deepObject" and isinstance(value, Mapping):
        assert set(names) <= set(value)
        assert "key" not in names
    else:
        assert {name.partition("[")[0] for name in names} <= {"id"}


@given(value=ANY, explode=st.booleans())
def test_a_header(value: object, explode: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
    request = asked("header", Encoding("simple", explode), value, "X-Id")
    if request is not None:
        assert request.url == "https://crm.internal/v1/p"
        assert set(request.headers) <= {"Accept", "X-Id"}
        text = request.headers.get("X-Id", "x")
        assert text.isascii()
        assert text.isprintable()
        assert text == text.strip()


@given(value=ANY, explode=st.booleans())
def test_a_cookie(value: object, explode: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
    request = asked("cookie", Encoding("form", explode), value)
    if request is None or "Cookie" not in request.headers:
        return
    text = request.headers["Cookie"]
    assert text.isascii()
    assert text.isprintable()
    pairs = [pair.partition("=")[0] for pair in text.split("; ")]
    if not (explode and isinstance(value, Mapping)):
        assert set(pairs) == {"id"}
    assert all(";" not in pair and "," not in pair for pair in pairs)


@pytest.mark.parametrize(("location", "other"), [("query", "admin"), ("query", "key"), ("cookie", "admin")])
def test_a_member_takes_no_other_name(location: Location, other: str) -> None:
    shape = RequestShape("GET", "/p?fixed=1", (
        Parameter("filter", location, "filter", Encoding()), Parameter("admin", location, "admin", Encoding()),
    ))  # fmt: skip
    encoder = Encoder(shape, Inputs({}), frozenset({"key"}))
    free = encoder.encode("https://crm.internal", {"filter": {"free": "1"}})
    assert "free=1" in free.url + free.headers.get("Cookie", "")
    with pytest.raises(BadRequest):
        encoder.encode("https://crm.internal", {"filter": {other: "1"}})


def test_a_member_takes_no_name_of_the_template() -> None:
    shape = RequestShape("GET", "/p?action=read", (Parameter("filter", "query", "filter", Encoding()),))
    with pytest.raises(BadRequest):
        Encoder(shape, Inputs({})).encode("https://crm.internal", {"filter": {"action": "delete"}})
