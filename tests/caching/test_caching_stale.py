"""What is older than its time is given only as the file says, with its age, and never in place of a refusal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from resolvers import Call, Context, Selection
from tests.caching.house import House, house

NAME = "query($id: String!) { customer(id: $id) { name } }"
ORDERS = "{ orders { customer { name } } }"


async def _until(made: House, calls: int) -> None:
    """Waits for calls that nobody waits for."""
    async with asyncio.timeout(10):
        while len(made.crm.calls) < calls or made.counted.bytes == 0:  # noqa: ASYNC110  # what nobody waits for tells nobody that it has ended
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)


async def test_what_is_stale_is_given_at_once_while_it_is_fetched_anew(tmp_path: Path) -> None:
    source = "  operations: { customer: { cache: { ttl_s: 10, stale_s: 20 } } }"
    async with house(tmp_path, source) as made:
        await made.data(NAME, id="1")
        made.crm.names["1"] = "new"
        made.clock.now = 15.7
        made.crm.gate.clear()  # the answer below waits for nobody
        body = await made.ask(NAME, id="1")
        assert body["data"] == {"customer": {"name": "name 1"}}
        told = {"path": ["customer"], "coordinate": "Query.customer", "ageSeconds": 15, "stale": True}
        assert body["extensions"] == {"freshness": [told]}
        for _ in range(5):
            await made.ask(NAME, id="1")
        made.crm.gate.set()
        await _until(made, 2)
        assert await made.ask(NAME, id="1") == {"data": {"customer": {"name": "new"}}}
        assert made.crm.taken() == ["GET /customers/1"] * 2  # six asked, one call fetched it anew
        assert made.counted.stale == 6
        made.clock.now = 15.7 + 30
        made.crm.names["1"] = "newer"
        assert (await made.data(NAME, id="1")) == {"customer": {"name": "newer"}}  # too old even for that


async def test_what_is_fetched_anew_goes_on_though_one_who_waited_for_it_leaves(tmp_path: Path) -> None:
    source = "  timeout_s: 60\n  operations: { customer: { cache: { ttl_s: 10, stale_s: 20 } } }"
    async with house(tmp_path, source) as made:
        await made.data(NAME, id="1")
        made.crm.names["1"] = "new"
        made.clock.now = 15
        made.crm.gate.clear()
        await made.ask(NAME, id="1")
        made.clock.now = 40  # what is kept is too old by now: the next one waits for the call that is under way
        call = Call("customer", {"id": "1"}, Selection({"name": Selection()}))
        given = Context(asyncio.get_running_loop().time() + 30, "r")
        leaves = asyncio.create_task(made.snapshot.sources["crm"].execute(call, given))
        async with asyncio.timeout(10):
            while not made.counted.shared:  # noqa: ASYNC110  # the tally is what is waited for
                await asyncio.sleep(0.001)
        leaves.cancel()
        await asyncio.wait([leaves])
        made.crm.gate.set()
        assert (await made.data(NAME, id="1")) == {"customer": {"name": "new"}}
        assert made.crm.taken() == ["GET /customers/1"] * 2
        assert made.crm.gone == 0


async def test_a_source_that_fails_is_answered_for_and_the_age_is_told(tmp_path: Path) -> None:
    source = "  operations: { customer: { cache: { ttl_s: 10, stale_if_error_s: 100 } } }"
    async with house(tmp_path, source) as made:
        await made.data(NAME, id="1")
        made.clock.now = 60
        for status in (500, 503, 429):
            made.crm.broken = status
            body = await made.ask(NAME, id="1")
            assert body["data"] == {"customer": {"name": "name 1"}}, status
            (told,) = body["extensions"]["freshness"]
            assert (told["ageSeconds"], told["stale"]) == (60, True)
        assert "errors" in await made.ask(NAME, id="2")  # nothing was kept of this one
        made.crm.broken = None
        assert "extensions" not in await made.ask(NAME, id="1")
        made.crm.broken = 503
        made.clock.now = 60 + 110
        assert "errors" in await made.ask(NAME, id="1")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_refusal_is_an_answer_and_what_was_kept_before_is_gone(tmp_path: Path, status: int) -> None:
    source = "  operations: { customer: { cache: { ttl_s: 10, stale_if_error_s: 100 } } }"
    async with house(tmp_path, source) as made:
        await made.data(NAME, id="1")
        made.clock.now = 60
        made.crm.broken = status
        body = await made.ask(NAME, id="1")
        assert "name 1" not in str(body)
        made.crm.broken = 503
        assert "name 1" not in str(await made.ask(NAME, id="1"))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_of_many_keys_leaves_nothing_of_them(tmp_path: Path, status: int) -> None:
    kept = "cache: { ttl_s: 10, stale_if_error_s: 100 }"
    source = f"  operations: {{ customers: {{ keys: ids, by: id, {kept} }}, orders: {{ cache: {{ ttl_s: 1000 }} }} }}"
    async with house(tmp_path, source) as made:
        assert "name 1" in str(await made.data(ORDERS))
        made.clock.now = 60
        for broken in (status, 503):
            made.crm.broken = broken
            assert "name 1" not in str(await made.ask(ORDERS))


async def test_of_many_keys_those_that_are_kept_are_given_though_the_source_fails(tmp_path: Path) -> None:
    cache = "cache: { ttl_s: 10, stale_if_error_s: 100 }"
    async with house(tmp_path, f"  operations:\n    customers: {{ keys: ids, by: id, {cache} }}") as made:
        made.crm.orders = ["1", "2"]
        await made.data(ORDERS)
        made.clock.now = 60
        made.crm.orders = ["2", "3", "1"]
        made.crm.broken_paths = {"/customers"}
        body = await made.ask(ORDERS)
        assert [each["customer"] for each in body["data"]["orders"]] == [{"name": "name 2"}, None, {"name": "name 1"}]
        (error,) = body["errors"]
        assert (error["path"], error["extensions"]["code"]) == (["orders", 1, "customer"], "SOURCE_UNAVAILABLE")
        (told,) = body["extensions"]["freshness"]
        assert told["path"] == ["orders", "customer"]


async def test_a_fresh_answer_tells_its_age_on_demand_alone(tmp_path: Path) -> None:
    source = "  operations: { customer: { cache: { ttl_s: 10 } } }"
    async with house(tmp_path, source) as made:
        await made.data(NAME, id="1")
        made.clock.now = 4
        assert "extensions" not in await made.ask(NAME, id="1")
        body = await made.ask(NAME, {"GraphQL-Freshness": "report"}, id="1")
        told = {"path": ["customer"], "coordinate": "Query.customer", "ageSeconds": 4, "stale": False}
        assert body["extensions"] == {"freshness": [told]}
        sent = {"query": NAME, "variables": {"id": "1"}, "extensions": {"freshness": True}}
        assert (await made.client.post("/graphql", json=sent)).json() == body


async def test_so_many_are_fetched_anew_at_once_and_no_more(tmp_path: Path) -> None:
    source = "  concurrency: 50\n  operations: { customer: { cache: { ttl_s: 10, stale_s: 20 } } }"
    async with house(tmp_path, source) as made:
        made.crm.names = {str(number): "x" for number in range(30)}
        for number in range(30):
            await made.data(NAME, id=str(number))
        made.clock.now = 15
        made.crm.taken()
        made.crm.gate.clear()
        for number in range(30):
            await made.data(NAME, id=str(number))
        await _until(made, 8)
        assert len(made.crm.taken()) == 8
        made.crm.gate.set()
