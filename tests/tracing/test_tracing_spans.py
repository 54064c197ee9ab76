"""Spans as a collector gets them: who is whose parent, what they say and do not say, and that nobody waits for them."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time

import httpx
import jwt

from tests.metrics.conftest import of, samples
from tests.tracing.conftest import PARENT, SECRET, SPAN, TRACE, World

BOTH = "query Both { people { id } products { sku } }"
PEOPLE = "query People { people { id } }"


async def test_request_operation_and_calls_are_spans_below_the_callers(world: World) -> None:
    await world.start({"endpoint": world.endpoint, "sample": 0, "service": "shop", "headers": {"x-key": "k1"}})
    before = time.time_ns()
    await world.ask(BOTH, f"traceparent: {PARENT}", "tracestate: a=1", "x-request-id: mine")
    request = await world.collector.named("POST /graphql")
    operation = await world.collector.named("query")
    rest = await world.collector.named("GET /people")
    database = await world.collector.named("SELECT products")
    spans = (request, operation, rest, database)
    assert {span.trace for span in spans} == {TRACE}
    assert [span.parent for span in spans] == [SPAN, request.id, operation.id, operation.id]
    assert len({span.id for span in spans}) == 4
    assert [span.kind for span in spans] == [2, 1, 3, 3]
    assert not any(span.failed for span in spans)
    assert {span.service for span in spans} == {"shop"}
    assert request.attributes["isthmus.request_id"] == "mine"
    assert request.attributes["http.response.status_code"] == 200
    assert operation.attributes["graphql.operation.name"] == "Both"
    assert rest.attributes["url.template"] == "/people"
    assert rest.attributes["isthmus.source"] == "crm"
    assert database.attributes["db.response.returned_rows"] == 2
    for span in spans:
        assert before <= span.began <= span.ended <= time.time_ns()
    for inner, outer in ((operation, request), (rest, operation), (database, operation)):
        assert outer.began - 5_000_000 <= inner.began
        assert inner.ended <= outer.ended + 5_000_000
    assert world.upstream.header("traceparent") == [f"00-{TRACE}-{rest.id}-01"]
    assert world.upstream.header("tracestate") == ["a=1"]
    assert b"x-key: k1" in world.collector.heads[0].lower()
    assert world.collector.heads[0].startswith(b"POST /v1/traces ")


async def test_what_failed_is_an_error_with_its_code(world: World) -> None:
    world.upstream.status = b"500 Oops"
    await world.start({"endpoint": world.endpoint, "sample": 1})
    await world.ask(PEOPLE)
    call = await world.collector.named("GET /people")
    request = await world.collector.named("POST /graphql")
    assert call.failed
    assert request.failed
    assert call.attributes["error.type"] == request.attributes["error.type"]
    assert request.attributes["isthmus.errors"] == [call.attributes["error.type"]]


async def test_a_caller_who_is_not_sampled_makes_no_span_and_says_so_to_sources(world: World) -> None:
    await world.start({"endpoint": world.endpoint, "sample": 1})
    await world.ask(PEOPLE, f"traceparent: {PARENT[:-1]}0")
    assert world.upstream.header("traceparent") == [f"{PARENT[:-1]}0"]
    await world.ask("query Later { __typename }")
    assert (await world.collector.named("POST /graphql")).trace != TRACE
    assert [span.name for span in world.collector.spans] == ["POST /graphql", "query"]


async def test_strangers_decide_nothing_where_that_is_said(world: World) -> None:
    await world.start({"endpoint": world.endpoint, "sample": 0, "parent": "ignore"})
    await world.ask(PEOPLE, f"traceparent: {PARENT}")
    assert world.upstream.header("traceparent") == [f"{PARENT[:-1]}0"]
    await _ended(world)
    assert world.collector.spans == []


async def _ended(world: World) -> float:
    """Seconds that the end took."""
    assert world.running is not None
    began = time.monotonic()
    assert (await world.running.end(signal.SIGTERM)).code == 0
    return time.monotonic() - began


async def test_what_waits_is_sent_at_the_end(world: World) -> None:
    await world.start({"endpoint": world.endpoint, "sample": 1})
    for _ in range(20):
        await world.ask("query Q { __typename }")
    await _ended(world)
    assert sum(span.name == "POST /graphql" for span in world.collector.spans) == 20


async def test_a_collector_that_is_away_is_in_nobodys_way(world: World) -> None:
    running = await world.start({"endpoint": "http://127.0.0.1:9", "sample": 1, "timeout_s": 1})
    metrics = running.seen.partition("Metrics are told at ")[2].split()[0]
    for _ in range(5):
        assert b"200 OK" in await world.ask(PEOPLE)
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while of(samples((await client.get(metrics)).text), "isthmus_spans_total", outcome="failed") < 15:
            await world.ask("{ __typename }")
    assert await _ended(world) < 30


async def test_one_that_never_answers_fills_a_bounded_queue_and_holds_up_no_end(world: World) -> None:
    world.collector.silent = True
    running = await world.start({"endpoint": world.endpoint, "sample": 1, "timeout_s": 60, "max_waiting": 10})
    metrics = running.seen.partition("Metrics are told at ")[2].split()[0]
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        dropped = 0.0
        while not dropped:
            replies = await asyncio.gather(*(world.ask("query Q { __typename }") for _ in range(20)))
            assert all(b"200 OK" in reply for reply in replies)
            dropped = of(samples((await client.get(metrics)).text), "isthmus_spans_total", outcome="dropped")
    assert await _ended(world) < 30  # and not 60


async def test_no_value_of_a_caller_is_in_a_span(world: World) -> None:
    canary = {name: f"{name}{secrets.token_hex(8)}" for name in ("argument", "subject", "agent", "variable", "field")}
    now = int(time.time())
    claims = {"iss": "i", "aud": "a", "sub": canary["subject"], "iat": now, "exp": now + 60}
    token = jwt.encode(claims, SECRET, "HS256")
    await world.start({"endpoint": world.endpoint, "sample": 1})
    headers = (f"authorization: Bearer {token}", f"user-agent: {canary['agent']}", f"x-client-name: {canary['agent']}")
    await world.ask(f'query Q {{ products(where: {{ sku: {{ eq: "{canary["argument"]}" }} }}) {{ sku }} }}', *headers)
    by_variable = "query V($s: String!) { products(where: { sku: { eq: $s } }) { sku } }"
    await world.ask(by_variable, *headers, variables={"s": canary["variable"]})
    await world.ask(f"query W {{ {canary['field']} }}", *headers)
    await _ended(world)
    assert sum(span.name == "POST /graphql" for span in world.collector.spans) == 3
    assert sum(span.name.startswith("SELECT products") for span in world.collector.spans) == 2
    assert [name for name, each in canary.items() if each.encode() in world.collector.raw] == []
    assert token.encode() not in world.collector.raw
    assert SECRET.encode() not in world.collector.raw


EXTENSION = """\
from opentelemetry import trace

from schema import Extension

extension = Extension()


@extension.query
def careful() -> str:
    with trace.get_tracer("mine").start_as_current_span("by hand"):
        return "done"
"""


async def test_a_span_of_a_hand_written_resolver_stands_below_ours(world: World) -> None:
    (world.shell.folder / "careful.py").write_text(EXTENSION)
    await world.start({"endpoint": world.endpoint, "sample": 1}, extensions=["careful.py"])
    assert b"done" in await world.ask("{ careful }")
    mine = await world.collector.named("by hand")
    assert mine.parent == (await world.collector.named("POST /graphql")).id
