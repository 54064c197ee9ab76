from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from resolvers import ConfigurationError
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
    rows,
    shelf,
)
from tests.through.gateway import codes

ALL = [book(number) for number in range(1, 24)]
SIZED = {"type": "integer", "maximum": 10}

PART = """
query Part($first: Int, $after: String) {
  books: booksConnection(first: $first, after: $after) {
    nodes { id title } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


def number(request: Request, name: str, otherwise: int) -> int:
    return int(request.query_params.get(name, otherwise))


def by_offset(request: Request) -> Response:
    offset, limit = number(request, "offset", 0), min(number(request, "limit", 5), 10)
    return json_reply({"items": ALL[offset : offset + limit], "total": len(ALL)})


def by_page_silently(request: Request) -> Response:
    page, size = number(request, "page", 1), min(number(request, "per_page", 5), 7)
    return json_reply(ALL[(page - 1) * size : page * size])


def by_page_of_pages(request: Request) -> Response:
    page, size = number(request, "page", 0), min(number(request, "size", 5), 10)
    part = ALL[page * size : (page + 1) * size]
    return json_reply({"content": part, "number": page, "totalPages": -(-len(ALL) // size), "totalElements": len(ALL)})


def by_token(request: Request) -> Response:
    start = int(request.query_params.get("cursor", "c0")[1:])
    limit = min(number(request, "limit", 5), 10)
    onward = f"c{start + limit}" if start + limit < len(ALL) else None
    return json_reply({"data": ALL[start : start + limit], "meta": {"next_cursor": onward}})


def by_last_row(request: Request) -> Response:
    start = number(request, "starting_after", 0)
    limit = min(number(request, "limit", 5), 10)
    part = [row for row in ALL if row["id"] > start][:limit]
    return json_reply({"object": "list", "data": part, "has_more": bool(part) and part[-1]["id"] < len(ALL)})


def by_link_header(request: Request) -> Response:
    page, size = number(request, "page", 1), min(number(request, "per_page", 5), 10)
    said = [f'<https://elsewhere.example/api/books?page=1&per_page={size}>; rel="first"']
    if page * size < len(ALL):
        said.append(f'<https://elsewhere.example/api/books?page={page + 1}&per_page={size}>; title="a, b"; rel=next')
    return json_reply(ALL[(page - 1) * size : page * size], Link=", ".join(said))


def by_hidden_link(request: Request) -> Response:
    start = int(request.query_params.get("$skiptoken", "0"))
    onward = f"{request.url.scheme}://{request.url.netloc}/books?$skiptoken={start + 5}&evil=1"
    more = {"@odata.nextLink": onward} if start + 5 < len(ALL) else {}
    return json_reply({"@odata.count": len(ALL), "value": ALL[start : start + 5], **more})


def hal(request: Request) -> Response:
    page, size = number(request, "page", 1), min(number(request, "size", 5), 10)
    links: dict[str, Any] = {"self": {"href": str(request.url)}}
    if page * size < len(ALL):
        links["next"] = {"href": f"/books?page={page + 1}&size={size}"}
    return json_reply({"_embedded": {"books": ALL[(page - 1) * size : page * size]}, "_links": links})


def by_cursor_of_one_name(request: Request) -> Response:
    """The way of an API that signs callers in by a parameter called token."""
    assert request.query_params.get("token") is None
    start = int(request.query_params.get("cursor") or 0)
    limit = min(number(request, "limit", 5), 10)
    onward = {"cursor": str(start + limit)} if start + limit < len(ALL) else {}
    return json_reply({"books": ALL[start : start + limit], "errors": [], **onward})


HREF = envelope(href=STRING)
STYLES: dict[str, tuple[object, dict[str, Any], dict[str, Any], Answer]] = {
    "offset": (envelope(items=BOOKS, total=INTEGER), {"offset": INTEGER, "limit": SIZED}, {}, by_offset),
    "page without a word": (BOOKS, {"page": INTEGER, "per_page": INTEGER}, {}, by_page_silently),
    "page from zero": (
        envelope(content=BOOKS, number=INTEGER, totalPages=INTEGER, totalElements=INTEGER),
        {"page": {"type": "integer", "minimum": 0}, "size": SIZED},
        {},
        by_page_of_pages,
    ),
    "token": (
        envelope(data=BOOKS, meta=envelope(next_cursor={"type": ["string", "null"]})),
        {"cursor": STRING, "limit": SIZED},
        {},
        by_token,
    ),
    "cursor of one name": (
        envelope(books=BOOKS, errors={"type": "array", "items": STRING}, cursor=STRING),
        {"token": STRING, "cursor": STRING, "limit": SIZED},
        {},
        by_cursor_of_one_name,
    ),
    "last row": (
        envelope(object=STRING, data=BOOKS, has_more={"type": "boolean"}),
        {"starting_after": STRING, "ending_before": STRING, "limit": SIZED},
        {},
        by_last_row,
    ),
    "Link header": (BOOKS, {"page": INTEGER, "per_page": SIZED}, {}, by_link_header),
    "links of its own": (
        envelope(**{"value": BOOKS, "@odata.count": INTEGER, "@odata.nextLink": STRING}),
        {"$top": INTEGER, "$skip": INTEGER},
        {},
        by_hidden_link,
    ),
    "links in the reply": (
        envelope(_embedded=envelope(books=BOOKS), _links=envelope(self=HREF, next=HREF)),
        {"page": INTEGER, "size": SIZED},
        {},
        hal,
    ),
}


@pytest.fixture(params=STYLES)
async def paged(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shelf]:
    schema, parameters, more, answer = STYLES[request.param]
    described = document(operation("/books", "books", schema, {**parameters, "q": STRING}, **more))
    async with shelf(tmp_path, described, {"/books": answer}) as opened:
        yield opened


async def test_every_row_comes_once_in_order_whatever_the_style_and_the_size(paged: Shelf) -> None:
    for first in (1, 4, 5, 9, 10, 22, 23, 24, 100):
        seen: list[int] = []
        after = None
        for _ in range(30):
            found = (await paged.data(PART, first=first, after=after))["books"]
            assert len(found["nodes"]) <= first
            assert found["pageInfo"]["hasPreviousPage"] == bool(seen)
            seen += rows(found)
            after = found["pageInfo"]["endCursor"]
            assert found["pageInfo"]["hasNextPage"] == (len(seen) < len(ALL))
            if not found["pageInfo"]["hasNextPage"]:
                break
        assert seen == [row["id"] for row in ALL]
        assert after is None


EDGES = """
query Part($first: Int, $after: String) {
  books: booksConnection(first: $first, after: $after) { edges { cursor node { id } } %s }
}
"""


async def test_the_cursor_of_any_row_leads_on_behind_it_whatever_the_style(paged: Shelf) -> None:
    whole = [row["id"] for row in ALL]
    for first, used in ((1, 1), (4, 3), (10, 6), (100, 11)):
        seen: list[int] = []
        after = None
        for _ in range(30):
            found = (await paged.data(EDGES % "nodes { title }", first=first, after=after))["books"]
            if not found["edges"]:
                break
            assert [row["title"] for row in found["nodes"]] == [f"Book {e['node']['id']}" for e in found["edges"]]
            seen += [edge["node"]["id"] for edge in found["edges"][:used]]
            after = found["edges"][:used][-1]["cursor"]
        assert seen == whole, (first, used)
        assert found["edges"] == []  # the last row has a cursor, too


async def test_edges_cost_no_call_that_rows_do_not(counted: Shelf) -> None:
    part = await counted.data(EDGES % "pageInfo { endCursor }", first=7)
    calls = list(counted.calls)
    await counted.data(PART, first=7)
    assert calls == counted.calls
    assert part["books"]["edges"][-1]["cursor"] == part["books"]["pageInfo"]["endCursor"]


async def test_arguments_of_paging_are_not_those_of_the_connection(paged: Shelf) -> None:
    shown = await paged.data('{ __type(name: "Query") { fields { name args { name } } } }')
    (found,) = [each for each in shown["__type"]["fields"] if each["name"] == "booksConnection"]
    assert {each["name"] for each in found["args"]} - {"top", "token"} == {"first", "after", "q"}


async def test_the_plain_field_stays_as_the_document_says_it(paged: Shelf) -> None:
    shown = await paged.data('{ __type(name: "Query") { fields { name args { name } } } }')
    (plain,) = [each for each in shown["__type"]["fields"] if each["name"] == "books"]
    assert not {"first", "after"} & {each["name"] for each in plain["args"]}
    assert len(plain["args"]) >= 3


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Shelf]:
    schema, parameters, _, answer = STYLES["offset"]
    described = document(
        operation("/books", "books", schema, {**parameters, "q": STRING}),
        operation("/others", "others", schema, parameters),
    )
    pages = "    pages: { first: 3, max_first: 50, max_pages: 2 }\n"
    async with shelf(tmp_path, described, {"/books": answer, "/others": answer}, pages) as opened:
        yield opened


async def test_only_as_many_pages_are_fetched_as_are_needed(counted: Shelf) -> None:
    await counted.data(PART, first=10)
    assert counted.calls == ["/books?limit=10"]
    found = await counted.data("{ booksConnection { nodes { id } } }")
    assert (rows(found["booksConnection"]), counted.calls) == ([1, 2, 3], ["/books?limit=3"])
    found = await counted.data("{ booksConnection(first: 12) { nodes { id } totalCount } }")
    assert (len(found["booksConnection"]["nodes"]), found["booksConnection"]["totalCount"]) == (12, 23)
    assert counted.calls == ["/books?limit=10", "/books?offset=10&limit=10"]


async def test_a_total_alone_costs_one_call_for_one_row_and_nothing_costs_none(counted: Shelf) -> None:
    found = await counted.data("{ booksConnection { totalCount } }")
    assert (found["booksConnection"], counted.calls) == ({"totalCount": 23}, ["/books?limit=1"])
    found = await counted.data("{ booksConnection(first: 0) { nodes { id } } }")
    assert (found["booksConnection"], counted.calls) == ({"nodes": []}, [])


async def test_an_answer_is_cut_at_the_cap_and_says_that_there_is_more(counted: Shelf) -> None:
    found = (await counted.data(PART, first=50))["books"]
    assert (len(found["nodes"]), found["pageInfo"]["hasNextPage"], len(counted.calls)) == (20, True, 2)
    found = (await counted.data(PART, first=50, after=found["pageInfo"]["endCursor"]))["books"]
    assert rows(found) == [21, 22, 23]
    assert found["pageInfo"] == {
        "hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None,
    }  # fmt: skip


@pytest.mark.parametrize("first", [-1, 51])
async def test_first_has_bounds(counted: Shelf, first: int) -> None:
    answer = await counted.ask(PART, first=first)
    assert (codes(answer), counted.calls) == ([("BAD_REQUEST", ["books"])], [])


def forged(cursor: str, old: str, new: str) -> str:
    text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    assert old in text
    return base64.urlsafe_b64encode(text.replace(old, new).encode()).decode().rstrip("=")


async def test_a_cursor_is_good_for_its_own_question_only(counted: Shelf) -> None:
    found = (await counted.data(PART, first=4))["books"]
    cursor = found["pageInfo"]["endCursor"]
    wrong = {
        "nonsense": "{ booksConnection(after: $after) { nodes { id } } }",
        cursor: '{ booksConnection(after: $after, q: "x") { nodes { id } } }',
        forged(cursor, '["offset",4]', '["q",4]'): "{ booksConnection(after: $after) { nodes { id } } }",
        forged(cursor, '["offset",4]', '["offset",-4]'): "{ booksConnection(after: $after) { nodes { id } } }",
        forged(cursor, "[1,", "[2,"): "{ booksConnection(after: $after) { nodes { id } } }",
        forged(cursor, ",4,0,4]", ",100000,0,4]"): "{ booksConnection(after: $after) { nodes { id } } }",
        "x" * 5000: "{ booksConnection(after: $after) { nodes { id } } }",
    }
    for each, query in wrong.items():
        answer = await counted.ask(f"query Q($after: String) {query}", after=each)
        assert (codes(answer), counted.calls) == ([("BAD_REQUEST", ["booksConnection"])], [])
    answer = await counted.ask(
        "query Q($after: String) { othersConnection(after: $after) { nodes { id } } }", after=cursor
    )
    assert (codes(answer), counted.calls) == ([("BAD_REQUEST", ["othersConnection"])], [])
    found = await counted.data("query Q($a: String) { booksConnection(after: $a) { nodes { id } } }", a=cursor)
    assert rows(found["booksConnection"]) == [5, 6, 7]


async def test_links_give_only_what_says_where_to_go_on(tmp_path: Path) -> None:
    schema, parameters, _, answer = STYLES["links of its own"]
    async with shelf(
        tmp_path, document(operation("/books", "books", schema, parameters)), {"/books": answer}
    ) as opened:
        found = (await opened.data(PART, first=10))["books"]
        assert (rows(found), opened.calls) == (list(range(1, 11)), ["/books", "/books?%24skiptoken=5"])
        cursor = forged(found["pageInfo"]["endCursor"], "$skiptoken", "$filter")
        assert codes(await opened.ask(PART, after=cursor)) == [("BAD_REQUEST", ["books"])]
        assert opened.calls == []


def to_another_path(request: Request) -> Response:
    more = {} if request.query_params else {"@odata.nextLink": "https://elsewhere.example/secrets?$skiptoken=5"}
    return json_reply({"value": ALL[:5] if more else ALL[5:], **more})


def in_a_circle(request: Request) -> Response:
    start = int(request.query_params.get("$skiptoken", "0"))
    return json_reply(
        {"value": ALL[start : start + 5], "@odata.nextLink": f"/books?$skiptoken={5 if start != 5 else 10}"}
    )


def without_a_place(_: Request) -> Response:
    return json_reply({"value": ALL[:5], "@odata.nextLink": "/books?$filter=5"})


def no_list(_: Request) -> Response:
    return json_reply({"value": {"id": 1}})


@pytest.mark.parametrize("answer", [to_another_path, in_a_circle, without_a_place, no_list])
async def test_pages_that_lead_astray_are_an_error(tmp_path: Path, answer: Answer) -> None:
    schema, parameters, _, _ = STYLES["links of its own"]
    async with shelf(
        tmp_path, document(operation("/books", "books", schema, parameters)), {"/books": answer}
    ) as opened:
        assert codes(await opened.ask(PART, first=50)) == [("SOURCE_BAD_RESPONSE", ["books"])]
        assert len(opened.calls) <= 3


def deaf(_: Request) -> Response:
    return json_reply(ALL[:5])


def promising(request: Request) -> Response:
    return json_reply({"items": ALL[:5] if "offset" not in request.query_params else [], "total": 23})


def promising_pages(request: Request) -> Response:
    return json_reply({"items": ALL[:5] if "page" not in request.query_params else [], "total": 23})


@pytest.mark.parametrize(
    ("schema", "parameters", "answer"),
    [
        (BOOKS, {"page": INTEGER, "per_page": INTEGER}, deaf),
        (envelope(items=BOOKS, total=INTEGER), {"offset": INTEGER, "limit": SIZED}, promising),
        (envelope(items=BOOKS, total=INTEGER), {"page": INTEGER, "limit": SIZED}, promising_pages),
    ],
)
async def test_a_source_that_repeats_itself_or_stops_short_is_an_error(
    tmp_path: Path, schema: object, parameters: dict[str, Any], answer: Answer
) -> None:
    async with shelf(
        tmp_path, document(operation("/books", "books", schema, parameters)), {"/books": answer}
    ) as opened:
        assert codes(await opened.ask(PART, first=20)) == [("SOURCE_BAD_RESPONSE", ["books"])]
        assert len(opened.calls) == 2


SPELLED = envelope(stuff=envelope(list=BOOKS, **{"a.b": INTEGER}), onward=STRING)


def spelled(request: Request) -> Response:
    start = number(request, "von", 0)
    part = ALL[start : start + 5]
    onward = str(start + 5) if start + 5 < len(ALL) else ""
    return json_reply({"stuff": {"list": part, "a.b": len(ALL)}, "onward": onward})


async def test_what_is_not_recognised_can_be_stated(tmp_path: Path) -> None:
    described = document(operation("/books", "books", SPELLED, {"von": STRING}))
    page = "{ style: cursor, position: von, next: onward, total: stuff.a.b }"
    stated = f"    operations:\n      books: {{ at: stuff.list, page: {page} }}\n"
    async with shelf(tmp_path, described, {"/books": spelled}, stated) as opened:
        found = await opened.data("{ booksConnection(first: 12) { nodes { id } totalCount } }")
        assert rows(found["booksConnection"]) == list(range(1, 13))
        assert found["booksConnection"]["totalCount"] == 23
        assert opened.calls == ["/books", "/books?von=5", "/books?von=10"]


@pytest.mark.parametrize("stated", ["    recognise: false\n", "    operations:\n      books: { recognise: false }\n"])
async def test_recognition_can_be_switched_off(tmp_path: Path, stated: str) -> None:
    schema, parameters, _, answer = STYLES["offset"]
    described = document(operation("/books", "books", schema, parameters))
    async with shelf(tmp_path, described, {"/books": answer}, stated) as opened:
        shown = await opened.data('{ __type(name: "Query") { fields { name } } }')
        assert [each["name"] for each in shown["__type"]["fields"]] == ["books"]


ORDER = {
    "type": "object",
    "properties": {"id": INTEGER, "items": BOOKS, "total": INTEGER, "next": STRING, "page": INTEGER},
}
NO_PAGES: list[tuple[object, dict[str, Any]]] = [
    (ORDER, {"page": INTEGER, "limit": INTEGER}),
    (BOOKS, {"limit": INTEGER}),
    (BOOKS, {"after": {"type": "string", "format": "date-time"}, "limit": INTEGER}),
    (BOOKS, {"since": STRING, "count": INTEGER}),
    (BOOKS, {"token": STRING, "limit": INTEGER}),
    (BOOKS, {"page": {"type": "array", "items": INTEGER}, "limit": INTEGER}),
    (envelope(items=BOOKS, results=BOOKS, total=INTEGER), {"offset": INTEGER, "limit": INTEGER}),
    (BOOKS, {"page": INTEGER}),
]


async def test_what_only_looks_like_pages_is_left_alone(tmp_path: Path) -> None:
    operations = [
        operation(f"/books{index}", f"books{index}", schema, parameters)
        for index, (schema, parameters) in enumerate(NO_PAGES)
    ]
    async with shelf(tmp_path, document(*operations), {}) as opened:
        shown = await opened.data('{ __type(name: "Query") { fields { name } } }')
        assert [each["name"] for each in shown["__type"]["fields"]] == [f"books{index}" for index in range(8)]


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("{ style: cursor, position: von }", "pages by cursor need next"),
        ("{ style: offset }", "pages by offset need position"),
        ("{ style: cursor, position: vom, next: onward }", 'did you mean "von"'),
        ("{ style: cursor, position: von, next: onwards }", 'did you mean "onward"'),
        ("{ style: cursor, position: von, next: onward, total: stuff.lis }", 'did you mean "list"'),
    ],
)
async def test_a_statement_that_does_not_fit_is_refused_with_what_to_mend(tmp_path: Path, page: str, told: str) -> None:
    described = document(operation("/books", "books", SPELLED, {"von": STRING}))
    stated = f"    operations:\n      books: {{ at: stuff.list, page: {page} }}\n"
    with pytest.raises(ConfigurationError) as raised:
        async with shelf(tmp_path, described, {}, stated):
            pass
    (problem,) = raised.value.problems
    assert problem.where[:5] == ("sources", "shelf", "operations", "books", "page")
    assert told in f"{problem.what} {problem.mend}"
