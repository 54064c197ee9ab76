"""What a scrape of a running gateway tells: read by the parsers of Prometheus' own client, over a socket."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from tests.commands.conftest import Shell
from tests.metrics.conftest import Start, of, samples


async def test_requests_operations_and_sources_are_counted(start: Start) -> None:
    gateway = await start()
    for _ in range(3):
        assert (await gateway.ask("query Goods { products { sku } }")).json()["data"]["products"]
    assert (await gateway.ask("query People { people { id } }")).json()["errors"]
    assert (await gateway.ask("{ products { sku } }")).status_code == 200
    wrong = await gateway.ask("query Wrong { nothing }", headers={"accept": "application/graphql-response+json"})
    assert wrong.status_code == 400
    async with httpx.AsyncClient() as client:
        await client.delete(f"{gateway.running.address}/graphql")
    found = await gateway.samples()
    assert of(found, "isthmus_operation_seconds_count", operation="Goods") == 3
    assert of(found, "isthmus_operation_seconds_count", operation="(unnamed)") == 1
    assert of(found, "isthmus_operation_seconds_count", operation="(other)") == 1  # it was not valid
    assert of(found, "isthmus_operation_errors_total", operation="People", code="SOURCE_UNAVAILABLE") == 1
    assert of(found, "isthmus_operation_errors_total", operation="(other)", code="BAD_REQUEST") == 1
    assert of(found, "isthmus_source_calls_total", source="shop", code="OK") == 4
    assert of(found, "isthmus_source_calls_total", source="crm", code="SOURCE_UNAVAILABLE") == 1
    assert of(found, "isthmus_source_call_seconds_count", source="shop") == 4
    assert of(found, "isthmus_source_breakers", source="crm") == 1
    assert of(found, "isthmus_requests_total", status="200") == 5
    assert of(found, "isthmus_requests_total", status="400") == 1
    assert of(found, "isthmus_requests_total", status="405") == 1
    assert of(found, "isthmus_refused_total", reason="operation") == 1
    assert of(found, "isthmus_refused_total", reason="method") == 1
    assert of(found, "isthmus_requests_under_way") == 0
    assert of(found, "isthmus_documents_asked_total") == 6
    assert of(found, "isthmus_documents_parsed_total") == 4
    assert of(found, "isthmus_plans_made_total") == 3
    assert of(found, "isthmus_received_bytes_total") > 6 * len('{"query":""}')
    assert of(found, "isthmus_sent_bytes_total") > 6 * len('{"data":{}}')
    for name in ("process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total", "isthmus_tasks"):
        assert of(found, name) > 0, name


async def test_stalls_of_the_event_loop_are_told(start: Start) -> None:
    gateway = await start({"metrics": {"port": 0}, "overload": {"stall_s": 1e-9}})
    assert (await gateway.ask("{ products { sku } }")).status_code == 200
    found = await gateway.samples()
    assert of(found, "isthmus_loop_stalls_total") > 0
    assert of(found, "isthmus_loop_stalled_seconds_total") > 0


async def test_whole_answers_that_are_kept_are_counted(start: Start, shell: Shell) -> None:
    text = "{ products { sku } }"
    key = sha256(text.encode()).hexdigest()
    (shell.folder / "documents.json").write_text(json.dumps({key: text}))
    cache = {"ttl_s": 600}
    gateway = await start(
        {"metrics": {"port": 0}, "documents": {"manifest": "documents.json"}, "cache": {"responses": True}},
        shop={"cache": cache},
    )
    for _ in range(3):
        assert (await gateway.ask("", documentId=key)).json()["data"]["products"]
    found = await gateway.samples()
    assert of(found, "isthmus_response_cache_misses_total") == 1
    assert of(found, "isthmus_response_cache_hits_total") == 2
    assert of(found, "isthmus_response_cache_bytes") > 0
    assert not [name for name, _ in await (await start()).samples() if name.startswith("isthmus_response_cache")]


async def test_it_is_openmetrics_for_who_asks_for_it(start: Start) -> None:
    gateway = await start()
    await gateway.ask("query Goods { products { sku } }")
    reply = await gateway.text("application/openmetrics-text; version=1.0.0, text/plain;q=0.5")
    assert reply.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in openmetrics(reply.text)}  # type: ignore[no-untyped-call]  # it says none
    assert families["isthmus_source_calls"].type == "counter"
    assert families["isthmus_operation_seconds"].unit == "seconds"
    plain = samples((await gateway.text()).text)
    assert {name for name, _ in plain} <= {each.name for family in families.values() for each in family.samples}


async def test_classes_of_histograms_grow_to_the_count(start: Start) -> None:
    gateway = await start()
    await gateway.ask("query Goods { products { sku } }")
    found = await gateway.samples()
    for (name, labels), count in found.items():
        if name.endswith("_count"):
            bucket = name.removesuffix("count") + "bucket"
            classes = [
                value
                for (each, has), value in found.items()
                if each == bucket and {pair for pair in has if pair[0] != "le"} == labels
            ]
            assert classes == sorted(classes)
            assert classes[-1] == count


async def test_nothing_is_told_where_callers_ask_nor_without_the_setting(start: Start) -> None:
    gateway = await start()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{gateway.running.address}/metrics")).status_code == 404
        assert (await client.get(gateway.metrics.replace("/metrics", "/graphql"))).status_code == 404
    assert gateway.metrics.startswith("http://127.0.0.1:")
    silent = await start({})
    assert not silent.metrics


async def test_what_never_became_a_request_is_counted(start: Start) -> None:
    gateway = await start()
    port = int(gateway.running.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /graphql HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()
    assert of(await gateway.samples(), "isthmus_refused_total", reason="malformed") == 1


async def test_what_a_caller_says_is_in_no_figure(start: Start) -> None:
    canary = f"canary{secrets.token_hex(8)}"
    gateway = await start({"metrics": {"port": 0}, "jwt": {"issuer": "i", "audience": "a", "secret": "s" * 32}})
    await gateway.ask(f'{{ products(where: {{ sku: {{ eq: "{canary}" }} }}) {{ sku }} }}')
    await gateway.ask(f"query Q {{ {canary} }}", operationName=canary, variables={canary: canary})
    await gateway.ask("{ products { sku } }", headers={"authorization": f"Bearer {canary}", "user-agent": canary})
    await gateway.ask(f"query {canary} {{ nothing }}")
    for accept in ("text/plain", "application/openmetrics-text", "application/json"):
        assert canary not in (await gateway.text(accept)).text


def _names() -> Iterator[str]:
    while True:
        yield f"Op{secrets.token_hex(6)}"


async def test_a_flood_of_names_makes_few_series(start: Start) -> None:
    gateway = await start({"metrics": {"port": 0, "max_operations": 50}})
    names = _names()
    url = f"{gateway.running.address}/graphql"
    await gateway.ask("query First { products { sku } }")
    async with httpx.AsyncClient() as client:
        for _ in range(40):
            documents = [f"query {next(names)} {{ __typename }}" for _ in range(20)]
            await asyncio.gather(*(client.post(url, json={"query": each}) for each in documents))
        long = await client.post(url, json={"query": f"query {'A' * 200} {{ __typename }}"})
    assert long.status_code == 200
    found = await gateway.samples()
    told = {dict(labels)["operation"] for name, labels in found if name == "isthmus_operation_seconds_count"}
    assert len(told) == 51
    assert max(map(len, told)) <= 80
    assert of(found, "isthmus_operation_seconds_count") == 802
    assert of(found, "isthmus_operation_seconds_count", operation="First") == 1
    assert len(found) < 2000


async def test_stated_operations_are_the_only_ones(start: Start) -> None:
    gateway = await start({"metrics": {"port": 0, "operations": ["Goods"]}})
    await gateway.ask("query Mine { __typename }")
    await gateway.ask("query Goods { products { sku } }")
    found = await gateway.samples()
    told = {dict(labels)["operation"] for name, labels in found if name == "isthmus_operation_seconds_count"}
    assert told == {"Goods", "(other)"}


async def test_a_port_that_is_taken_is_said_before_anything_is_read(start: Start) -> None:
    taken = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        with pytest.raises(AssertionError) as ended:  # the server did not come to its greeting
            await start({"metrics": {"port": port}})
    assert f"127.0.0.1:{port}" in str(ended.value)
    assert "server.metrics" in str(ended.value)
