"""A gateway over a file of a test, and tokens that it believes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from tests.serving import serving

SECRET = "a secret of more than thirty-two bytes"
TRUSTED = f'jwt: {{ issuer: "https://id/", audience: isthmus, secret: "{SECRET}" }}'


def token(subject: str, **claims: object) -> dict[str, str]:
    said = {"iss": "https://id/", "aud": "isthmus", "sub": subject, "exp": int(time.time()) + 600, **claims}
    return {"authorization": "Bearer " + jwt.encode(said, SECRET, "HS256")}


def database(path: Path, statements: Iterable[str]) -> None:
    with sqlite3.connect(path) as made:
        for statement in statements:
            made.execute(statement)
    made.close()


class Asking:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def ask(self, query: str, headers: dict[str, str], **variables: object) -> Any:
        reply = await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        return reply.json()


@asynccontextmanager
async def gateway(folder: Path, text: str) -> AsyncIterator[Asking]:
    """The gateway over a file that says ``text``."""
    file = folder / "isthmus.yaml"
    file.write_text(text)
    chosen = read(file, {})
    snapshot = await load(chosen)
    try:
        async with (
            serving(make_app(Holder(snapshot), chosen.settings.server)) as base,
            httpx.AsyncClient(base_url=base, trust_env=False, timeout=30) as client,
        ):
            yield Asking(client)
    finally:
        await snapshot.close()
