"""A REST source of the size that tests of guards need: it reads, replaces, creates and pays."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolvers import Call, Context, IsthmusError, Source, Tally, open_all
from resolvers.idempotency import Idempotency
from resolvers.resilience import SharedAllowance
from resolvers.rest import RestSettings
from tests.raw_server import Answer, Heard, RawServer, raw_server, reply

ITEM = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}}
ID = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
BODY = {"required": True, **ITEM}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "shop", "version": "1"},
    "paths": {
        "/items/{id}": {
            "get": {"operationId": "item", "parameters": ID, "responses": {"200": ITEM}},
            "put": {"operationId": "replace", "parameters": ID, "requestBody": BODY, "responses": {"200": ITEM}},
        },
        "/items": {"post": {"operationId": "create", "requestBody": BODY, "responses": {"201": ITEM}}},
        "/payments": {"post": {"operationId": "pay", "requestBody": BODY, "responses": {"201": ITEM}}},
    },
    "components": {"schemas": {"Item": {"type": "object", "properties": {"id": {"type": "string"}}}}},
}
GOOD = reply(b'{"id": "7"}')
READ = Call("item", {"id": "7"})
REPLACE = Call("replace", {"id": "7", "body": {"id": "7"}})
CREATE = Call("create", {"body": {"id": "7"}})
PAY = Call("pay", {"body": {"id": "7"}})


@dataclass(slots=True)
class Shop:
    source: Source
    tally: Tally

    async def outcome(self, call: Call, given: Context | None = None) -> object:
        """The value, or the error."""
        try:
            return await self.source.execute(call, given or context())
        except IsthmusError as error:
            return error


def context(seconds: float = 5.0, *, who: str = "anonymous", key: str | None = None) -> Context:
    made = Context(asyncio.get_running_loop().time() + seconds, "r1", who)
    made.idempotency = None if key is None else Idempotency(key)
    return made


@contextlib.asynccontextmanager
async def opened(
    folder: Path, url: str, shared: Callable[[], SharedAllowance] | None = None, **settings: Any
) -> AsyncIterator[Shop]:
    """The source, as it is opened from a file, over whatever answers at ``url``."""
    (folder / "shop.json").write_text(json.dumps(DOCUMENT))
    stated = RestSettings.model_validate({"openapi": "shop.json", "url": url, "writes": True, **settings})
    made = await open_all({"shop": ("openapi", stated)}, folder, shared=shared)
    assert not made.failed
    assert not made.problems
    source = made.sources["shop"]
    assert hasattr(source, "tally")
    try:
        yield Shop(source, source.tally)
    finally:
        await source.close()


@contextlib.asynccontextmanager
async def shop(folder: Path, answer: Answer, **settings: Any) -> AsyncIterator[tuple[Shop, RawServer]]:
    """The source and the server behind it."""
    async with raw_server(answer) as server, opened(folder, server.url, **settings) as made:
        yield made, server


def in_turn(*answers: Answer | bytes) -> Answer:
    """Each request gets the next answer; those after the last get a good one."""
    left = iter(answers)

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        each = next(left, GOOD)
        if isinstance(each, bytes):
            writer.write(each)
        else:
            await each(heard, writer)

    return answer
