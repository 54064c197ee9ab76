"""What was taken back holds no longer: by a file that is read again, by a real Redis, and when that one is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import redis
from pydantic import ValidationError

from gateway.identity import RevocationSettings
from gateway.identity.doubt import CannotVerify
from gateway.identity.revocation import ASKED_AGAIN_S, Revocation
from gateway.redis import RedisSettings, open_redis
from gateway.server_settings import ServerSettings
from gateway.token import sign
from gateway.watched import watching
from resolvers import ConfigurationError, Unauthenticated
from schema import Principal
from tests.identity.test_identity_api_keys import HASH, KEY, write
from tests.identity.test_identity_issuers import issuers, shared
from tests.redis_server import URL
from tests.redis_server import settings as redis_settings

if TYPE_CHECKING:
    from tests.edge.conftest import Running, Start

ISSUED = 1_800_000_000.0
"""2027-01-15T08:00:00Z"""


def principal(subject: str = "ada", **claims: Any) -> Principal:
    return Principal(subject, claims={"iss": "i", "sub": subject, "jti": "j1", "iat": ISSUED, **claims})


def post(running: Running, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{running.url}/graphql", json={"query": "{ hello }"}, headers=named).status_code


ENTRIES: list[tuple[str, Principal, bool]] = [
    ("- { jti: j1 }", principal(), True),
    ("- { jti: j1 }", principal(jti="j2"), False),
    ("- { jti: j1 }", Principal("ada", claims={"sub": "ada"}), False),
    ("- { jti: j1, iss: i }", principal(), True),
    ("- { jti: j1, iss: other }", principal(), False),
    ("- { sub: ada }", principal(), True),
    ("- { sub: ada }", principal("bob"), False),
    ("- { sub: ada, iss: other }", principal(), False),
    ("- { sub: ada, before: 2027-01-15T08:00:01Z }", principal(), True),
    ("- { sub: ada, before: 2027-01-15T08:00:00Z }", principal(), False),
    ("- { sub: ada, before: 2027-01-15T09:00:01+01:00 }", principal(), True),
    ("- { sub: ada, before: 2027-01-15T08:00:01Z }", principal(iat=ISSUED + 5), False),
    ("- { sub: ada, before: 2027-01-15T08:00:01Z }", Principal("ada", claims={"iss": "i", "sub": "ada"}), True),
    ("- { sub: ada, before: 2020-01-01T00:00:00Z }\n- { sub: ada, before: 2027-01-15T08:00:01Z }", principal(), True),
    ("- { sub: ada }", Principal("u7", claims={"iss": "i", "sub": "ada"}), True),
    ("- { sub: u7 }", Principal("u7", claims={"iss": "i", "sub": "ada"}), True),
    ("", principal(), False),
    ("[]", principal(), False),
]


@pytest.mark.parametrize(("text", "who", "refused"), ENTRIES)
async def test_what_an_entry_means(tmp_path: Path, text: str, who: Principal, *, refused: bool) -> None:
    path = tmp_path / "revoked.yaml"
    path.write_text(text)
    revocation = Revocation(RevocationSettings.model_validate({"file": path}), None)
    assert revocation.clears(who) is not refused
    if refused:
        with pytest.raises(Unauthenticated):
            await revocation.check(who)
    else:
        await revocation.check(who)


async def test_a_watch_goes_on_whatever_goes_wrong(tmp_path: Path) -> None:
    class Broken:
        async def look(self) -> None:
            raise ZeroDivisionError

    path = tmp_path / "revoked.yaml"
    path.write_text("[]")
    revocation = Revocation(RevocationSettings.model_validate({"file": path}), None)
    watch = asyncio.create_task(watching([Broken(), revocation], 0.01))
    async with asyncio.timeout(10):
        for text, clear in (("- { sub: ada }", False), ("- [ broken", False), ("[]", True)):
            write(path, text)
            while revocation.clears(principal()) is not clear:  # noqa: ASYNC110  # a file tells nobody
                await asyncio.sleep(0.01)
    watch.cancel()


def test_a_running_server_puts_callers_out_within_five_seconds(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "revoked.yaml"
    path.write_text("- { jti: somebody-else }\n")
    running = start(jwt=shared("i"), revocation={"file": str(path)}, api_keys={"keys": [{"name": "ci", "hash": HASH}]})
    ada, bob = (f"Bearer {sign(issuers(shared('i')), name)}" for name in ("ada", "bob"))
    assert [post(running, authorization=ada), post(running, x_api_key=KEY)] == [200, 200]
    write(path, "- { sub: ada }\n- { sub: ci }\n")
    until = time.monotonic() + 5
    while post(running, authorization=ada) != 401:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert [post(running, authorization=bob), post(running, x_api_key=KEY), post(running)] == [200, 401, 200]


@pytest.mark.parametrize("text", ["- {", "a: b", "- { jti: a, sub: b }", "- {}",
  "- { jti: a, before: 2027-01-01T00:00:00Z }",
                                  "- { sub: a, before: 2027-01-01 }", "- { sbu: a }", "- { jti: 5 }"])  # fmt: skip
def test_a_list_that_is_not_understood_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "revoked.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        Revocation(RevocationSettings.model_validate({"file": path}), None)
    assert [problem.where for problem in caught.value.problems] == [("server", "revocation", "file")]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def shared_list(url: str = "", **more: Any) -> AsyncIterator[tuple[Revocation, Any, str, Clock]]:
    stated = RedisSettings.model_validate({**redis_settings(), **({"url": url} if url else {})})
    gateway, clock = open_redis(stated), Clock()
    settings = RevocationSettings.model_validate({"redis": True, **more})
    try:
        yield Revocation(settings, gateway, clock=clock), redis.Redis.from_url(URL), stated.prefix, clock
    finally:
        await gateway.close()


async def test_redis_says_who_is_out_and_its_word_counts_for_three_seconds() -> None:
    async with shared_list() as (revocation, store, prefix, clock):
        assert not revocation.clears(principal())
        await revocation.check(principal())
        assert revocation.clears(principal())
        store.set(f"{prefix}revoked:jti:j1", "", ex=60)
        assert revocation.clears(principal())
        clock.now += ASKED_AGAIN_S
        assert not revocation.clears(principal())
        with pytest.raises(Unauthenticated):
            await revocation.check(principal())
        await revocation.check(principal(jti="j2"))
        for value, refused in (("*", True), (str(ISSUED + 1), True), (str(ISSUED), False), ("", True), ("nan", True),
                               (str(ISSUED - 1), False), ("0", False)):  # fmt: skip
            store.set(f"{prefix}revoked:sub:bob", value, ex=60)
            clock.now += ASKED_AGAIN_S
            if refused:
                with pytest.raises(Unauthenticated):
                    await revocation.check(principal("bob", jti="j3"))
            else:
                await revocation.check(principal("bob", jti="j3"))


@pytest.mark.parametrize("on_failure", ["refuse", "allow"])
async def test_while_redis_is_away_what_is_declared_holds(tmp_path: Path, on_failure: str) -> None:
    path = tmp_path / "revoked.yaml"
    path.write_text("- { sub: bob }")
    async with shared_list("redis://127.0.0.1:1/0", on_failure=on_failure, file=path) as (revocation, _, _, _):
        if on_failure == "refuse":
            with pytest.raises(CannotVerify):
                await revocation.check(principal())
        else:
            await revocation.check(principal())
        with pytest.raises(Unauthenticated):
            await revocation.check(principal("bob"))  # the file is still there


def test_away_is_503_and_neither_401_nor_anonymous(start: Start) -> None:
    running = start(
        jwt=shared("i"), revocation={"redis": True}, redis={"url": "redis://127.0.0.1:1/0", "prefix": "isthmus-test:"}
    )
    reply = post(running, authorization=f"Bearer {sign(issuers(shared('i')), 'ada')}")
    assert (reply, running.graph.seen) == (503, [])
    assert [post(running, authorization="Bearer x"), post(running)] == [401, 200]


def test_what_cannot_be() -> None:
    with pytest.raises(ValidationError, match="needs file or redis"):
        RevocationSettings.model_validate({})
    with pytest.raises(ValidationError, match=r"there is no server\.redis"):
        ServerSettings.model_validate({"revocation": {"redis": True}})
