"""Whole answers to registered operations are kept where every part of them is, and for nobody who may see less."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resolvers import CacheTally, Found, MemoryStore
from tests.caching.house import TRUSTED, House, house
from tests.caching.test_caching_apart import bearing

QUERY = "query Orders($id: String!) { orders { id customer { name } } customer(id: $id) { name } }"
RENAME = 'mutation { rename(id: "1", body: { name: "x" }) { name } }'
KEPT = "  cache: { ttl_s: 60 }\n  operations: { customers: { keys: ids, by: id, cache: { ttl_s: 30 } } }"


def key(text: str = QUERY) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def server(folder: Path, *texts: str, more: str = "") -> str:
    path = folder / "documents.json"
    path.write_text(json.dumps({key(text): text for text in (QUERY, *texts)}))
    return f"documents: {{ manifest: {path} }}, cache: {{ responses: true }}{more}"


async def get(made: House, text: str = QUERY, headers: dict[str, str] | None = None, **variables: object) -> Any:
    """The answer to a GET by the id alone."""
    params = {"documentId": key(text), "variables": json.dumps(variables)}
    return await made.client.get("/graphql", params=params, headers=headers or {})


def hits(made: House) -> int:
    responses = made.snapshot.graph._responses
    assert responses is not None
    return responses.tally.hits


async def test_an_answer_lives_as_long_as_the_first_of_its_parts(tmp_path: Path) -> None:
    async with house(tmp_path, KEPT, server=server(tmp_path)) as made:
        first = await get(made, id="1")
        assert first.headers["cache-control"] == "public, max-age=30"
        assert first.headers["age"] == "0"
        assert "authorization" in first.headers["vary"]
        before = made.counted.hits
        made.clock.now = 29.5
        second = await get(made, id="1")
        assert (second.content, second.headers["age"]) == (first.content, "29")
        assert second.headers["cache-control"] == "public, max-age=30"
        assert (hits(made), made.counted.hits) == (1, before)  # no part of it was looked up
        posted = await made.client.post("/graphql", json={"documentId": key(), "variables": {"id": "1"}})
        assert (posted.content, posted.headers["cache-control"]) == (first.content, "no-store")
        made.crm.taken()
        made.clock.now = 30
        third = await get(made, id="1")
        assert made.crm.taken() == ["GET /customers?ids=1&ids=2&ids=3"]
        assert third.headers["cache-control"] == "public, max-age=30"
        made.clock.now = 45
        assert (await get(made, id="2")).headers["cache-control"] == "public, max-age=15"


async def test_other_variables_documents_and_texts_that_are_not_registered_are_others(tmp_path: Path) -> None:
    other = "{ orders { id } }"
    async with house(tmp_path, KEPT, server=server(tmp_path, other)) as made:
        for _ in range(2):
            assert (await get(made, id="1")).json()["data"]["customer"] == {"name": "name 1"}
            assert (await get(made, id="2")).json()["data"]["customer"] == {"name": "name 2"}
            assert "customer" not in (await get(made, other)).json()["data"]["orders"][0]
        assert hits(made) == 3
        for _ in range(2):
            free = await made.client.get("/graphql", params={"query": "{ orders { customerId } }"})
            assert free.headers["cache-control"] == "no-store"
        assert hits(made) == 3


async def test_a_write_forgets_answers_with_a_part_that_it_may_have_changed(tmp_path: Path) -> None:
    async with house(tmp_path, KEPT, server=server(tmp_path)) as made:
        await get(made, id="1")
        await made.data(RENAME)
        assert (await get(made, id="1")).json()["data"]["customer"] == {"name": "name 1!"}
        assert hits(made) == 0


async def test_callers_who_may_see_less_are_never_given_the_answer_of_others(tmp_path: Path) -> None:
    rules = "Customer.name: { scopes: [names] }"
    text = "{ orders { id } }"
    more = f", {TRUSTED}"
    async with house(tmp_path, KEPT, server=server(tmp_path, text, more=more), rules=rules) as made:
        allowed, other = bearing(sub="ann", scope="names"), bearing(sub="ben")
        for _ in range(2):
            seen = await get(made, headers=allowed, id="1")
            assert seen.json()["data"]["customer"] == {"name": "name 1"}
            assert seen.headers["cache-control"].startswith("private, ")
            refused = await get(made, headers=other, id="1")
            assert refused.json()["data"]["customer"] == {"name": None}
            assert refused.headers["cache-control"] == "no-store"
        assert hits(made) == 1
        await get(made, text, headers=allowed)
        assert (await get(made, text, headers=other)).json() == {"data": {"orders": [{"id": n} for n in (1, 2, 3, 4)]}}
        assert hits(made) == 2  # of what both may see there is one


@pytest.mark.parametrize(
    ("source", "rules"),
    [
        (
            "  operations: { customers: { keys: ids, by: id, cache: { ttl_s: 30 } }, orders: { cache: { ttl_s: 9 } } }",
            "",
        ),
        (KEPT + "\n  auth: { forward: { claims: { X-User: sub } } }", ""),
        (KEPT.replace("ttl_s: 60", "ttl_s: 60, scope: caller"), ""),
        (KEPT, "Customer: { rows: { id: { eq: $claims.sub } } }"),
    ],
)
async def test_an_answer_with_a_part_that_is_not_kept_or_not_shared_is_not_kept(
    tmp_path: Path, source: str, rules: str
) -> None:
    async with house(tmp_path, source, server=server(tmp_path, more=f", {TRUSTED}"), rules=rules) as made:
        for subject in ("1", "2", "1"):
            answer = await get(made, headers=bearing(sub=subject), id=subject)
            assert answer.headers["cache-control"] == "no-store"
        assert hits(made) == 0


async def test_an_answer_with_an_error_or_something_stale_is_not_kept(tmp_path: Path) -> None:
    source = KEPT.replace("ttl_s: 30", "ttl_s: 30, stale_if_error_s: 300")
    async with house(tmp_path, source, server=server(tmp_path)) as made:
        await get(made, id="1")
        made.clock.now = 31
        made.crm.broken_paths = {"/customers"}
        answer = await get(made, id="1")
        assert answer.json()["extensions"]["freshness"][0]["path"] == ["orders", "customer"]
        assert answer.headers["cache-control"] == "no-store"
        made.crm.broken_paths = {"/customers/9"}
        assert "errors" in (await get(made, id="9")).json()
        assert (await get(made, id="9")).headers["cache-control"] == "no-store"
        assert hits(made) == 0


@pytest.mark.parametrize("first", [True, False])
async def test_whoever_asks_for_ages_is_told_them_and_nobody_else_is(tmp_path: Path, *, first: bool) -> None:
    report = {"graphql-freshness": "report"}
    async with house(tmp_path, KEPT, server=server(tmp_path)) as made:
        await made.data("{ orders { customer { name } } }")  # so that parts of the answer are kept
        made.clock.now = 5
        asked = [report, {}] if first else [{}, report]
        for headers in asked * 2:
            answer = await get(made, headers=headers, id="1")
            assert answer.json()["data"]["customer"] == {"name": "name 1"}
            ages = {each["ageSeconds"] for each in answer.json().get("extensions", {}).get("freshness", ())}
            assert (5 in ages) is bool(headers)
        assert hits(made) == 1
        assert "graphql-freshness" in (await get(made, id="1")).headers["vary"]


async def test_rate_limits_count_answers_that_are_kept(tmp_path: Path) -> None:
    limits = ", rate_limits: { rules: { all: { requests: 3, per_s: 3600 } } }"
    async with house(tmp_path, KEPT, server=server(tmp_path, more=limits)) as made:
        statuses = [(await get(made, id="1")).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]


async def test_a_change_is_made_each_time_though_all_that_its_answer_holds_is_kept(tmp_path: Path) -> None:
    text = 'mutation { place(body: { name: "x" }) { customer { name } } }'
    async with house(tmp_path, KEPT, server=server(tmp_path, text)) as made:
        for _ in range(3):
            posted = await made.client.post("/graphql", json={"documentId": key(text)})
            assert posted.json() == {"data": {"place": {"customer": {"name": "name 1"}}}}
        assert made.crm.taken().count("POST /orders") == 3


async def test_documents_that_differ_in_a_value_alone_have_answers_of_their_own(tmp_path: Path) -> None:
    one, two = '{ customer(id: "1") { name } }', '{ customer(id: "2") { name } }'
    several = 'query A { customer(id: "1") { name } } query B { customer(id: "2") { name } }'
    async with house(tmp_path, KEPT, server=server(tmp_path, one, two, several)) as made:
        for _ in range(2):
            assert (await get(made, one)).json() == {"data": {"customer": {"name": "name 1"}}}
            assert (await get(made, two)).json() == {"data": {"customer": {"name": "name 2"}}}
        for name, number in (("A", 1), ("B", 2)) * 2:
            asked = {"documentId": key(several), "operationName": name}
            answer = (await made.client.post("/graphql", json=asked)).json()
            assert answer == {"data": {"customer": {"name": f"name {number}"}}}
        assert hits(made) == 4


async def test_what_one_gateway_kept_says_nothing_to_one_with_other_settings(tmp_path: Path) -> None:
    """As after a change of the file: the store stays, and the sources are others."""
    store = MemoryStore(1_000_000)
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    async with house(tmp_path / "before", KEPT, server=server(tmp_path), store=store) as made:
        assert (await get(made, id="1")).json()["data"]["customer"] == {"name": "name 1"}
        async with house(tmp_path / "after", KEPT, server=server(tmp_path), store=store) as other:
            other.crm.names["1"] = "of another system"
            assert (await get(other, id="1")).json()["data"]["customer"] == {"name": "of another system"}
        assert (await get(made, id="1")).json()["data"]["customer"] == {"name": "name 1"}
        assert hits(made) == 1


async def test_what_is_shown_of_the_schema_beside_data_is_each_callers_own(tmp_path: Path) -> None:
    text = '{ orders { id } __type(name: "Customer") { fields { name } } }'
    rules = "Customer.name: { scopes: [names] }"
    async with house(tmp_path, KEPT, server=server(tmp_path, text, more=f", {TRUSTED}"), rules=rules) as made:
        for _ in range(2):
            for scope, seen in (("names", True), ("", False)):
                answer = (await get(made, text, headers=bearing(sub="ann", scope=scope))).json()
                assert ({"name": "name"} in answer["data"]["__type"]["fields"]) == seen


@pytest.mark.parametrize("how", ["header", "extension"])
async def test_who_asks_how_old_an_answer_is_is_told_though_it_is_kept(tmp_path: Path, how: str) -> None:
    async with house(tmp_path, KEPT, server=server(tmp_path)) as made:
        await get(made, id="1")
        made.clock.now = 20
        asked: dict[str, object] = {"documentId": key(), "variables": {"id": "1"}}
        if how == "extension":
            asked["extensions"] = {"freshness": True}
        headers = {"graphql-freshness": "report"} if how == "header" else {}
        body = (await made.client.post("/graphql", json=asked, headers=headers)).json()
        assert {each["ageSeconds"] for each in body["extensions"]["freshness"]} == {20}


async def test_whoever_sees_a_mask_has_no_answer_in_common_with_who_does_not(tmp_path: Path) -> None:
    rules = "Customer.name: { scopes: [names], mask: { constant: '***' } }"
    text = '{ customer(id: "1") { name } }'
    async with house(tmp_path, KEPT, server=server(tmp_path, text, more=f", {TRUSTED}"), rules=rules) as made:
        for _ in range(2):
            for scope, seen in (("names", "name 1"), ("", "***")):
                answer = (await get(made, text, headers=bearing(sub="ann", scope=scope))).json()
                assert answer == {"data": {"customer": {"name": seen}}}


HAND_WRITTEN = """
import itertools
from collections.abc import Mapping

from schema import Extension

extension = Extension()
numbers = itertools.count(1)


@extension.field("Order", needs=("id",))
def number(parent: Mapping[str, object]) -> int:
    return next(numbers)
"""


async def test_what_is_made_by_hand_is_made_each_time(tmp_path: Path) -> None:
    (tmp_path / "more.py").write_text(HAND_WRITTEN)
    text = "{ orders { number } }"
    async with house(tmp_path, KEPT, "extensions: [more.py]", server=server(tmp_path, text)) as made:
        for first in (1, 5):
            numbers = [each["number"] for each in (await get(made, text)).json()["data"]["orders"]]
            assert numbers == list(range(first, first + 4))


async def test_an_answer_with_a_part_of_a_source_that_keeps_nothing_is_not_kept(tmp_path: Path) -> None:
    text = "{ orders { id } plainMe { name } }"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with house(tmp_path / "one", KEPT) as outer:
        source = f"{KEPT}\nplain: {{ openapi: ./crm.json, url: '{outer.crm.url}', prefix: plain }}"
        stated = server(tmp_path, text)
        async with house(tmp_path / "two", source, server=stated, crm_of=outer) as made:
            for _ in range(2):
                assert (await get(made, text)).json()["data"]["plainMe"] == {"name": "nobody"}
            assert made.crm.taken().count("GET /me") == 2


class Leaving(MemoryStore):
    """A store that has what it is asked for, and does not answer when it is asked for versions afterwards."""

    away = False

    async def read(self, keys: Sequence[bytes], tags: Sequence[str], tally: CacheTally) -> Found:
        found = await super().read(keys, tags, tally)
        return replace(found, stamp=None) if self.away and not keys else found


async def test_a_store_that_leaves_between_two_questions_has_kept_nothing(tmp_path: Path) -> None:
    store = Leaving(1_000_000)
    async with house(tmp_path, KEPT, server=server(tmp_path), store=store) as made:
        first = await get(made, id="1")
        store.away = True
        assert (await get(made, id="1")).json() == first.json()
        assert hits(made) == 0


@pytest.mark.parametrize(
    "text", ["{ __typename }", "query($none: Boolean!) { __typename orders @skip(if: $none) { id } }"]
)
async def test_an_answer_without_any_part_of_a_source_is_made_each_time(tmp_path: Path, text: str) -> None:
    async with house(tmp_path, KEPT, server=server(tmp_path, text)) as made:
        for _ in range(2):
            assert (await get(made, text, none=True)).json() == {"data": {"__typename": "Query"}}
        assert hits(made) == 0
