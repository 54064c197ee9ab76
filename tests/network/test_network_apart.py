"""What callers and sources have to do with each other over real sockets: nothing that the file does not say."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import unquote

from gateway.file.config import read
from gateway.token import sign
from tests.network.crm import ADA, ROW, document
from tests.raw_server import Heard, raw_server, reply, says
from tests.through.gateway import codes, gateway

SECRET = "a secret of this test, long enough for HMAC"


def described(folder: Path) -> None:
    (folder / "crm.json").write_text(json.dumps(document()))


async def test_each_of_hundreds_of_answers_is_that_of_its_own_caller(tmp_path: Path) -> None:
    described(tmp_path)

    async def echo(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.001 * (len(heard.target) % 5))  # replies overtake each other
        key = unquote(heard.target.rpartition("/")[2])
        body = json.dumps({"id": f"{key} of {heard.headers['x-user']}"}).encode()
        writer.write(reply(body, "Cache-Control: max-age=60", f"Set-Cookie: sid={heard.headers['x-user']}"))

    async with raw_server(echo) as server:
        text = f"""
        sources:
          crm:
            openapi: crm.json
            url: "http://localhost:{server.port}"
            cache: true
            auth: {{ forward: {{ claims: {{ X-User: sub }} }} }}
        access: {{ default: authenticated }}
        server:
          overload: {{ shed: false }}  # a burst of 120 on a slow machine is an overload, and rightly refused
          jwt: {{ issuer: "https://id", audience: isthmus, secret: "{SECRET}" }}
        """
        async with gateway(tmp_path, text) as house:

            async def ask(user: str, number: int) -> None:
                query = "query($a: String!, $b: String!) { a: customer(id: $a) { id } b: customer(id: $b) { id } }"
                keys = {"a": str(number % 7), "b": "x" * (number % 4 + 1)}
                headers = {"Authorization": f"Bearer {tokens[user]}"}
                answer = await house.client.post("/graphql", json={"query": query, "variables": keys}, headers=headers)
                assert answer.json().get("data") == {name: {"id": f"{key} of {user}"} for name, key in keys.items()}, (
                    answer.text
                )

            trusted = read(tmp_path / "isthmus.yaml").settings.server.jwt
            assert trusted is not None
            tokens = {f"user-{number}": sign(trusted, f"user-{number}") for number in range(20)}
            for first in range(0, 12, 6):
                await asyncio.gather(*(ask(user, number) for number in range(first, first + 6) for user in tokens))
    assert server.heard
    assert not [heard for heard in server.heard if "cookie" in heard.headers]


async def test_a_source_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    described(tmp_path)
    let_go = asyncio.Event()

    async def hang(_: Heard, writer: asyncio.StreamWriter) -> None:
        await let_go.wait()
        writer.write(reply(ADA))

    async with raw_server(hang) as slow, raw_server(says(reply(ADA))) as quick:
        text = f"""
        sources:
          slow: {{ openapi: crm.json, url: "{slow.url}", prefix: slow, concurrency: 2 }}
          quick: {{ openapi: crm.json, url: "{quick.url}", prefix: quick, concurrency: 2 }}
        access: {{ default: anonymous }}
        """
        async with gateway(tmp_path, text) as house:
            slowly, quickly = "slowCustomer", "quickCustomer"
            waiting = [
                asyncio.create_task(house.ask(f'{{ {slowly}(id: "{number}") {{ id }} }}')) for number in range(10)
            ]
            while len(slow.heard) < 2:  # noqa: ASYNC110  # the server's journal is what is waited for
                await asyncio.sleep(0)
            for _ in range(10):
                assert await house.data(f'{{ {quickly}(id: "7") {{ id }} }}') == {quickly: ROW}
            assert not any(task.done() for task in waiting)
            assert (slow.most_in_flight, len(slow.heard)) == (2, 2)
            let_go.set()
            assert [codes(body) for body in await asyncio.gather(*waiting)] == [[]] * 10


async def test_health_and_readiness_ask_no_source_and_tell_no_address(tmp_path: Path) -> None:
    described(tmp_path)
    async with raw_server(says(reply(ADA))) as server:
        text = f"""
        sources:
          crm: {{ openapi: crm.json, url: "{server.url}", auth: {{ bearer: not-for-strangers }} }}
        access: {{ default: authenticated }}
        server: {{ jwt: {{ issuer: "https://id", audience: isthmus, secret: "{SECRET}" }} }}
        """
        async with gateway(tmp_path, text) as house:
            for _ in range(20):
                assert (await house.client.get("/healthz")).json() == {"status": "ok"}
                assert (await house.client.get("/readyz")).json() == {"ready": True, "degraded": {}}
            for path in ("/metrics", "/debug", "/admin", "/env", "/openapi.json", "/isthmus.yaml", "/.git/config"):
                assert (await house.client.get(path)).status_code == 404
        assert server.heard == []
