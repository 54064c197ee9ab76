"""Whoever asks too often is told when to come back: over a real socket, in one process and, by Redis, in several."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping
from typing import Any, NoReturn

import httpx
import jwt
import pytest
from pydantic import ValidationError

from gateway.rates.buckets import Buckets, Rate, Take
from gateway.rates.limiter import Rates
from gateway.rates.settings import RateLimitSettings
from gateway.request.addresses import Networks
from gateway.request.asked import Asked
from gateway.server_settings import ServerSettings
from schema import Principal
from tests.edge.conftest import begun
from tests.redis_server import settings as redis_settings

SECRET = "a secret of this test, long enough for HMAC"
JWT = {"issuer": "https://id", "audience": "isthmus", "secret": SECRET}
HELLO = {"query": "{ hello }"}
HOUR = {"per_s": 3600}


def bearer(subject: str, **claims: object) -> dict[str, str]:
    whole = {"iss": "https://id", "aud": "isthmus", "sub": subject, "iat": 1, "exp": 9_000_000_000, **claims}
    return {"authorization": f"Bearer {jwt.encode(whole, SECRET, 'HS256', headers={'typ': 'at+jwt'})}"}


def limited(**rules: Any) -> dict[str, Any]:
    return {"jwt": {**JWT, "max_lifetime_s": 1e11}, "rate_limits": {"rules": rules}}


def statuses(url: str, *requests: dict[str, Any], body: Mapping[str, object] | None = None) -> list[int]:
    with httpx.Client(trust_env=False) as client:
        return [client.post(f"{url}/graphql", json=body or HELLO, headers=each).status_code for each in requests]


def test_a_principal_is_told_what_is_left_and_when_to_come_back() -> None:
    with begun(**limited(everyone={"requests": 2, **HOUR})) as running:
        ada, bob = bearer("ada"), bearer("bob")
        assert statuses(running.url, ada, ada, ada, bob, ada) == [200, 200, 429, 200, 429]
        assert len(running.graph.seen) == 3
        refused = httpx.post(running.url + "/graphql", json=HELLO, headers=ada)
        (error,) = refused.json()["errors"]
        assert error["extensions"] == {"code": "RATE_LIMITED", "requestId": refused.headers["x-request-id"]}
        assert 1700 < int(refused.headers["retry-after"]) <= 1800
        assert refused.headers["ratelimit-policy"] == '"everyone";q=2;w=3600'
        assert refused.headers["ratelimit"].startswith('"everyone";r=0;t=')
        first = httpx.post(running.url + "/graphql", json=HELLO, headers=bearer("eve"))
        assert first.headers["ratelimit"] == '"everyone";r=1;t=1800'


def test_who_has_no_token_is_known_by_address_and_proxies_that_are_trusted_tell_it() -> None:
    told = [{"x-forwarded-for": address} for address in ("198.51.100.1", "198.51.100.2", "198.51.100.1")]
    rule = {"requests": 1, **HOUR}
    with begun(**limited(everyone=rule)) as running:
        assert statuses(running.url, *told) == [200, 429, 429]
    with begun(**limited(everyone=rule), trusted_proxies=["127.0.0.0/8"]) as running:
        assert statuses(running.url, *told) == [200, 200, 429]


def test_callers_with_a_token_and_those_without_have_limits_of_their_own() -> None:
    rules = {
        "strangers": {"requests": 1, "callers": "anonymous", **HOUR},
        "known": {"requests": 2, "callers": "known", **HOUR},
    }
    with begun(**limited(**rules)) as running:
        ada = bearer("ada")
        assert statuses(running.url, {}, {}, ada, ada, ada, bearer("bob")) == [200, 429, 200, 200, 429, 200]


def test_whoever_guesses_tokens_is_counted_by_address() -> None:
    rules = {"doors": {"requests": 2, "per": ["address"], **HOUR}, "each": {"requests": 9, **HOUR}}
    with begun(**limited(**rules)) as running:
        bad = {"authorization": "Bearer guessed"}
        assert statuses(running.url, bad, bad, bad, {}, bearer("ada")) == [401, 401, 429, 429, 429]
    with begun(**limited(**rules)) as running:
        reply = httpx.post(running.url + "/graphql", json=HELLO)
        assert reply.headers["ratelimit-policy"] == '"doors";q=2;w=3600, "each";q=9;w=3600'
        assert reply.headers["ratelimit"] == '"doors";r=1;t=1800, "each";r=8;t=400'


def test_a_client_is_known_by_its_token_or_by_a_name_that_is_listed() -> None:
    settings = limited(apps={"requests": 1, "per": ["client"], **HOUR})
    settings["rate_limits"]["clients"] = ["ios"]
    with begun(**settings) as running:
        web = [bearer("ada", azp="web"), bearer("bob", azp="web")]
        assert statuses(running.url, *web) == [200, 429]
        names = [{"x-client-name": name} for name in ("ios", "ios", "made-up-1", "made-up-2")]
        assert statuses(running.url, *names) == [200, 429, 200, 429]  # made-up names are the address they come from


def test_an_api_key_is_a_caller_by_its_name() -> None:
    texts = ("k" * 40, "l" * 40)
    keys = [
        {"name": name, "hash": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"}
        for name, text in zip(("batch", "shop"), texts, strict=True)
    ]
    settings = limited(apps={"requests": 1, "per": ["client"], **HOUR}) | {"api_keys": {"keys": keys}}
    with begun(**settings) as running:
        batch, shop = ({"x-api-key": text} for text in texts)
        assert statuses(running.url, batch, batch, shop, bearer("batch")) == [200, 429, 200, 200]


def test_each_login_in_an_operation_counts_and_other_operations_do_not() -> None:
    with begun(**limited(logins={"requests": 3, "per": ["address"], "fields": ["Mutation.touch"], **HOUR})) as running:
        two = {"query": "mutation { a: touch b: touch }"}
        assert statuses(running.url, {}, {}, body=two) == [200, 429]
        assert statuses(running.url, {}, {}, body={"query": "mutation { touch }"}) == [200, 429]
        assert statuses(running.url, {}, {}, {}) == [200, 200, 200]


def test_an_operation_is_counted_by_its_name() -> None:
    settings = limited(
        report={"requests": 1, "operations": ["Report"], "per": [], **HOUR},
        each={"requests": 2, "per": ["operation"], **HOUR},
    )
    with begun(**settings) as running:
        report = {"query": "query Report { hello }"}
        other = {"query": "query Report { hello } query Other { hello }", "operationName": "Other"}
        assert statuses(running.url, bearer("ada"), bearer("bob"), body=report) == [200, 429]
        assert statuses(running.url, {}, {}, {}, body=other) == [200, 200, 429]


def test_processes_that_share_a_redis_count_together() -> None:
    shared = redis_settings()
    settings = limited(everyone={"requests": 3, **HOUR}, burst={"requests": 30, "burst": 2, **HOUR})
    settings["rate_limits"]["store"] = "redis"
    with begun(**settings, redis=shared) as one, begun(**settings, redis=shared) as two:
        assert statuses(one.url, {}) + statuses(two.url, {}) + statuses(one.url, {}, bearer("ada")) == [
            200,
            200,
            429,
            200,
        ]
        refused = httpx.post(two.url + "/graphql", json=HELLO)
        assert 100 < int(refused.headers["retry-after"]) <= 120  # one bucket was empty; the other lost nothing to it
        assert refused.headers["ratelimit"].startswith('"everyone";r=1;')


@pytest.mark.parametrize(
    ("on_failure", "answered"), [("local", [200, 429]), ("allow", [200, 200]), ("refuse", [503, 503])]
)
def test_a_redis_that_is_silent_is_not_waited_for(on_failure: str, answered: list[int]) -> None:
    settings = limited(everyone={"requests": 1, **HOUR})
    settings["rate_limits"] |= {"store": "redis", "on_failure": on_failure}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with begun(**settings, redis={"url": url}) as running:
            assert statuses(running.url, {}, {}) == answered


def test_without_a_redis_nothing_is_counted_there() -> None:
    with pytest.raises(ValidationError, match=r"needs server\.redis"):
        ServerSettings.model_validate({"rate_limits": {"store": "redis", "rules": {"a": {"requests": 1}}}})


def test_many_names_take_no_more_memory_than_is_allowed() -> None:
    buckets, rate = Buckets(1000), Rate(60.0, 5)
    for number in range(50_000):
        assert buckets.take([Take(str(number), rate)], now=number / 1000).allowed
        assert len(buckets) <= 1000
    assert buckets.forgotten > 0
    for number in range(50_000, 51_000):
        assert buckets.take([Take(str(number), rate)], now=1e6 + number).allowed
    assert len(buckets) < 500  # what is full again need not be kept


async def test_no_name_of_a_person_is_kept() -> None:
    made = RateLimitSettings.model_validate({"rules": {"everyone": {"requests": 1}}})
    rates = Rates(made, Networks([]))
    scope = {"method": "POST", "query_string": b"", "headers": [], "state": {"request_id": "1"}, "client": ("::1", 1)}

    async def receive() -> NoReturn:
        raise AssertionError

    await rates.take(Asked(scope, receive), Principal("ada@example.com"), None)
    (key,) = rates.buckets._full_at
    assert (len(key), "ada" in key) == (32, False)
