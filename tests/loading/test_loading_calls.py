"""Columns of keys against a REST source over real sockets: how many calls are under way, and until when."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from resolvers import (
    LEAF,
    Call,
    Code,
    Column,
    Context,
    KeyPart,
    Loaders,
    Match,
    Scalar,
    Selection,
    Source,
)
from resolvers import open_all as open_sources
from resolvers.rest import RestSettings
from tests.loading.outcomes import shown
from tests.raw_server import Answer, Heard, RawServer, raw_server, reply

DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {"/rows/{id}": {"get": {
        "operationId": "row",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Row"}}}}},
    }}},
    "components": {"schemas": {"Row": {
        "type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}}},
}  # fmt: skip


@contextlib.asynccontextmanager
async def opened(folder: Path, answer: Answer, **settings: object) -> AsyncIterator[tuple[Source, RawServer]]:
    """A source with all that stands before its client."""
    (folder / "crm.json").write_text(json.dumps(DOCUMENT))
    async with raw_server(answer) as server:
        stated = RestSettings.model_validate({"openapi": "crm.json", "url": server.url, **settings})
        made = await open_sources({"crm": ("openapi", stated)}, folder)
        source = made.sources["crm"]
        try:
            yield source, server
        finally:
            await source.close()


def context(seconds: float) -> Context:
    return Context(asyncio.get_running_loop().time() + seconds, "r")


async def load(source: Source, keys: list[str], given: Context) -> list[Any]:
    """One ``id`` or error code for each key."""
    match = Match(("id",), (KeyPart(Scalar.STRING),), (True,), ("id",))
    column = Column("crm", source.model.operations["row"], match, False, Call("row"), ("row",))
    outcomes = await Loaders({"crm": source}, given).load(column, [(key,) for key in keys], Selection({"id": LEAF}))
    return [shown(outcome, "id") for outcome in outcomes]


def key_of(heard: Heard) -> str:
    return heard.target.rpartition("/")[2]


def row(key: str) -> bytes:
    return reply(json.dumps({"id": key}).encode())


async def test_no_more_calls_are_under_way_than_the_source_allows_and_no_fewer(tmp_path: Path) -> None:
    full = asyncio.Event()

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        # Nobody is answered before as many as may come are there: fewer would never get an answer.
        if server.in_flight == 3:
            full.set()
        await full.wait()
        writer.write(row(key_of(heard)))

    async with opened(tmp_path, answer, concurrency=3) as (source, server):
        keys = [f"k{index}" for index in range(20)]
        both = await asyncio.gather(load(source, keys, context(10)), load(source, ["x", "y"], context(10)))
        assert [*both] == [keys, ["x", "y"]]
        assert server.most_in_flight == 3
        assert sorted(key_of(heard) for heard in server.heard) == sorted([*keys, "x", "y"])


async def test_the_deadline_of_the_request_ends_calls_and_those_that_wait_are_not_sent(tmp_path: Path) -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if key_of(heard) != "quick":
            await asyncio.Event().wait()
        writer.write(row("quick"))

    async with opened(tmp_path, answer, concurrency=2, timeout_s=60) as (source, server):
        found = await load(source, ["quick", "slow1", "slow2", "late1", "late2"], context(0.4))
        assert found == ["quick", *[Code.SOURCE_TIMEOUT] * 4]
        assert {key_of(heard) for heard in server.heard} == {"quick", "slow1", "slow2"}


async def test_the_time_of_a_source_ends_a_call_and_gives_its_place_to_the_next(tmp_path: Path) -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if key_of(heard) == "slow":
            await asyncio.Event().wait()
        writer.write(row(key_of(heard)))

    async with opened(tmp_path, answer, concurrency=1, timeout_s=0.3) as (source, server):
        assert await load(source, ["slow", "next"], context(10)) == [Code.SOURCE_TIMEOUT, "next"]
        assert len(server.heard) == 2


async def test_a_request_that_is_cancelled_gives_its_places_back(tmp_path: Path) -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if key_of(heard).startswith("slow"):
            await asyncio.Event().wait()
        writer.write(row(key_of(heard)))

    async with opened(tmp_path, answer, concurrency=2, timeout_s=60) as (source, server):
        call = asyncio.gather(*(source.execute(Call("row", {"id": f"slow{n}"}), context(10)) for n in range(2)))
        while server.in_flight < 2:  # noqa: ASYNC110  # the server's journal is what is waited for
            await asyncio.sleep(0.005)
        call.cancel()
        assert await load(source, ["a", "b"], context(5)) == ["a", "b"]


async def test_one_failing_call_fails_its_own_key_alone(tmp_path: Path) -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        match key_of(heard):
            case "down":
                writer.write(reply(b"", status="500 Oops"))
            case "gone":
                writer.write(reply(b"{}", status="404 Not Found"))
            case "other":
                writer.write(row("somebody else"))
            case "broken":
                writer.write(reply(b'{"id": '))
            case key:
                writer.write(row(key))

    async with opened(tmp_path, answer) as (source, _):
        given = context(5)
        found = await load(source, ["a", "down", "gone", "other", "broken", "b"], given)
        assert found == ["a", Code.SOURCE_FAULT, None, None, Code.SOURCE_BAD_RESPONSE, "b"]
        assert given.dropped == {"crm.row": 1}
