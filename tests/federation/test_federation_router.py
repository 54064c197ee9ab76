"""Behind a router of others: composed by Apollo's composition, asked by Hive Gateway."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import jwt
import pytest

from gateway.file.config import read
from gateway.snapshot import load
from tests.entities.world import SECRET, World, world
from tests.federation.reviews import SCHEMA, app
from tests.installed import node_modules
from tests.serving import serving

HERE = Path(__file__).parent
FAR = 120
RULES = """\
access:
  default: authenticated
  tags: { pii: [Customer.name] }
  rules:
    Customer.balance: { scopes: [money] }
    Query._service: { anonymous: true }
    _Service.sdl: { anonymous: true }
server: { subgraph: true, jwt: { issuer: "https://id/", audience: isthmus, secret: "${env:SECRET}" } }
"""


def token(*scopes: str) -> str:
    claims = {
        "iss": "https://id/",
        "aud": "isthmus",
        "sub": "ann",
        "exp": int(time.time()) + 600,
        "scope": " ".join(scopes),
    }
    return "Bearer " + jwt.encode(claims, SECRET, "HS256")


async def _compose(folder: Path, here: World) -> str:
    """The supergraph of the two subgraphs, as Apollo composes it."""
    sdl = (await here.ask("{ _service { sdl } }"))["data"]["_service"]["sdl"]
    (folder / "isthmus.graphql").write_text(sdl)
    service = await SCHEMA.execute("{ _service { sdl } }")
    assert service.data is not None
    (folder / "reviews.graphql").write_text(service.data["_service"]["sdl"])
    return str(here.client.base_url.join("/graphql"))


@asynccontextmanager
async def _routed(folder: Path, isthmus: str, reviews: str) -> AsyncIterator[httpx.AsyncClient]:
    modules = node_modules(HERE)
    composing = await asyncio.create_subprocess_exec(
        "node", HERE / "compose.mjs", f"isthmus={isthmus}={folder}/isthmus.graphql",
        f"reviews={reviews}={folder}/reviews.graphql", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(composing.communicate(), FAR)
    assert composing.returncode == 0, err.decode()
    (folder / "supergraph.graphql").write_bytes(out)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        modules / ".bin" / "hive-gateway", "supergraph", folder / "supergraph.graphql", "--port", str(port), "--host",
        "127.0.0.1", "--config-path", HERE / "gateway.config.ts", cwd=HERE, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "NODE_ENV": "production", "NO_COLOR": "1", "SECRET": SECRET},
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=FAR) as client:
            await _until_ready(client, process)
            yield client
    finally:
        process.terminate()
        await process.communicate()


async def _until_ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(FAR):
        while True:
            assert process.returncode is None, (await process.communicate())[0].decode()[-2000:]
            try:
                if (await client.get("/readiness")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


async def test_a_router_composes_it_and_asks_it(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(world(tmp_path, RULES))
        reviews = await stack.enter_async_context(serving(app()))
        isthmus = await _compose(tmp_path, here)
        router = await stack.enter_async_context(_routed(tmp_path, isthmus, f"{reviews}/graphql"))
        for calls in here.calls.values():
            calls.clear()
        query = "{ reviewed { id reviews name depot } }"
        reply = (await router.post("/graphql", json={"query": query}, headers={"authorization": token()})).json()
        assert "errors" not in reply, reply
        assert reply["data"]["reviewed"] == [
            {"id": 1, "reviews": ["Review of 1"], "name": "Customer 1", "depot": "Depot 1"},
            {"id": 9, "reviews": ["Review of 9"], "name": None, "depot": "Depot 9"},
            {"id": 4, "reviews": ["Review of 4"], "name": "Customer 4", "depot": None},
        ]
        assert [sorted(ids) for ids in here.calls["crm"]] == [[1, 4, 9]]  # one call for all of the router's keys
        query = "{ clients(ids: [2]) { name reviews balance } }"
        reply = (await router.post("/graphql", json={"query": query}, headers={"authorization": token()})).json()
        assert reply["errors"]  # the router knows from the schema what the field asks
        assert "20.50" not in str(reply)
        asked = await here.ask("{ clients(ids: [2]) { balance } }", authorization=token())
        assert asked["data"] == {"clients": [{"balance": None}]}  # and here it is asked in any case
        reply = (await router.post("/graphql", json={"query": query}, headers={"authorization": token("money")})).json()
        assert reply["data"]["clients"] == [{"name": "Customer 2", "reviews": ["Review of 2"], "balance": "20.50"}]
        reply = (await router.post("/graphql", json={"query": query})).json()
        assert not (reply.get("data") or {}).get("clients")
        assert reply["errors"]


async def test_the_schema_of_the_subgraph_says_what_a_router_must_know(tmp_path: Path) -> None:
    async with world(tmp_path, RULES):
        snapshot = await load(read(tmp_path / "isthmus.yaml", {"SECRET": SECRET}))
        assert snapshot.built is not None
        sdl = snapshot.built.subgraph
        await snapshot.close()
    assert sdl.startswith('extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: [')
    assert 'type Customer @key(fields: "id") @authenticated {' in sdl
    assert '  name: String @tag(name: "pii")\n' in sdl
    assert '  balance: Decimal @requiresScopes(scopes: [["money"]])\n' in sdl
    assert re.search(r"^type PageInfo @shareable", sdl, re.MULTILINE)
    assert "_entities" not in sdl


async def test_what_does_not_exist_for_some_is_told_to_no_router(tmp_path: Path) -> None:
    hidden = RULES.replace("{ scopes: [money] }", "{ scopes: [money], refused: hidden }")
    async with world(tmp_path, hidden) as here:
        sdl = (await here.ask("{ _service { sdl } }"))["data"]["_service"]["sdl"]
        assert "rating" in sdl
        assert "balance" not in sdl
        asked = await here.ask("{ clients(ids: [2]) { balance } }", authorization=token("money"))
        assert asked["data"] == {"clients": [{"balance": "20.50"}]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('{__typename: "Customer", id: 2}', None),
        ('{__typename: "Customer", id: "x"}', "a representation of Customer needs its id"),
        ('{__typename: "Customer"}', "a representation of Customer needs its id"),
        ('{__typename: "Customer", id: null}', "a representation of Customer needs its id"),
        ('{__typename: "Invoice", number: "R1"}', "a representation needs the __typename of an entity"),
        ("7", "a representation needs the __typename of an entity"),
    ],
)
async def test_a_representation_that_is_none_fails_alone(tmp_path: Path, given: str, said: str | None) -> None:
    open_ = "access: { default: anonymous }\nserver: { subgraph: true }\n"
    async with world(tmp_path, open_) as here:
        query = '{ _entities(representations: [{__typename: "Customer", id: 1}, %s]) { ... on Customer { name } } }'
        reply = await here.ask(query % given)
        assert reply["data"]["_entities"][0] == {"name": "Customer 1"}
        if said is None:
            assert reply["data"]["_entities"][1] == {"name": "Customer 2"}
        else:
            assert reply["data"]["_entities"][1] is None
            assert [(error["message"], error["path"]) for error in reply["errors"]] == [(said, ["_entities", 1])]
