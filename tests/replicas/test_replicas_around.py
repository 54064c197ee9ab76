"""What stands around replicas: credentials, what is kept of replies, SOAP, and what is told of all of it."""

from __future__ import annotations

import json
from pathlib import Path

from resolvers import Standing
from resolvers.breaker import BreakerSettings
from resolvers.http import HttpClient, Request
from resolvers.http.balanced import Several
from resolvers.network import direct
from resolvers.source import Call
from tests.network.crm import ADA, ROW, document
from tests.raw_server import raw_server, reply, says
from tests.replicas.copies import WRITE, context, copies, over, read, reads


async def test_every_replica_is_shown_what_proves_us(tmp_path: Path) -> None:
    auth = {"bearer": "s3cret", "api_key": {"value": "k3y", "query": "key"}}
    async with copies(3) as every, over(tmp_path, [each.url for each in every], auth=auth) as (source, _):
        await reads(source, 30, at_once=6)
        for each in every:
            assert each.calls
            assert {heard.headers["authorization"] for heard in each.server.heard} == {"Bearer s3cret"}
            assert all(heard.target.endswith("?key=k3y") for heard in each.server.heard)
            assert {heard.headers["host"] for heard in each.server.heard} == {f"127.0.0.1:{each.injector.port}"}


async def test_a_host_that_is_no_replica_is_shown_nothing(tmp_path: Path) -> None:
    """Not even the one that the description itself is served by."""
    async with copies(2) as every, copies(1) as others:
        (other,) = others
        described = document(servers=[{"url": other.url}])
        other.answer = says(reply(json.dumps(described).encode()))
        at, auth = f"{other.url}/openapi.json", {"bearer": "s3cret"}
        async with over(tmp_path, [each.url for each in every], openapi=at, auth=auth) as (source, _):
            await reads(source, 4)
        assert [heard.headers.get("authorization") for heard in other.server.heard] == [None]


async def test_what_only_begins_like_the_address_of_the_source_goes_where_it_says() -> None:
    answer = says(reply(ADA))
    async with raw_server(answer) as one, raw_server(answer) as two, raw_server(answer) as far:
        addresses = (("one", f"{one.url}/api"), ("two", f"{two.url}/api"))
        several = Several("crm", addresses, 5.0, Standing(), BreakerSettings.model_validate({}))
        client = HttpClient(direct(), f"{one.url}/", several=several)
        for url in (f"{one.url}/apix/1", f"{one.url}/other", f"{far.url}/api/1"):
            for _ in range(8):
                await client.send(Request("GET", url, {}), timeout=5, resendable=True)
        assert [heard.target for heard in one.heard] == ["/apix/1"] * 8 + ["/other"] * 8
        assert [heard.target for heard in far.heard] == ["/api/1"] * 8
        assert not two.heard
        await client.send(Request("GET", f"{one.url}/api?a=1", {}), timeout=5, resendable=True)
        assert "/api?a=1" in {heard.target for heard in (*one.heard, *two.heard)}
        await client.close()


async def test_paths_of_addresses_are_their_own(tmp_path: Path) -> None:
    async with copies(2) as every:
        urls = [f"{every[0].url}/v1/", f"{every[1].url}/api"]
        async with over(tmp_path, urls) as (source, _):
            await reads(source, 20, at_once=4)
            assert {heard.target.rpartition("/")[0] for heard in every[0].server.heard} == {"/v1/customers"}
            assert {heard.target.rpartition("/")[0] for heard in every[1].server.heard} == {"/api/customers"}


async def test_what_one_replica_answered_is_kept_for_all_of_them(tmp_path: Path) -> None:
    async with copies(3) as every, over(tmp_path, [each.url for each in every], cache=True) as (source, _):
        for each in every:
            each.answer = says(reply(ADA, "Cache-Control: max-age=60", 'ETag: "1"'))
        call = Call("customer", {"id": "7"})
        for _ in range(10):
            assert await source.execute(call, context()) == ROW
        assert sum(each.calls for each in every) == 1
        await source.execute(WRITE, context())  # which changes what was kept, at whatever replica it was
        assert await source.execute(call, context()) == ROW
        assert sum(each.count("GET") for each in every) == 2


async def test_a_validator_of_one_replica_is_understood_by_another(tmp_path: Path) -> None:
    async with copies(2) as every, over(tmp_path, [each.url for each in every], cache=True) as (source, _):
        for each in every:
            each.answer = says(reply(ADA, "Cache-Control: no-cache", 'ETag: "1"'))
        call = Call("customer", {"id": "7"})
        assert await source.execute(call, context()) == ROW
        for each in every:
            each.answer = says(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
        for _ in range(8):
            assert await source.execute(call, context()) == ROW
        asked = [heard for each in every for heard in each.server.heard if "if-none-match" in heard.headers]
        assert len(asked) == 8


async def test_the_state_of_the_source_is_open_while_no_replica_may_be_asked(tmp_path: Path) -> None:
    async with copies(2) as every, over(tmp_path, [each.url for each in every], retries=False) as (source, tally):
        for each in every:
            await each.injector.stop()
        states = set()
        for _ in range(40):
            try:
                await source.execute(read(), context())
            except Exception:  # noqa: BLE001  # whatever it is called
                states.add(tally.state)
        assert tally.state == "open"
        assert states == {"closed", "open"}
