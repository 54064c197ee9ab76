"""A small company behind a real socket, and tokens that it accepts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import httpx
import jwt

from gateway.app import make_app
from gateway.server_settings import ServerSettings
from gateway.uses import Uses
from schema import Graph
from tests.graph.company import Company
from tests.serving import serving, unhurried

SECRET = "a secret of this test, long enough for HMAC"


@dataclass
class Snap:
    graph: Graph | None
    degraded: dict[str, str] = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)


@dataclass
class Hold:
    current: Snap
    degraded: Mapping[str, str] = field(default_factory=dict)


def token(**claims: object) -> str:
    now = int(time.time())
    whole = {"iss": "https://id", "aud": "isthmus", "sub": "s", "iat": now, "exp": now + 36_000, **claims}
    return jwt.encode(whole, SECRET, "HS256", headers={"typ": "at+jwt"})


@contextlib.asynccontextmanager
async def served(made: Company, **claim_paths: str) -> AsyncIterator[httpx.AsyncClient]:
    trusted = {"issuer": "https://id", "audience": "isthmus", "secret": SECRET, "claims": claim_paths}
    settings = ServerSettings.model_validate({"jwt": trusted})
    headers = {"Accept": "application/graphql-response+json"}
    async with (
        serving(make_app(Hold(Snap(made.graph)), unhurried(settings))) as base,
        httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=20) as client,
    ):
        yield client


def authorization(bearer: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer}"} if bearer else {}
