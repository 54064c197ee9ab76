"""Requests and replies of REST sources without a socket: what a value can never do, and what JSON must keep exactly."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.errors import (
    BadRequest,
    OutcomeUnknown,
    RateLimited,
    SourceBadResponse,
    SourceError,
    SourceFault,
    SourceRejected,
    SourceUnavailable,
)
from resolvers.http import Reply
from resolvers.model import (
    Argument,
    Effect,
    Field,
    InputType,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    TypeRef,
)
from resolvers.rest.replies.reply import Replies
from resolvers.rest.requests.given import Inputs
from resolvers.rest.requests.request import encode
from resolvers.rest.shapes import Answer, Body, Encoding, InputShapes, Parameter, RequestShape
from resolvers.source import EVERYTHING, LEAF, Selection

NO_INPUTS = Inputs({})
SERVER = "https://crm.internal/v1/"
ORDER = RequestShape("GET", "/customers/{id}/orders", (Parameter("id", "path", "id"),))


def path(value: object, shape: RequestShape = ORDER) -> str:
    return urlsplit(encode(shape, SERVER, {"id": value}, NO_INPUTS).url).path


@pytest.mark.parametrize("value", [".", "..", "", None, "a\0b", "\ud800"])
def test_a_path_refuses(value: object) -> None:
    with pytest.raises(BadRequest):
        path(value)


@pytest.mark.parametrize("value", [
    "../admin", "..%2fadmin", "%2e%2e", "a/../../b", "x?admin=1", "x#y", "x;y", "\\..\\", "//evil.example", "@evil",
    "ünï", "a b", "\r\nHost: evil", "{id}", ":80",
])  # fmt: skip
def test_a_value_stays_in_its_segment(value: str) -> None:
    url = urlsplit(encode(ORDER, SERVER, {"id": value}, NO_INPUTS).url)
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("https", "crm.internal", "", "")
    root, version, customers, segment, orders = url.path.split("/")
    assert (root, version, customers, orders) == ("", "v1", "customers", "orders")
    assert unquote(segment) == value


@given(st.text(min_size=1))
def test_every_value_is_carried_or_refused(value: str) -> None:
    try:
        found = path(value)
    except BadRequest:
        assert value in {".", ".."} or "\0" in value or any(0xD800 <= ord(letter) < 0xE000 for letter in value)
        return
    assert found.count("/") == 4
    assert unquote(found.split("/")[3]) == value


def test_two_values_make_no_dots_together() -> None:
    shape = RequestShape("GET", "/x/{a}{b}", (Parameter("a", "path", "a"), Parameter("b", "path", "b")))
    with pytest.raises(BadRequest):
        encode(shape, SERVER, {"a": ".", "b": "."}, NO_INPUTS)


@pytest.mark.parametrize(("value", "sent"), [
    (7, "7"), (True, "true"), (2**70, str(2**70)), (Decimal("1E+3"), "1000"), (date(2026, 2, 1), "2026-02-01"),
    (datetime(2026, 2, 1, 12, tzinfo=UTC), "2026-02-01T12%3A00%3A00Z"), (b"ab", "YWI%3D"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"), ([1, "a,b"], "1,a%2Cb"),
])  # fmt: skip
def test_values_in_a_path(value: object, sent: str) -> None:
    assert path(value) == f"/v1/customers/{sent}/orders"


def test_queries() -> None:
    shape = RequestShape("GET", "/o", (
        Parameter("ids", "query", "ids", Encoding()), Parameter("tag[]", "query", "tags", Encoding(explode=False)),
        Parameter("p", "query", "p", Encoding("pipeDelimited", explode=False)),
        Parameter("q&", "query", "q", Encoding()), Parameter("n", "query", "none", Encoding()),
    ))  # fmt: skip
    arguments = {"ids": [1, "a&b"], "tags": ["x", "y,z"], "p": ["1", "2"], "q": "=?", "none": None}
    url = encode(shape, SERVER, arguments, NO_INPUTS).url
    assert url == "https://crm.internal/v1/o?ids=1&ids=a%26b&tag[]=x,y%2Cz&p=1%7C2&q%26=%3D%3F"
    assert encode(shape, SERVER, {"ids": []}, NO_INPUTS).url == "https://crm.internal/v1/o"


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb", "a\0b", "\u20ac", "", " a", "\x7f", ["a,b"]])
def test_a_header_refuses(value: object) -> None:
    shape = RequestShape("GET", "/o", (Parameter("X-Note", "header", "note"),))
    with pytest.raises(BadRequest):
        encode(shape, SERVER, {"note": value}, NO_INPUTS)


def test_headers_and_cookies() -> None:
    shape = RequestShape("GET", "/o", (
        Parameter("X-Note", "header", "note"), Parameter("sid", "cookie", "sid", Encoding()),
        Parameter("lang", "cookie", "lang", Encoding()),
    ))  # fmt: skip
    headers = encode(shape, SERVER, {"note": ["a", 1], "sid": "x; admin=1", "lang": "de"}, NO_INPUTS).headers
    assert headers == {"Accept": "application/json", "X-Note": "a,1", "Cookie": "sid=x%3B%20admin%3D1; lang=de"}


def test_bodies_are_exact() -> None:
    fields: dict[str, TypeRef] = {
        "price": ScalarRef(Scalar.DECIMAL), "text": ScalarRef(Scalar.DECIMAL), "big": ScalarRef(Scalar.BIG_INT),
        "when": ScalarRef(Scalar.DATE_TIME), "lines": ListRef(NamedRef("Line")),
    }  # fmt: skip
    inputs = Inputs(
        {"Line": InputType("Line", {name: Argument(name, ref) for name, ref in fields.items()})},
        InputShapes(frozenset({("Line", "text")})),
    )
    shape = RequestShape("POST", "/o", body=Body(NamedRef("Line"), "application/json", required=True))
    row = {"price": Decimal("1.10"), "text": Decimal("1.10"), "big": 2**70, "when": datetime(2026, 1, 1, tzinfo=UTC)}
    body = encode(shape, SERVER, {"body": {**row, "lines": [row]}}, inputs).body
    flat = f'"price":1.10,"text":"1.10","big":{2**70},"when":"2026-01-01T00:00:00Z"'
    assert body == f'{{{flat},"lines":[{{{flat}}}]}}'.encode()
    for bad in ({"price": Decimal("NaN")}, {"price": float("inf")}, {"when": "\ud800"}):
        with pytest.raises(BadRequest):
            encode(shape, SERVER, {"body": bad}, inputs)
    with pytest.raises(BadRequest):
        encode(shape, SERVER, {}, inputs)


TYPES = {
    "Order": ObjectType("Order", {
        "id": Field("id", ScalarRef(Scalar.BIG_INT)),
        "total": Field("total", ScalarRef(Scalar.DECIMAL, nullable=True)),
        "weight": Field("weight", ScalarRef(Scalar.FLOAT)),
        "note": Field("note", ScalarRef(Scalar.JSON)),
        "lines": Field("lines", ListRef(NamedRef("Order"))),
    }),
    "Note": ObjectType("Note", {
        "text": Field("text", ScalarRef(Scalar.STRING)), "any": Field("any", ScalarRef(Scalar.JSON)),
        "of": Field("of", NamedRef("Note")),
    }),
}  # fmt: skip


def decode(body: bytes, ref: TypeRef, selection: Selection = EVERYTHING, media: str = "application/json") -> object:
    operation = Operation("x", Effect.READ, {}, ref)
    reply = Reply(200, {"content-type": media}, body)
    return Replies(TYPES).decode(RequestShape("GET", "/x"), operation, ref, reply, selection)


def test_numbers_are_exact() -> None:
    body = f'{{"id": {2**70}, "total": 0.10000000000000000001, "weight": 1.5, "note": [1.5, {2**70}], "lines": []}}'
    row = decode(f"[{body}]".encode(), ListRef(NamedRef("Order")))
    assert isinstance(row, list)
    assert row[0] == {
        "id": 2**70, "total": Decimal("0.10000000000000000001"), "weight": 1.5, "note": [1.5, 2**70], "lines": [],
    }  # fmt: skip
    assert isinstance(row[0]["weight"], float)
    assert isinstance(row[0]["note"][0], float)


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b'{"text": "a", "text": "b"}', b'{"any": {"a": 1, "a": 2}}', b'{"any": NaN}',
    b'{"text": "\xff"}', b"[]", b'"x"', DEEP, b'{"any": ' + DEEP + b"}",
    b'{"any": ' + b"[" * 300 + b"]" * 300 + b"}", b"\xff\xfe{\x00}\x00", b'{"any": ' + b"9" * 5000 + b"}", b"{} {}",
])  # fmt: skip
def test_a_reply_is_refused(body: bytes) -> None:
    with pytest.raises(SourceBadResponse):
        decode(body, NamedRef("Note"))


@pytest.mark.parametrize(("body", "path"), [
    (b'{"text": "a", "any": 1e400}', ["any"]), (b'{"text": "a", "of": []}', ["of"]),
    (b'{"text": "a", "of": "x"}', ["of"]), (b'{"of": {"text": 7, "any": 1}, "text": "a"}', ["of", "text"]),
    (b'{"of": {"of": {"of": 1}}, "text": "a"}', ["of", "of", "of"]),
])  # fmt: skip
def test_what_breaks_the_description_is_an_error_in_its_own_place(body: bytes, path: list[str]) -> None:
    row = decode(body, NamedRef("Note"))
    assert isinstance(row, dict)
    assert row.get("text") == "a"
    found: object = row
    for key in path:
        assert isinstance(found, dict)
        found = found[key]
    assert isinstance(found, SourceBadResponse)


@pytest.mark.parametrize(("scalar", "good", "bad"), [
    (Scalar.STRING, ["", "a"], [1, True, 1.5, [], {}]), (Scalar.INT, [1, -1, 1.0], ["1", True, 1.5, [1], {}]),
    (Scalar.BIG_INT, [2**70, "7"], [True, 1.5, []]), (Scalar.FLOAT, [1, 1.5], ["1", False, []]),
    (Scalar.BOOLEAN, [True, False], [0, 1, "true"]), (Scalar.UUID, [str(UUID(int=1))], [1, {}]),
    (Scalar.DECIMAL, [1, 1.5, "1.5"], [True, [], {}]), (Scalar.DATE, ["2026-01-01"], [20260101]),
])  # fmt: skip
@pytest.mark.parametrize("selection", [EVERYTHING, Selection({"x": LEAF})])
def test_scalars_are_of_the_json_type_that_was_described(
    scalar: Scalar, good: list[object], bad: list[object], selection: Selection
) -> None:
    types = {"Row": ObjectType("Row", {"x": Field("x", ScalarRef(scalar)), "j": Field("j", ScalarRef(Scalar.JSON))})}
    operation = Operation("x", Effect.READ, {}, NamedRef("Row"))
    shape = RequestShape("GET", "/x")
    for value in [*good, *bad]:
        reply = Reply(200, {"content-type": "application/json"}, json.dumps({"x": value}).encode())
        row = Replies(types).decode(shape, operation, operation.result, reply, selection)
        assert isinstance(row, dict)
        assert isinstance(row["x"], SourceBadResponse) == any(value is other for other in bad)


def test_a_short_number_that_is_long_to_write_is_no_integer() -> None:
    types = {"Row": ObjectType("Row", {
        "i": Field("i", ScalarRef(Scalar.INT)), "d": Field("d", ScalarRef(Scalar.DECIMAL)),
    })}  # fmt: skip
    operation = Operation("x", Effect.READ, {}, NamedRef("Row"))
    reply = Reply(200, {"content-type": "application/json"}, b'{"i": 1e999999999, "d": 1}')
    row = Replies(types).decode(RequestShape("GET", "/x"), operation, operation.result, reply)
    assert isinstance(row, dict)
    assert isinstance(row["i"], SourceBadResponse)


def test_deep_chains_are_refused() -> None:
    body: dict[str, object] = {"text": "end"}
    for _ in range(400):
        body = {"of": body}
    with pytest.raises(SourceBadResponse):
        decode(json.dumps(body).encode(), NamedRef("Note"))


def test_only_what_was_selected_is_read() -> None:
    body = b'{"text": "a", "of": "not an object"}'
    assert decode(body, NamedRef("Note"), Selection({"text": LEAF})) == {"text": "a"}


@pytest.mark.parametrize("media", ["text/html", "", "application/xml", "application/json; charset=utf-16"])
def test_a_login_page_is_no_data(media: str) -> None:
    with pytest.raises(SourceBadResponse):
        decode(b'{"text": "a"}', NamedRef("Note"), media=media)


@pytest.mark.parametrize("media", ["application/json; charset=UTF-8", "Application/HAL+JSON"])
def test_json_by_other_names(media: str) -> None:
    assert decode(b'{"text": "a"}', NamedRef("Note"), media=media) == {"text": "a"}


def test_text_and_nothing() -> None:
    text = RequestShape("GET", "/x", reply=Answer("text", ("text/plain",)))
    ref = ScalarRef(Scalar.STRING)
    operation = Operation("x", Effect.READ, {}, ref)
    given = Reply(200, {"content-type": "text/plain; charset=iso-8859-1"}, b"caf\xe9")
    assert Replies({}).decode(text, operation, ref, given) == "café"
    empty = Reply(204, {}, b"")
    assert Replies({}).decode(RequestShape("DELETE", "/x", reply=Answer("none")), operation, None, empty) is None


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (201, b"{"), (302, b""), (502, b""), (504, b"{}")])
def test_of_a_write_whose_reply_says_nothing_nobody_knows_the_outcome(effect: Effect, status: int, body: bytes) -> None:
    operation = Operation("x", effect, {}, NamedRef("Note"))
    reply = Reply(status, {"content-type": "application/json"}, body)
    known = effect is Effect.READ
    with pytest.raises((SourceBadResponse, SourceFault) if known else OutcomeUnknown):
        Replies(TYPES).decode(RequestShape("POST", "/x"), operation, operation.result, reply)


@pytest.mark.parametrize(
    ("status", "error"), [(400, SourceRejected), (429, RateLimited), (500, SourceFault), (503, SourceUnavailable)]
)
def test_a_write_that_the_source_itself_refused_has_an_outcome(status: int, error: type[SourceError]) -> None:
    operation = Operation("x", Effect.WRITE, {}, NamedRef("Note"))
    with pytest.raises(error):
        Replies(TYPES).decode(RequestShape("POST", "/x"), operation, operation.result, Reply(status, {}, b""))
