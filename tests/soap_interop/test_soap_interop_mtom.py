"""Documents that travel beside the envelope (MTOM): what we send is put together by zeep and by npm's client, and what
npm's client sends by us.
"""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import requests
import zeep
from zeep.transports import Transport

from tests.raw_server import Heard, raw_server, reply
from tests.soap.npm_soap import npm_document
from tests.through.gateway import gateway

WSDL = Path(__file__).parent / "documents.wsdl"
FILE = f"""
    sources:
      it: {{ wsdl: "{WSDL}", url: "${{env:IT}}", writes: true }}
    access: {{ default: anonymous }}
"""
QUERY = """mutation ($content: Base64) {
    storeDocument(document: { name: "n & <1>", content: $content }) { name content } }"""
OURS = b"\0 of ours \r\n--isthmus\r\n\xff" * 300
THEIRS = b"\0 of npm's \r\n--\r\n\r\n\xfe" * 300


class Replies:
    """Answers with the request that was heard before, and keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    async def __call__(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        before = self.heard[-1] if self.heard else heard
        self.heard.append(heard)
        writer.write(reply(before.body, media=before.headers["content-type"]))


class _Given(Transport):
    """A transport whose one reply is given."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep has no types
        self._heard = heard

    def post_xml(self, *_: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Type"] = self._heard.headers["content-type"]
        response._content = self._heard.body
        return response


async def test_documents_beside_the_envelope_are_put_together_by_others_and_those_of_others_by_us(
    tmp_path: Path,
) -> None:
    replies = Replies()
    async with raw_server(replies) as server, gateway(tmp_path, FILE, {"IT": server.url}) as house:
        content = base64.b64encode(OURS).decode()
        # Our own request comes back as the reply, and is then the reply to npm's client, whose request is ours next.
        same = await house.data(QUERY, content=content)
        came = await asyncio.to_thread(npm_document, WSDL, server.url, "npm", THEIRS)
        found = await house.data(QUERY, content=content)
    assert same == {"storeDocument": {"name": "n & <1>", "content": content}}
    ours = replies.heard[0]
    assert ours.headers["content-type"].startswith("multipart/related")
    assert OURS in ours.body
    assert came == {"name": "n & <1>", "parts": [content]}
    assert found == {"storeDocument": {"name": "npm", "content": base64.b64encode(THEIRS).decode()}}
    client: Any = zeep.Client(str(WSDL), transport=_Given(ours))  # type: ignore[no-untyped-call]  # zeep has no types
    read = client.service.StoreDocument(name="any")
    assert (
        (read.root.name, read.root.content)
        if hasattr(read, "root")
        else (read.name, read.content)
        == (
            "n & <1>",
            OURS,
        )
    )
