from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.collections.shelf import (
    BOOKS,
    INTEGER,
    STRING,
    Answer,
    Shelf,
    book,
    document,
    envelope,
    json_reply,
    operation,
    shelf,
)
from tests.through.gateway import codes

ALL = [book(number) for number in range(1, 24)]
AUTHOR = {"type": "object", "required": ["id"], "properties": {"id": STRING, "name": STRING}}
AUTHORS = {"type": "array", "items": {"$ref": "#/components/schemas/Author"}}
LIST = {"type": "array", "items": STRING, "maxItems": 3}


def author(key: str) -> dict[str, str]:
    return {"id": key, "name": f"Author {key}"}


def books(_: Request) -> Response:
    return json_reply(ALL[:10])


def by_author(request: Request) -> Response:
    mine = [row for row in ALL if row["authorId"] == request.query_params["authorId"]]
    offset, limit = int(request.query_params.get("offset", 0)), int(request.query_params.get("limit", 2))
    return json_reply({"items": mine[offset : offset + min(limit, 2)], "total": len(mine)})


MANY = "links:\n  Author.books: { many: shelf.booksOf, match: { id: authorId } }\n"
OF = operation(
    "/of",
    "booksOf",
    envelope(items=BOOKS, total=INTEGER),
    {"authorId": {**STRING, "x": {"required": True}}, "offset": INTEGER, "limit": INTEGER},
)
SOME = operation("/authors", "someAuthors", AUTHORS, {})


def authors(_: Request) -> Response:
    return json_reply([author("A1"), author("A2"), author("none")])


async def test_a_link_to_an_operation_that_pages_takes_every_page(tmp_path: Path) -> None:
    described = document(OF, SOME, Author=AUTHOR)
    async with shelf(tmp_path, described, {"/of": by_author, "/authors": authors}, rest=MANY) as opened:
        found = await opened.data("{ someAuthors { id books { id authorId } } }")
        for each in found["someAuthors"]:
            assert each["books"] == [
                {"id": row["id"], "authorId": row["authorId"]} for row in ALL if row["authorId"] == each["id"]
            ]
        calls = [parse_qs(urlsplit(call).query) for call in opened.calls if call.startswith("/of")]
        assert [call["authorId"] for call in calls].count(["A1"]) == 2
        assert [call["authorId"] for call in calls].count(["none"]) == 1
        shown = await opened.data('{ __type(name: "Author") { fields { name args { name } } } }')
        assert [each["args"] for each in shown["__type"]["fields"] if each["name"] == "books"] == [[]]


async def test_a_link_that_needs_more_pages_than_are_read_is_an_error_and_never_less(tmp_path: Path) -> None:
    described = document(OF, SOME, Author=AUTHOR)
    pages = "    pages: { max_pages: 1 }\n"
    async with shelf(tmp_path, described, {"/of": by_author, "/authors": authors}, pages, MANY) as opened:
        answer = await opened.ask("{ someAuthors { id books { id } } }")
        assert [code for code, _ in codes(answer)] == ["LIMIT_EXCEEDED"] * 2
        assert [each["books"] for each in answer["data"]["someAuthors"]] == [None, None, []]


def keys_of(request: Request) -> list[str]:
    """The keys that were asked, in whichever way."""
    if request.method == "POST":
        return list(orjson.loads(request._body)["ids"])
    found = request.query_params.getlist("ids")
    return found[0].split(",") if len(found) == 1 else found


def reversed_and_twice(request: Request) -> list[dict[str, str]]:
    found = [author(key) for key in reversed(keys_of(request)) if key != "A3"]
    return [*found, found[0]]


def one_too_many(request: Request) -> list[dict[str, str]]:
    return [author("foreign"), *(author(key) for key in keys_of(request) if key != "A3")]


def everything(_: Request) -> list[dict[str, str]]:
    return [author("A0"), author("A1"), author("foreign")]


def wrapped(give: Callable[[Request], Any]) -> Answer:
    return lambda request: json_reply({"results": give(request)})


def bare(give: Callable[[Request], Any]) -> Answer:
    return lambda request: json_reply(give(request))


ONE = "links:\n  Book.author: { one: shelf.authors, match: { authorId: id } }\n"
QUERY = "{ books { authorId author { id name } } }"
ASKED = {row["authorId"] for row in ALL[:10]}


def batch(schema: object, parameters: dict[str, Any]) -> bytes:
    return document(
        operation("/books", "books", BOOKS, {}), operation("/authors", "authors", schema, parameters), Author=AUTHOR
    )


def check(answer: Any, absent: frozenset[str]) -> None:
    for each in answer["data"]["books"]:
        key = each["authorId"]
        assert each["author"] == (None if key in absent else author(key))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"ids": LIST}, 3),
        ({"ids": {**STRING, "x": {"description": "Up to 4 ids, separated by commas."}}}, 2),
        ({"ids": {**LIST, "x": {"explode": False}}, "sort": STRING}, 3),
    ],
)
async def test_an_operation_that_takes_ids_answers_a_link_in_chunks(
    tmp_path: Path, parameters: dict[str, Any], expected: int
) -> None:
    answers = {"/books": books, "/authors": wrapped(reversed_and_twice)}
    described = batch(envelope(results=AUTHORS), parameters)
    async with shelf(tmp_path, described, answers, rest=ONE) as opened:
        answer = await opened.ask(QUERY)
        assert codes(answer) == []
        check(answer, frozenset({"A3"}))
        assert len([call for call in opened.calls if call.startswith("/authors")]) == expected


async def test_a_post_that_is_declared_a_read_takes_ids_in_its_body(tmp_path: Path) -> None:
    body = {"type": "object", "required": ["ids"], "properties": {"ids": {"type": "array", "items": STRING}}}
    reply = {"description": "Found.", "content": {"application/json": {"schema": envelope(results=AUTHORS)}}}
    sent = {"required": True, "content": {"application/json": {"schema": body}}}
    post = {"post": {"operationId": "authors", "requestBody": sent, "responses": {"200": reply}}}
    described = document(operation("/books", "books", BOOKS, {}), ("/authors", post), Author=AUTHOR)
    stated = "    operations:\n      authors: { effect: read }\n"
    answers = {"/books": books, "/authors": wrapped(reversed_and_twice)}
    async with shelf(tmp_path, described, answers, stated, ONE) as opened:
        answer = await opened.ask(QUERY)
        assert codes(answer) == []
        check(answer, frozenset({"A3"}))
        (call,) = [call for call in opened.calls if call.startswith("/authors")]
        assert set(orjson.loads(call.partition(" ")[2])["ids"]) == ASKED


async def test_rows_that_nobody_asked_for_make_what_is_missing_an_error(tmp_path: Path) -> None:
    for give, absent in ((one_too_many, {"A3"}), (everything, ASKED - {"A0", "A1"})):
        answers = {"/books": books, "/authors": bare(give)}
        async with shelf(tmp_path, batch(AUTHORS, {"ids": LIST}), answers, rest=ONE) as opened:
            answer = await opened.ask(QUERY)
            wanted = [["books", index, "author"] for index, row in enumerate(ALL[:10]) if row["authorId"] in absent]
            assert sorted(codes(answer)) == sorted(("SOURCE_BAD_RESPONSE", path) for path in wanted)
            check(answer, frozenset(absent))


async def test_rows_that_nobody_asked_for_are_dropped_where_keys_were_stated(tmp_path: Path) -> None:
    stated = "    operations:\n      authors: { keys: ids, by: id }\n"
    answers = {"/books": books, "/authors": bare(one_too_many)}
    async with shelf(tmp_path, batch(AUTHORS, {"ids": LIST}), answers, stated, ONE) as opened:
        answer = await opened.ask(QUERY)
        assert codes(answer) == []
        check(answer, frozenset({"A3"}))


async def test_a_key_that_would_read_as_two_is_not_sent(tmp_path: Path) -> None:
    parameters = {"ids": {**STRING, "x": {"description": "Comma-separated."}}}

    def odd(_: Request) -> Response:
        return json_reply([{**book(1), "authorId": "A1,A2"}, book(4)])

    answers = {"/books": odd, "/authors": bare(reversed_and_twice)}
    stated = "    operations:\n      books: { recognise: false }\n"
    async with shelf(tmp_path, batch(AUTHORS, parameters), answers, stated, ONE) as opened:
        answer = await opened.ask("{ books { authorId author { id } } }")
        assert codes(answer) == [("BAD_REQUEST", ["books", 0, "author"])]
        assert answer["data"]["books"][1]["author"] == {"id": "A4"}
        assert all("A1" not in call for call in opened.calls)


async def test_a_list_that_may_be_cut_short_is_not_taken_for_a_batch(tmp_path: Path) -> None:
    described = batch(AUTHORS, {"ids": LIST, "limit": INTEGER})
    with pytest.raises(Exception, match="has no argument that takes"):
        async with shelf(tmp_path, described, {"/books": books, "/authors": bare(everything)}, rest=ONE):
            pass


async def test_a_batch_that_pages_gives_all_its_pages(tmp_path: Path) -> None:
    def paged(request: Request) -> Response:
        keys = request.query_params.getlist("ids")
        offset = int(request.query_params.get("offset", 0))
        return json_reply({"results": [author(key) for key in keys[offset : offset + 2]], "total": len(keys)})

    described = batch(
        envelope(results=AUTHORS, total=INTEGER),
        {"ids": {"type": "array", "items": STRING}, "offset": INTEGER, "limit": {"type": "integer", "maximum": 2}},
    )
    async with shelf(tmp_path, described, {"/books": books, "/authors": paged}, rest=ONE) as opened:
        answer = await opened.ask(QUERY)
        assert codes(answer) == []
        check(answer, frozenset())
        assert len([call for call in opened.calls if call.startswith("/authors")]) == 4


async def test_inspect_tells_the_signs(tmp_path: Path) -> None:
    described = batch(envelope(results=AUTHORS, total=INTEGER), {"ids": LIST, "offset": INTEGER, "limit": INTEGER})
    async with shelf(tmp_path, described, {"/books": books}) as opened:
        model = opened.graph.snapshot.sources["shelf"].model
        assert model.operations["authors"].evidence == (
            'the list lies in "results", as envelopes call it',
            "pages by offset: it takes offset and limit; the reply says how many there are (total)",
            'takes many keys: "ids" is a list, and the results have "id"; at most 3 at once',
        )
        assert isinstance(opened, Shelf)


async def test_a_connection_of_alternatives_obeys_the_rules_of_each(tmp_path: Path) -> None:
    kinds = {"oneOf": [{"$ref": "#/components/schemas/Book"}, {"$ref": "#/components/schemas/Map"}]}
    maps = {"type": "object", "required": ["scale"], "properties": {"scale": INTEGER}}
    reply = envelope(items={"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}, total=INTEGER)
    described = document(
        operation("/things", "things", reply, {"offset": INTEGER, "limit": INTEGER}), Map=maps, Thing=kinds
    )
    answers = {"/things": lambda _: json_reply({"items": [{"id": 1, "title": "b"}, {"scale": 5}], "total": 2})}
    query = "{ thingsConnection(first: 2) { totalCount nodes { __typename } } }"
    async with shelf(tmp_path, described, answers) as opened:
        found = (await opened.data(query))["thingsConnection"]
        assert found == {"totalCount": 2, "nodes": [{"__typename": "Book"}, {"__typename": "Map"}]}
    rules = "access: { default: anonymous, rules: { Map: { roles: [cartographer] } } }\n"
    async with shelf(tmp_path, described, answers, access=rules) as opened:
        body = await opened.ask("{ thingsConnection(first: 2) { totalCount } }")
        assert (body["data"], opened.calls) == ({"thingsConnection": None}, [])
        assert codes(body) == [("FORBIDDEN", ["thingsConnection"])]
