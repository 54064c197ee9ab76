from __future__ import annotations

import json
from typing import Any

from graphql import build_client_schema, get_introspection_query

from tests.graph.company import company


async def test_introspection_is_answered_once_for_each_document_and_its_variables() -> None:
    made = company()
    query = "query Q($n: String!) { __type(name: $n) { name fields { name } } }"
    first = await made.answer(query, n="Person")
    assert first.encoded is not None
    assert json.loads(first.encoded)["data"]["__type"]["name"] == "Person"
    assert (await made.answer(query, n="Person")).encoded is first.encoded
    other = await made.ask(query, n="Company")
    assert other["data"]["__type"]["name"] == "Company"


async def test_the_whole_schema_can_be_built_again_from_its_introspection() -> None:
    made = company()
    body: Any = await made.ask(get_introspection_query())
    again = build_client_schema(body["data"])
    assert again.type_map.keys() >= {"Person", "Orders", "Contact"}


async def test_data_beside_introspection_is_data() -> None:
    body = await company().ask("{ __schema { queryType { name } } desk { first { id __typename } } t: __typename }")
    assert body["data"] == {
        "__schema": {"queryType": {"name": "Query"}},
        "desk": {"first": {"id": 1, "__typename": "Person"}},
        "t": "Query",
    }
