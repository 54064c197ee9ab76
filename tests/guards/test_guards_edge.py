"""A whole gateway: what a caller says of repetitions, what it is told of limits, and what a file may say of both."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.allowance import RedisAllowance
from gateway.app import make_app
from gateway.file.config import UnreadableFile, read
from gateway.redis import RedisSettings, open_redis
from gateway.snapshot import Holder, load
from resolvers import AllowanceAway, ConfigurationError, Rate
from tests.guards.shop import DOCUMENT, in_turn
from tests.raw_server import Answer, RawServer, raw_server, reply, resets
from tests.redis_server import settings as redis_settings
from tests.serving import serving

TWICE = 'mutation { a: createItem(body: { id: "7" }) { id } b: createItem(body: { id: "7" }) { id } }'
READ = '{ item(id: "7") { id } }'


@dataclass
class Running:
    client: httpx.AsyncClient
    shop: RawServer

    async def ask(self, query: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return await self.client.post("/graphql", json={"query": query}, headers=headers)

    def keys(self) -> list[str | None]:
        return [heard.headers.get("idempotency-key") for heard in self.shop.heard]


@contextlib.asynccontextmanager
async def gateway(folder: Path, answer: Answer, **source: Any) -> AsyncIterator[Running]:
    (folder / "shop.json").write_text(json.dumps(DOCUMENT))
    async with raw_server(answer) as shop, contextlib.AsyncExitStack() as stack:
        stated = {"openapi": "./shop.json", "url": shop.url, "writes": True, **source}
        file = {"sources": {"shop": stated}, "access": {"default": "anonymous"}}
        (folder / "isthmus.yaml").write_text(json.dumps(file))
        chosen = read(folder / "isthmus.yaml", {})
        snapshot = await load(chosen)
        stack.push_async_callback(snapshot.close)
        url = await stack.enter_async_context(serving(make_app(Holder(snapshot), chosen.settings.server)))
        yield Running(await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False)), shop)


async def test_the_key_of_a_caller_reaches_the_source_as_one_of_each_field(tmp_path: Path) -> None:
    async with gateway(tmp_path, in_turn(resets()), idempotency_key="Idempotency-Key") as running:
        for _ in range(2):
            answer = await running.ask(TWICE, {"Idempotency-Key": '"an order"'})
            assert answer.json() == {"data": {"a": {"id": "7"}, "b": {"id": "7"}}}
        first, again, second, *repeated = running.keys()
        assert first == again
        assert first != second
        assert repeated == [first, second]


@pytest.mark.parametrize("sent", [["two words"], [""], ["x" * 256], ["a", "b"]])
async def test_a_key_that_is_none_is_refused_before_anything_is_done(sent: list[str], tmp_path: Path) -> None:
    async with gateway(tmp_path, in_turn(), idempotency_key="Idempotency-Key") as running:
        headers = [(b"content-type", b"application/json"), (b"accept", b"application/graphql-response+json")]
        headers += [(b"idempotency-key", each.encode()) for each in sent]
        answer = await running.client.post("/graphql", content=json.dumps({"query": TWICE}), headers=headers)
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["message"].startswith("Idempotency-Key is one text of 1 to 255 visible characters")
        assert running.shop.heard == []


async def test_an_answer_that_only_says_when_to_come_back_says_it_in_its_head_too(tmp_path: Path) -> None:
    slow = reply(b"{}", "Retry-After: 40", status="429 Slow")
    async with gateway(tmp_path, in_turn(slow)) as running:
        answer = await running.ask(READ)
        (error,) = answer.json()["errors"]
        assert (error["path"], error["message"]) == (["item"], "The source asks for fewer calls.")
        assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("RATE_LIMITED", 40)
        assert answer.headers["retry-after"] == "40"
        assert "retry-after" not in (await running.ask("{ __typename item(id: 1) { id } }")).headers


def refused(folder: Path, source: str) -> str:
    file = folder / "shop.yaml"
    file.write_text(f"sources:\n  shop:\n    openapi: shop.json\n    {source}\naccess: {{ default: anonymous }}\n")
    with pytest.raises(UnreadableFile) as raised:
        read(file, {})
    return raised.value.text


@pytest.mark.parametrize(("source", "told"), [
    ("retries: 3", "less than or equal to 2"),
    ("retries: { max: 1, budgit_percent: 3 }", 'did you mean "budget_percent"'),
    ("retries: { statuses: [404] }", "greater than or equal to 500"),
    ("rate_limit: {}", "rate_limit needs per_second or per_day"),
    ("rate_limit:", "nothing is said here, and any number of calls would be made"),
    ("rate_limit: { per_day: 5, burst: 2 }", "burst goes with per_second"),
    ("rate_limit: { per_secnd: 5 }", 'did you mean "per_second"'),
    ("idempotency_key: Authorization", "the header Authorization has a meaning of its own"),
    ("max_wait_s: soon", "write the number of seconds alone"),
    ("retry: 2", 'did you mean "retries"'),
])  # fmt: skip
def test_what_a_file_may_not_say(source: str, told: str, tmp_path: Path) -> None:
    assert told in refused(tmp_path, source)


async def test_what_does_not_fit_is_told_at_its_place(tmp_path: Path) -> None:
    stated = {"rate_limit": {"per_second": 1, "store": "redis"}, "operations": {"item": {"idempotency_key": "X-Key"}}}
    with pytest.raises(ConfigurationError) as raised:
        async with gateway(tmp_path, in_turn(), **stated):
            pass
    assert {(problem.what, problem.where) for problem in raised.value.problems} == {
        ("rate_limit with store: redis needs server.redis", ("sources", "shop", "rate_limit", "store")),
        ('"item" changes nothing, and may be made again anyway',
         ("sources", "shop", "operations", "item", "idempotency_key")),
    }  # fmt: skip


async def test_two_processes_count_one_allowance_in_redis() -> None:
    shared = RedisSettings.model_validate(redis_settings())
    ours, theirs = RedisAllowance(open_redis(shared)), RedisAllowance(open_redis(shared))
    rate = Rate(10.0, 3, None)
    turns = [await each.take("shop", rate, 0.0) for each in (ours, theirs, ours, theirs)]
    assert [turn.granted for turn in turns] == [True, True, True, False]
    assert 9 < turns[-1].wait <= 10
    waiting = await ours.take("shop", rate, 15.0)
    assert waiting.granted
    assert 9 < waiting.wait <= 10
    assert (await theirs.take("other", rate, 0.0)).granted
    day = Rate(0.0, 1, 2)
    turns = [await each.take("daily", day, 0.0) for each in (ours, theirs, ours)]
    assert [turn.granted for turn in turns] == [True, True, False]
    assert 0 < turns[-1].wait <= 86_400
    for each in (ours, theirs):
        await each.close()


async def test_a_redis_that_is_away_is_said_to_be() -> None:
    away = RedisAllowance(open_redis(RedisSettings.model_validate({"url": "redis://127.0.0.1:1/0"})))
    with pytest.raises(AllowanceAway):
        await away.take("shop", Rate(1.0, 1, None), 1.0)
    await away.close()


async def test_what_lies_in_redis_of_an_older_time_gives_nobody_more_than_is_allowed() -> None:
    redis = open_redis(RedisSettings.model_validate(redis_settings()))
    allowance = RedisAllowance(redis)
    bucket, day = redis.key("source", "shop"), redis.key("source", "shop", "day")
    rate = Rate(10.0, 2, 3)
    await redis.ask("SET", bucket, "1")  # it was full again long ago: a rest is no credit beyond the burst
    await redis.ask("SET", day, "1:3")  # another day, of which all calls were used
    assert [(await allowance.take("shop", rate, 0.0)).granted for _ in range(3)] == [True, True, False]
    for key, most_s in ((bucket, 20), (day, 2 * 86_400)):
        left_ms = await redis.ask("PTTL", key)
        assert 0 < left_ms <= most_s * 1000 + 100, key  # Redis rounds; sources that are gone leave nothing behind
    await allowance.close()


async def test_an_answer_that_is_none_counts_as_none() -> None:
    class Odd:
        async def run(self, *_: object) -> object:
            return None

        def key(self, *parts: str) -> str:
            return "".join(parts)

    with pytest.raises(AllowanceAway):
        await RedisAllowance(Odd()).take("shop", Rate(1.0, 1, None), 1.0)  # type: ignore[arg-type]  # what it says is odd
