"""Answers are given again for as long as the file says, and never longer; over sockets, by a clock of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.caching.house import house

NAME = "query($id: String!) { customer(id: $id) { name } }"
BATCH = """
  operations:
    customers: { keys: ids, by: id, cache: { ttl_s: 60 } }
"""


async def test_an_answer_is_given_again_for_its_time(tmp_path: Path) -> None:
    async with house(tmp_path, "  operations: { customer: { cache: { ttl_s: 60 } } }") as made:
        assert await made.data(NAME, id="1") == {"customer": {"name": "name 1"}}
        made.crm.names["1"] = "another"
        made.clock.now = 59.9
        assert await made.data(NAME, id="1") == {"customer": {"name": "name 1"}}
        assert await made.data(NAME, id="2") == {"customer": {"name": "name 2"}}
        assert made.crm.taken() == ["GET /customers/1", "GET /customers/2"]
        made.clock.now = 60.0
        assert await made.data(NAME, id="1") == {"customer": {"name": "another"}}
        assert made.crm.taken() == ["GET /customers/1"]
        assert (made.counted.hits, made.counted.misses) == (1, 3)
        assert made.counted.bytes > 0


async def test_what_is_not_configured_is_asked_every_time(tmp_path: Path) -> None:
    async with house(tmp_path, "  operations: { orders: { cache: { ttl_s: 60 } } }") as made:
        for _ in range(2):
            await made.data(NAME, id="1")
        assert len(made.crm.taken()) == 2


async def test_a_source_has_a_default_and_an_operation_may_say_never(tmp_path: Path) -> None:
    source = "  cache: { ttl_s: 60 }\n  operations: { orders: { cache: false } }"
    async with house(tmp_path, source) as made:
        for _ in range(2):
            await made.data('{ customer(id: "1") { name } orders { id } }')
        assert sorted(made.crm.taken()) == ["GET /customers/1", "GET /orders", "GET /orders"]


async def test_values_that_only_look_alike_are_told_apart(tmp_path: Path) -> None:
    async with house(tmp_path, "  cache: { ttl_s: 60 }") as made:
        for given in ("1", "01", " 1", "true"):
            await made.ask("query($q: String) { customers(q: $q) { id } }", q=given)
        await made.ask("{ customers { id } }")
        await made.ask("{ customers { id name } }")
        assert len(made.crm.taken()) == 6


async def test_of_many_keys_only_those_are_asked_of_which_nothing_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path, BATCH) as made:
        orders = "{ orders { customer { id name } } }"
        first = await made.data(orders)
        assert [each["customer"]["id"] for each in first["orders"]] == ["1", "2", "1", "3"]
        assert made.crm.taken() == ["GET /orders", "GET /customers?ids=1&ids=2&ids=3"]
        made.crm.orders = ["3", "4", "9", "1"]
        second = await made.data(orders)
        assert [each["customer"] for each in second["orders"]] == [
            {"id": "3", "name": "name 3"}, {"id": "4", "name": "name 4"}, None, {"id": "1", "name": "name 1"},
        ]  # fmt: skip
        assert made.crm.taken() == ["GET /orders", "GET /customers?ids=4&ids=9"]
        made.crm.names["9"] = "came later"
        assert (await made.data(orders))["orders"][2] == {"customer": None}  # that it is missing is kept too
        assert made.crm.taken() == ["GET /orders"]
        made.clock.now = 60.0
        assert (await made.data(orders))["orders"][2] == {"customer": {"id": "9", "name": "came later"}}


async def test_what_is_missing_is_asked_again_where_the_file_says_so(tmp_path: Path) -> None:
    source = "  operations:\n    customers: { keys: ids, by: id, cache: { ttl_s: 60, missing: false } }"
    async with house(tmp_path, source) as made:
        made.crm.orders = ["1", "9"]
        orders = "{ orders { customer { name } } }"
        await made.data(orders)
        made.crm.names["9"] = "came later"
        assert (await made.data(orders))["orders"][1] == {"customer": {"name": "came later"}}
        assert made.crm.taken()[2:] == ["GET /orders", "GET /customers?ids=9"]


@pytest.mark.parametrize("coordinate", ["Order.customer", "Customer"])
async def test_a_coordinate_says_it_for_the_field_or_for_a_type(tmp_path: Path, coordinate: str) -> None:
    source = "  operations: { customers: { keys: ids, by: id } }"
    async with house(tmp_path, source, f"cache: {{ {coordinate}: {{ ttl_s: 30 }} }}") as made:
        for _ in range(2):
            await made.data("{ orders { customer { name } } customers { id } }")
        asked = ["GET /orders"] * 2 + ["GET /customers"] * (2 if "." in coordinate else 1)
        assert sorted(made.crm.taken()) == sorted([*asked, "GET /customers?ids=1&ids=2&ids=3"])


async def test_errors_are_never_kept(tmp_path: Path) -> None:
    async with house(tmp_path, "  cache: { ttl_s: 60 }") as made:
        for status in (500, 503, 403, 401):
            made.crm.broken = status
            assert "errors" in await made.ask(NAME, id="1")
        made.crm.broken = None
        assert await made.data(NAME, id="1") == {"customer": {"name": "name 1"}}
        assert await made.data(NAME, id="9") == {"customer": None}
        made.crm.names["9"] = "new"
        assert await made.data(NAME, id="9") == {"customer": None}  # a 404 by key is an answer
