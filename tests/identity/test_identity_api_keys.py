"""API keys: known by their hashes, refused in every doubt, and never anonymous when they are wrong."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from gateway.commands import named
from gateway.identity import ApiKeysSettings, new_key
from gateway.identity.api_keys import ISSUER, ApiKeys
from gateway.token import sign
from resolvers import ConfigurationError, Unauthenticated
from tests.identity.test_identity_issuers import issuers, shared

if TYPE_CHECKING:
    from tests.edge.conftest import Running, Start

KEY, HASH = new_key()
OTHER, OTHER_HASH = new_key()


def post(running: Running, *headers: tuple[str, str], path: str = "/graphql") -> httpx.Response:
    return httpx.post(running.url + path, json={"query": "{ hello }"}, headers=list(headers))


def listed(*keys: dict[str, Any]) -> dict[str, Any]:
    return {"keys": list(keys)}


def test_a_key_makes_a_caller_with_what_the_file_says_of_it(start: Start) -> None:
    entry = {"name": "ci", "hash": HASH, "scopes": ["a", "b"], "roles": ["robot"], "claims": {"tenant": 7}}
    running = start(api_keys=listed(entry, {"name": "other", "hash": OTHER_HASH}))
    assert post(running, ("X-API-Key", KEY)).json() == {"data": {"hello": "wörld"}}
    assert post(running, ("x-api-key", OTHER)).status_code == 200
    first, second = running.graph.seen
    assert (first.subject, *map(set, (first.scopes, first.roles))) == ("ci", {"a", "b"}, {"robot"})
    assert first.claims == {"iss": ISSUER, "sub": "ci", "tenant": 7}
    assert (second.subject, second.scopes, second.roles) == ("other", frozenset(), frozenset())


def test_a_key_that_is_wrong_is_refused_and_never_anonymous(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    over = datetime.now(UTC) - timedelta(seconds=1)
    old, old_hash = new_key()
    short = "short-and-guessed"
    weak = {"name": "weak", "hash": f"sha256:{hashlib.sha256(short.encode()).hexdigest()}"}
    running = start(
        api_keys=listed(
            {"name": "ci", "hash": HASH}, weak, {"name": "old", "hash": old_hash, "expires": over.isoformat()}
        ),
        jwt=shared("i"),
    )
    token = sign(issuers(shared("i")), "ada")
    bodies = set()
    for headers in (
        [("x-api-key", OTHER)], [("x-api-key", KEY + "x")], [("x-api-key", KEY[:-1])], [("x-api-key", KEY.lower())],
        [("x-api-key", "")], [("x-api-key", "x" * 5000)], [("x-api-key", HASH)], [("x-api-key", HASH[7:])],
        [("x-api-key", short)], [("x-api-key", old)], [("x-api-key", f"{KEY}, {KEY}")], [("x-api-key",
          f"Bearer {KEY}")],
        [("x-api-key", KEY), ("x-api-key", KEY)], [("x-api-key", KEY), ("x-api-key", OTHER)],
        [("x-api-key", KEY), ("authorization", f"Bearer {token}")], [("x-api-key", KEY), ("authorization", "Bearer x")],
        [("x-api-key", OTHER), ("authorization", f"Bearer {token}")], [("authorization", f"Bearer {KEY}")],
        [("authorization", f"Basic {KEY}")],
    ):  # fmt: skip
        reply = post(running, *headers)
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer"), headers
        assert KEY not in reply.text
        bodies.add(reply.text.replace(reply.headers["x-request-id"], ""))
    assert (len(bodies), running.graph.seen) == (1, [])
    logged = "".join(capfd.readouterr())
    assert logged.count("unauthenticated") >= 10
    assert not [secret for secret in (KEY, OTHER, old, short, token) if secret in logged]
    # Nobody looks into these places: there the caller shows nothing at all, and that is what he gets.
    post(running, path=f"/graphql?x-api-key={KEY}&api_key={KEY}")
    post(running, ("cookie", f"x-api-key={KEY}"), ("apikey", KEY))
    assert [principal.is_anonymous for principal in running.graph.seen] == [True, True]


def test_where_nothing_is_configured_a_token_is_refused_all_the_same(start: Start) -> None:
    running = start(api_keys={"header": "X-Key", **listed({"name": "ci", "hash": HASH})})
    assert post(running, ("x-key", KEY)).status_code == 200
    assert post(running, ("authorization", f"Bearer {sign(issuers(shared('i')), 'ada')}")).status_code == 401
    assert post(running, ("x-api-key", KEY)).status_code == 200  # not the header: anonymous
    assert [principal.subject for principal in running.graph.seen] == ["ci", None]


def write(path: Path, text: str) -> None:
    """As programs replace files: whole, in one step."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


async def test_the_file_is_read_again_when_it_changes_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(f'- {{ name: ci, hash: "{HASH}" }}\n')
    keys = ApiKeys(ApiKeysSettings.model_validate({"file": path}))
    assert keys.principal(KEY).subject == "ci"
    for broken in ("- [", "a: b", '- { name: ci, hash: "md5:x" }', f"- {{ name: ci, hash: {KEY} }}", "x" * 5_000_000):
        write(path, broken)
        await keys.look()
        assert keys.principal(KEY).subject == "ci"
    path.unlink()
    await keys.look()
    assert keys.principal(KEY).subject == "ci"
    write(path, f'- {{ name: new, hash: "{OTHER_HASH}", scopes: [a] }}\n')
    await keys.look()
    assert keys.principal(OTHER).scopes == {"a"}
    with pytest.raises(Unauthenticated):
        keys.principal(KEY)
    write(path, "[]")
    await keys.look()
    with pytest.raises(Unauthenticated):
        keys.principal(OTHER)


def test_a_running_server_takes_a_key_back_within_five_seconds(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(f'- {{ name: ci, hash: "{HASH}" }}\n')
    running = start(api_keys={"file": str(path)})
    assert post(running, ("x-api-key", KEY)).status_code == 200
    write(path, "[]\n")
    until = time.monotonic() + 5
    while post(running, ("x-api-key", KEY)).status_code != 401:
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize("content", [None, "- [", "a: b", "- { name: ci }", '- { name: "", hash: x }'])
def test_a_file_that_cannot_be_used_is_said_with_its_place(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "keys.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        ApiKeys(ApiKeysSettings.model_validate({"file": path}))
    assert [problem.where for problem in caught.value.problems] == [("server", "api_keys", "file")]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "exactly one of file and keys"),
    ({"file": "a", **listed({"name": "a", "hash": HASH})}, "exactly one of file and keys"),
    (listed({"name": "a", "hash": KEY}), "a hash is sha256:"),
    (listed({"name": "a", "hash": HASH.upper()}), "a hash is sha256:"),
    (listed({"name": "a", "hash": HASH}, {"name": "a", "hash": OTHER_HASH}), "the same name"),
    (listed({"name": "a", "hash": HASH}, {"name": "b", "hash": HASH}), "the same hash"),
    (listed({"name": "a", "hash": HASH, "claims": {"sub": "root"}}), "not for claims to say"),
    (listed({"name": "a", "hash": HASH, "claims": {"iss": "https://id.example/"}}), "not for claims to say"),
    (listed({"name": "a", "hash": HASH, "expires": "2027-01-01T00:00:00"}), "timezone"),
    ({"header": "Authorization", **listed({"name": "a", "hash": HASH})}, "means something else"),
    ({"header": "a b", **listed({"name": "a", "hash": HASH})}, "the name of a header"),
]


@pytest.mark.parametrize(("stated", "says_so"), WRONG)
def test_what_cannot_be(stated: dict[str, Any], says_so: str) -> None:
    with pytest.raises(ValidationError, match=says_so):
        ApiKeysSettings.model_validate(stated)


def test_the_command_makes_a_key_that_its_line_for_the_file_accepts(tmp_path: Path) -> None:
    made = CliRunner().invoke(named(()), ["token", "--api-key", "ci", "--scope", "a", "--role", "robot"])
    assert made.exit_code == 0
    key, line = made.stdout.strip(), made.stderr.strip().splitlines()[-1]
    assert key not in made.stderr
    assert json.loads(line.removeprefix("- ")).keys() == {"name", "hash", "scopes", "roles"}
    path = tmp_path / "keys.yaml"
    path.write_text(line)
    found = ApiKeys(ApiKeysSettings.model_validate({"file": path})).principal(key)
    assert (found.subject, *map(set, (found.scopes, found.roles))) == ("ci", {"a"}, {"robot"})
