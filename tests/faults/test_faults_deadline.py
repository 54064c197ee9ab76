"""One deadline for a request, from the edge to the statement: a caller may make it shorter, nobody makes it longer."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest

from gateway.file.config import UnreadableFile, read
from resolvers.deadline_header import DeadlineClient
from resolvers.http import Reply, Request
from resolvers.http_settings import DeadlineHeader
from tests.faults.injector import Drip, HalfOpen, Latency
from tests.faults.world import FILE, POST_INVOICE, codes, world, write_files
from tests.postgresql import own_schema

LONG = FILE.replace("timeout_s: 2", "timeout_s: 60").replace("deadline_s: 5", "deadline_s: 60")
SHORT = FILE.replace("timeout_s: 2", "timeout_s: 60").replace("deadline_s: 5", "deadline_s: 0.4")
WAIT = {"X-Request-Timeout": "0.4"}
MOST_S = 20
"""Far from the sixty seconds that the file allows, and generous to a busy machine."""


async def test_a_caller_who_waits_for_less_gets_what_there_is_by_then(tmp_path: Path) -> None:
    async with world(tmp_path, LONG) as there:
        there.to_shop.choose(HalfOpen())
        for stated in ("0.4", "0.4s", "400ms", "0.40000"):
            began = time.monotonic()
            body = await there.ask("{ orders { ref } products { sku } }", {"X-Request-Timeout": stated})
            assert time.monotonic() - began < MOST_S
            assert codes(body) == [("SOURCE_TIMEOUT", ["orders"])]
            assert body["data"]["products"] == [{"sku": "anvil"}, {"sku": "rope"}]


async def test_a_caller_who_would_wait_for_longer_is_not_let_to(tmp_path: Path) -> None:
    async with world(tmp_path, SHORT) as there:
        there.to_shop.choose(HalfOpen())
        for stated in ("60", "100000s", "999999999", "1000000ms"):
            began = time.monotonic()
            body = await there.ask("{ orders { ref } }", {"X-Request-Timeout": stated})
            assert time.monotonic() - began < MOST_S
            assert codes(body) == [("SOURCE_TIMEOUT", ["orders"])]


NO_TIMES = (
    "", "soon", "0", "0.0s", "-1", "+1", "1m", "1 s", "1e3", "inf", "NaN", "1,5", "\xb2", ".5", "5.", "1" * 30, "1s1",
)  # fmt: skip


async def test_what_is_no_time_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        for stated in (*([each] for each in NO_TIMES), ["1", "1"]):
            headers = [(b"x-request-timeout", each.encode("latin-1")) for each in stated]
            answer = await there.client.post("/graphql", json={"query": "{ orders { ref } }"}, headers=headers)
            assert answer.status_code == 400, stated
            assert codes(answer.json()) == [("BAD_REQUEST", None)]
        assert there.shop_server.heard == []


@pytest.mark.parametrize("query", ["{ orders { invoice { number } } }", "{ orders { customer { name } } }"])
async def test_a_body_that_drips_ends_with_the_whole(tmp_path: Path, query: str) -> None:
    async with world(tmp_path, LONG) as there:
        await there.data("{ orders { ref } }")
        hung = there.to_billing if "invoice" in query else there.to_shop
        hung.choose(Drip(0.02))
        began = time.monotonic()
        body = await there.ask(query, WAIT)
        assert time.monotonic() - began < MOST_S
        assert {code for code, _ in codes(body)} == {"SOURCE_TIMEOUT"}


async def test_links_that_would_begin_after_it_are_not_asked(tmp_path: Path) -> None:
    async with world(tmp_path, LONG) as there:
        there.to_shop.choose(Latency(0.6))
        body = await there.ask("{ orders { invoice { number } product { name } } }", WAIT)
        assert codes(body) == [("SOURCE_TIMEOUT", ["orders"])]
        assert there.billing_server.heard == []


async def test_the_database_is_told_what_is_left(tmp_path: Path) -> None:
    async with own_schema() as made:
        told = "extract(epoch FROM current_setting('{0}_timeout')::interval)::float AS {0}"
        columns = f"{told.format('statement')}, {told.format('lock')}"
        await made.connection.execute(f"CREATE VIEW told AS SELECT 1 AS one, {columns}")
        await made.connection.execute("CREATE VIEW sleepy AS SELECT pg_sleep(60)::text AS z")
        await made.connection.execute("CREATE TABLE products (sku text PRIMARY KEY, name text)")
        stock = f'stock: {{ database: "${{env:STOCK}}", schemas: ["{made.name}"], timeout_s: 60 }}'
        file = LONG.replace('stock: { database: "${env:STOCK}" }', stock)
        async with world(tmp_path, file, STOCK=made.url.render_as_string(hide_password=False)) as there:
            body = await there.ask("{ told { statement lock } }", {"X-Request-Timeout": "7s"})
            (row,) = body["data"]["told"]
            assert 0 < row["statement"] < 7
            assert 0 < row["lock"] <= row["statement"] / 2
            body = await there.ask("{ sleepy { z } }", WAIT)
            assert codes(body) == [("SOURCE_TIMEOUT", ["sleepy"])]
            running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1"
            running += " AND pid <> pg_backend_pid()"
            async with asyncio.timeout(MOST_S):
                while await made.connection.fetchval(running, f"%{made.name}.sleepy%"):  # noqa: ASYNC110  # another process
                    await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("stated", "name", "form"),
    [
        ("X-Request-Timeout", "x-request-timeout", r"\d\.\d{3}"),
        ("{ name: X-Envoy-Expected-Rq-Timeout-Ms, unit: ms }", "x-envoy-expected-rq-timeout-ms", r"\d{1,4}"),
    ],
)
async def test_a_source_is_told_where_the_file_says_so(tmp_path: Path, stated: str, name: str, form: str) -> None:
    file = LONG.replace('url: "${env:SHOP}",', f'url: "${{env:SHOP}}", deadline_header: {stated},')
    async with world(tmp_path, file) as there:
        await there.data("{ orders { ref } }")
        body = await there.ask("{ orders { customer { name } invoice { number } } }", {"X-Request-Timeout": "3"})
        assert "errors" not in body
        unhurried, *hurried = [heard.headers[name] for heard in there.shop_server.heard]
        for told, most in ((unhurried, 60), *((each, 3) for each in hurried)):
            seconds = float(told) / (1000 if "ms" in stated else 1)
            assert 0 < seconds < most
        assert all(re.fullmatch(form, told) for told in hurried)
        assert "x-request-timeout" not in there.billing_server.heard[0].headers


@pytest.mark.parametrize(("left", "told"), [(1.0, "0.950"), (0.051, "0.001"), (0.01, "0.001")])
async def test_a_source_is_told_to_give_up_a_little_sooner_than_we_do(left: float, told: str) -> None:
    """So that its own answer comes in time; and never to wait for nothing, or for less than that."""
    sent: list[Request] = []

    class Wire:
        async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109, ARG002
            assert timeout == left
            sent.append(request)
            return Reply(200, {}, b"")

        async def close(self) -> None:
            return

    client = DeadlineClient(Wire(), DeadlineHeader(name="X-Left"))
    await client.send(Request("GET", "http://shop.example/", {"x-left": "99", "a": "b"}), timeout=left, resendable=True)
    assert sent[0].headers == {"a": "b", "X-Left": told}


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("deadline_header: Host", "cannot tell a time"),
        ("deadline_header: X-Left, headers: { x-left: '1' }", "is filled twice"),
        ("deadline_header: X-Left, auth: { forward: { headers: [X-Left] } }", "is filled twice"),
        ("deadline_header: { name: X-Left, unit: min }", "'s' or 'ms'"),
        ("deadline_header: 'X Left'", "the name of a header"),
    ],
)
def test_a_header_that_cannot_tell_it_is_refused(tmp_path: Path, more: str, what: str) -> None:
    write_files(tmp_path, FILE.replace('url: "${env:SHOP}",', f'url: "${{env:SHOP}}", {more},'))
    with pytest.raises(UnreadableFile, match=what) as caught:
        read(tmp_path / "isthmus.yaml", {"SHOP": "http://127.0.0.1:1", "BILLING": "http://127.0.0.1:1", "STOCK": "x"})
    assert "sources.shop" in str(caught.value)


async def test_a_write_that_is_under_way_then_may_have_happened_and_one_after_it_did_not(tmp_path: Path) -> None:
    async with world(tmp_path, LONG) as there:
        there.to_shop.choose(HalfOpen())
        body = await there.ask(
            'mutation { placeOrder(body: { ref: "a" }) { ref } keepOrder(ref: "b", body: { ref: "b" }) { ref } }', WAIT
        )
        assert codes(body) == [("OUTCOME_UNKNOWN", ["placeOrder"]), ("SOURCE_TIMEOUT", ["keepOrder"])]
        assert (there.shop.placed, there.shop.kept) == ({"a": 1}, {})
        there.to_billing.choose(HalfOpen())
        assert codes(await there.ask(POST_INVOICE, WAIT, no="I1")) == [("OUTCOME_UNKNOWN", ["postInvoice"])]
        assert there.billing.posted == {"I1": 1}
