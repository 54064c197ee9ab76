"""REST sources over real sockets: servers that answer exactly what a test says, however wrong that is."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from resolvers.documents import DescriptionError, Documents
from resolvers.errors import (
    IsthmusError,
    OutcomeUnknown,
    RateLimited,
    SourceBadResponse,
    SourceFault,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)
from resolvers.http_settings import ApiKey, Auth
from resolvers.model import Effect
from resolvers.resilience import Resilient
from resolvers.rest import RestSettings, RestSource, open_rest
from resolvers.source import Call, Context
from resolvers.tally import Tally
from tests.raw_server import Answer, Heard, RawServer, raw_server, reply, resets, says

Serve = Callable[[Answer], Awaitable[RawServer]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with contextlib.AsyncExitStack() as servers:
        yield lambda answer: servers.enter_async_context(raw_server(answer))


DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "servers": [{"url": "/"}],
    "paths": {
        "/customers/{id}": {
            "get": {
                "operationId": "customer",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "X-Api-Key", "in": "header", "schema": {"type": "string"}},
                    {"name": "session", "in": "cookie", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Customer"}}}}
                },
            },
            "put": {
                "operationId": "replaceCustomer",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"204": {"description": "done"}},
            },
        },
        "/customers": {
            "post": {
                "operationId": "createCustomer",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Customer"}}},
                },
                "responses": {
                    "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Customer"}}}}
                },
            }
        },
    },
    "components": {
        "schemas": {
            "Customer": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "name": {"type": "string", "nullable": True}},
            }
        }
    },
}
ADA = b'{"id": "7", "name": null}'


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[RestSource]]]:
    (tmp_path / "crm.json").write_text(json.dumps(DOCUMENT))
    sources: list[RestSource] = []

    async def start(url: str, **settings: object) -> RestSource:
        stated = RestSettings.model_validate({"openapi": "crm.json", "url": url, **settings})
        source = await open_rest("crm", stated, Documents(tmp_path))
        sources.append(source)
        return source

    yield start
    for source in sources:
        await source.close()


Open = Callable[..., Awaitable[RestSource]]


def guarded(source: RestSource) -> Resilient:
    """The source as it is used: what may be sent again is decided there."""
    return Resilient(source, Tally(), RestSettings(openapi="crm.json"))


def context(seconds: float = 5.0) -> Context:
    return Context(asyncio.get_running_loop().time() + seconds, "request")


async def customer(source: RestSource | Resilient, given: Context | None = None, **arguments: object) -> object:
    return await source.execute(Call("customer", {"id": "7", **arguments}), given or context())


async def create(source: RestSource | Resilient, given: Context | None = None) -> object:
    return await source.execute(Call("createCustomer", {"body": {"id": "7"}}), given or context())


async def test_a_call_and_its_journal(serve: Serve, opened: Open) -> None:
    server = await serve(says(reply(ADA)))
    source = await opened(server.url, auth=Auth(bearer=SecretStr("tok")))
    given = context()
    assert await customer(source, given, id="a/7") == {"id": "7", "name": None}
    assert server.heard[0].target == "/customers/a%2F7"
    assert server.heard[0].headers["authorization"] == "Bearer tok"
    assert [(call.source, call.wire, call.code) for call in given.journal.calls] == [
        ("crm", "GET /customers/{id}", None)
    ]


async def test_a_caller_cannot_replace_the_credential(serve: Serve, opened: Open) -> None:
    server = await serve(says(reply(ADA)))
    key = ApiKey(value=SecretStr("ours"), header="x-api-key")
    source = await opened(server.url, auth=Auth(api_key=key), headers={"X-Tenant": "t1"})
    await source.execute(Call("customer", {"id": "7", "X-Api-Key": "theirs"}), context())
    assert server.heard[0].headers["x-api-key"] == "ours"
    assert server.heard[0].headers["x-tenant"] == "t1"


async def test_a_key_in_the_query(serve: Serve, opened: Open) -> None:
    server = await serve(says(reply(ADA)))
    key = ApiKey(value=SecretStr("a&b"), query="key")
    source = await opened(f"{server.url}/base/", auth=Auth(api_key=key))
    await customer(source)
    assert server.heard[0].target == "/base/customers/7?key=a%26b"


async def test_cookies_of_a_reply_never_reach_another_call(serve: Serve, opened: Open) -> None:
    server = await serve(says(reply(ADA, "Set-Cookie: sid=USER_A; Path=/")))
    source = await opened(f"http://localhost:{server.port}")  # cookie jars take nothing from bare IP addresses
    await customer(source)
    await customer(source, session="mine")
    await customer(source)
    assert [heard.headers.get("cookie") for heard in server.heard] == [None, "session=mine", None]


async def test_a_dripping_body_ends_at_the_deadline(serve: Serve, opened: Open) -> None:
    async def drip(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    source = await opened((await serve(drip)).url, timeout_s=0.3)
    started = asyncio.get_running_loop().time()
    with pytest.raises(SourceTimeout):
        await customer(source)
    assert asyncio.get_running_loop().time() - started < 2
    with pytest.raises(OutcomeUnknown):
        await create(source)


async def test_the_deadline_of_the_request_is_kept(serve: Serve, opened: Open) -> None:
    async def silence(_: Heard, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    source = await opened((await serve(silence)).url, timeout_s=60)
    with pytest.raises(SourceTimeout):
        await customer(source, context(0.2))


@pytest.mark.parametrize("packed", [True, False])
async def test_a_reply_is_measured_unpacked(serve: Serve, opened: Open, *, packed: bool) -> None:
    body = b'{"id": "' + b"x" * 30_000_000 + b'"}'
    raw = reply(gzip.compress(body), "Content-Encoding: gzip") if packed else reply(body)
    server = await serve(says(raw))
    source = await opened(server.url, max_reply_bytes=100_000)
    with pytest.raises(SourceBadResponse):
        await customer(source)
    small = await opened((await serve(says(reply(gzip.compress(ADA), "Content-Encoding: gzip")))).url)
    assert await customer(small) == {"id": "7", "name": None}


async def test_a_truncated_or_broken_reply(serve: Serve, opened: Open) -> None:
    cut = reply(ADA).replace(b"Content-Length: 25", b"Content-Length: 99")
    assert cut != reply(ADA)
    for raw in (cut, reply(b"nonsense", "Content-Encoding: gzip"), b"SSH-2.0-OpenSSH_9.2\r\n\r\n"):
        source = await opened((await serve(says(raw, close=True))).url)
        with pytest.raises(SourceBadResponse):
            await customer(source)
        with pytest.raises(OutcomeUnknown):
            await create(source)


def dies_on_second(raw: bytes) -> Answer:
    """Answers a connection's first request and closes it upon the next, as servers do that forget idle clients."""
    seen: set[int] = set()

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.connection in seen:
            writer.close()
            return
        seen.add(heard.connection)
        writer.write(raw)
        await writer.drain()

    return answer


async def test_what_may_be_sent_twice_survives_a_closed_connection_and_a_write_is_sent_once(
    serve: Serve, opened: Open
) -> None:
    server = await serve(dies_on_second(reply(ADA)))
    source = guarded(await opened(server.url))
    await customer(source)
    assert await customer(source) == {"id": "7", "name": None}
    assert [heard.method for heard in server.heard] == ["GET", "GET", "GET"]
    server.heard.clear()
    await customer(source)
    with pytest.raises(OutcomeUnknown):
        await create(source)
    await customer(source)
    await source.execute(Call("replaceCustomer", {"id": "7"}), context())  # to do it twice is to do it once
    assert [heard.method for heard in server.heard] == ["GET", "GET", "POST", "GET", "PUT", "PUT"]


async def test_a_stated_read_may_be_sent_again(serve: Serve, opened: Open) -> None:
    server = await serve(dies_on_second(reply(ADA)))
    source = await opened(server.url)
    operation = replace(source.model.operations["createCustomer"], effect=Effect.READ)
    source.model = replace(source.model, operations={**source.model.operations, "createCustomer": operation})
    behind = guarded(source)
    await create(behind)
    assert await create(behind) == {"id": "7", "name": None}


async def test_a_reset_loses_a_write_and_a_read_differently(serve: Serve, opened: Open) -> None:
    server = await serve(resets())
    source = await opened(server.url)
    with pytest.raises(OutcomeUnknown):
        await create(source)
    assert len(server.heard) == 1
    with pytest.raises(SourceUnavailable):
        await customer(source)


async def test_nothing_listens(opened: Open) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        source = await opened(f"http://127.0.0.1:{free.getsockname()[1]}")
        for attempt in (customer, create):
            with pytest.raises(SourceUnavailable):
                await attempt(source)


async def test_a_write_that_waited_for_its_turn_was_not_sent(serve: Serve, opened: Open) -> None:
    release = asyncio.Event()

    async def slow(_: Heard, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.write(reply(ADA))

    server = await serve(slow)
    source = await opened(server.url, concurrency=1)
    first = asyncio.create_task(customer(source))
    while not server.heard:  # noqa: ASYNC110  # the server's journal is what is waited for
        await asyncio.sleep(0)
    with pytest.raises(SourceTimeout):
        await create(source, context(0.1))
    release.set()
    await first
    assert len(server.heard) == 1


STATUSES: Mapping[str, type[IsthmusError]] = {
    "302 Found": SourceBadResponse,
    "400 Bad Request": SourceRejected,
    "429 Too Many Requests": RateLimited,
    "500 Oops": SourceFault,
    "503 Busy": SourceUnavailable,
}


@pytest.mark.parametrize("status", STATUSES)
async def test_statuses(serve: Serve, opened: Open, status: str) -> None:
    server = await serve(says(reply(b'{"secret": "db-7"}', "Location: /elsewhere", status=status)))
    source = await opened(server.url)
    with pytest.raises(STATUSES[status]) as caught:
        await customer(source)
    assert "db-7" not in str(caught.value)
    assert len(server.heard) == 1
    if status.startswith("400"):
        assert caught.value.extensions == {"status": 400}


async def test_not_found_is_null_only_for_reads_by_key(serve: Serve, opened: Open) -> None:
    source = await opened((await serve(says(reply(b"nothing here", status="404 Not Found", media="text/plain")))).url)
    assert await customer(source) is None
    with pytest.raises(SourceRejected):
        await create(source)


async def test_a_source_without_an_address_is_refused(tmp_path: Path) -> None:
    (tmp_path / "crm.json").write_text(json.dumps(DOCUMENT))
    with pytest.raises(DescriptionError) as caught:
        await open_rest("crm", RestSettings(openapi="crm.json"), Documents(tmp_path))
    assert caught.value.problem.where == ("url",)


async def test_a_document_from_the_network_names_the_server(serve: Serve, tmp_path: Path) -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(json.dumps(DOCUMENT).encode() if "openapi" in heard.target else ADA))

    server = await serve(answer)
    source = await open_rest("crm", RestSettings(openapi=f"{server.url}/v1/openapi.json"), Documents(tmp_path))
    assert await customer(source) == {"id": "7", "name": None}
    await source.close()
    assert server.heard[-1].target == "/customers/7"
