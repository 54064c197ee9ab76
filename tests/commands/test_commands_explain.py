"""``isthmus explain``: what a query does, over REST, SOAP and SQL, without one value of anybody."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.demo import DemoServers
from tests.commands.conftest import SECRET, SHOP_FILE, Shell, WriteFile

QUERY = """query($n: String!) {
    orders(limit: 3) { number customer { lastName email } invoice { amount } }
    products(where: { name: { startsWith: $n } }, limit: 2) { sku name }
}"""


async def test_calls_of_every_kind_are_told_with_rows_times_and_bytes_and_no_value(shell: Shell, trading: Path) -> None:
    (trading / "query.graphql").write_text(QUERY, "utf-8")
    async with DemoServers() as servers:
        given = {**servers.environment, "ISTHMUS_DEMO_SECRET": SECRET}
        claims = json.dumps({"sub": "ann", "roles": ["accountant"], "scope": "customers:pii"})
        arguments = ("explain", "isthmus.yaml", "query.graphql", "--variables", '{"n": "Zyx"}', "--as", claims)
        ended = await shell.run(*arguments, **given)
        assert (ended.code, ended.err) == (0, "")
        told = json.loads((await shell.run(*arguments, "--json", **given)).out)
    calls = {f"{call['source']}.{call['operation']}": call for call in told["calls"]}
    assert told["errors"] == []
    assert {call["source"] for call in told["calls"]} == {"crm", "billing", "stock"}
    assert len(told["calls"]) == 4
    orders = calls["crm.orders"]
    assert (orders["wire"], orders["rows"]) == ("GET /orders", 3)
    assert orders["bytes"] > 100
    assert calls["stock.products"]["text"].startswith("SELECT products.")
    assert all(call["ms"] > 0 and call["code"] is None for call in told["calls"])
    assert "Query.products stock.products: one call" in ended.out
    assert "SELECT products." in ended.out
    assert "4 calls in " in ended.out
    assert "Zyx" not in ended.out + json.dumps(told)


async def test_a_plan_alone_asks_no_source(shell: Shell, trading: Path) -> None:
    async with DemoServers() as servers:
        given = {**servers.environment, "ISTHMUS_DEMO_SECRET": SECRET}
        ended = await shell.run(
            "explain", "isthmus.yaml", "{ orders { number customer { email } } }", "--as", '{"roles": ["clerk"]}',
            "--dry", **given,
        )  # fmt: skip
        assert ended.code == 0
        assert [entry.operation for entry in servers.journals["crm"] if entry.operation == "/orders"] == []
    assert "Query.orders crm.orders: one call" in ended.out
    assert "Order.customer crm.customers: " in ended.out
    assert "email: refused: this caller may not use it" in ended.out
    assert "Calls" not in ended.out


async def test_a_token_says_who_asks(shell: Shell, trading: Path) -> None:
    async with DemoServers() as servers:
        given = {**servers.environment, "ISTHMUS_DEMO_SECRET": SECRET}
        signed = await shell.run("token", "isthmus.yaml", "--role", "clerk", **given)
        arguments = ("explain", "isthmus.yaml", "{ orders { number } }")
        ended = await shell.run(*arguments, "--token", signed.out.strip(), **given)
        assert ended.code == 0, ended.err
        assert "1. crm.orders: " in ended.out
        for more, said in (
            ((), "anonymous callers may not ask for this"),
            (("--token", "x.y.z"), "the token is not valid"),
            (("--token", "x", "--as", "{}"), "--as and --token both say who asks"),
        ):
            ended = await shell.run(*arguments, *more, **given)
            assert (ended.code, ended.out) == (1, "")
            assert said in ended.err


async def test_what_is_no_query_is_told(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE)
    for query, more, said in (
        ("{ nothing }", (), "BAD_REQUEST 1:3: Cannot query field 'nothing' on type 'Query'.\n"),
        (
            "{\n  products { skuu } }",
            (),
            "BAD_REQUEST 2:14: Cannot query field 'skuu' on type 'Product'. Did you mean 'sku'",
        ),
        ("{ products(wher: {}) { sku } }", (), "BAD_REQUEST 1:12: Unknown argument 'wher'"),
        ("{ products(wher: {}) { sku } }", ("--json",), "Did you mean 'where'"),
        ("{ products", (), "BAD_REQUEST 1:11: Syntax Error"),
        ("{ products { sku } }", ("--variables", "[]"), "--variables is not a JSON object"),
    ):
        ended = await shell.run("explain", "isthmus.yaml", query, *more)
        assert ended.code == 1
        assert said in (ended.out if "--json" in more else ended.err), ended
    ended = await shell.run("explain", "shop=shop.sqlite", '{ products(where: { sku: { in: ["A1"] } }) { name } }')
    assert "1. shop.products: 1 row in " in ended.out
    assert "WHERE products.sku IN (…)" in ended.out


async def test_a_call_that_failed_is_told_with_its_reason(shell: Shell, trading: Path) -> None:
    async with DemoServers() as servers:
        gone = {**servers.environment, "ISTHMUS_DEMO_SECRET": SECRET}
    claims = json.dumps({"roles": ["clerk"]})
    ended = await shell.run("explain", "isthmus.yaml", "{ orders { number } }", "--as", claims, **gone)
    assert "SOURCE_UNAVAILABLE (" in ended.out, ended
    assert "refused" in ended.out.partition("SOURCE_UNAVAILABLE (")[2].lower()
