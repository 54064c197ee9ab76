"""The file with the keys of tokens: found beside the configuration file, and what is wrong with it told in words."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from jwt.algorithms import OKPAlgorithm

from tests.commands.conftest import SHOP_FILE, Shell, WriteFile

KEY = ed25519.Ed25519PrivateKey.generate()
SERVER = "server: { jwt: { issuer: i, audience: a, jwks: keys/set.json } }\n"


async def test_a_key_file_is_seen_from_the_folder_of_the_file(shell: Shell, write: WriteFile, tmp_path: Path) -> None:
    write(SHOP_FILE + SERVER)
    (tmp_path / "keys").mkdir()
    jwk = {**OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "one"}
    (tmp_path / "keys" / "set.json").write_text(json.dumps({"keys": [jwk]}), "utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shell.folder = elsewhere
    running = await shell.serve("serve", "../isthmus.yaml", "--port", "0")
    claims = {"iss": "i", "aud": "a", "sub": "u", "iat": int(time.time()), "exp": int(time.time()) + 60}
    for key, status in ((KEY, 200), (ed25519.Ed25519PrivateKey.generate(), 401)):
        signed = jwt.encode(claims, key, "EdDSA", headers={"kid": "one"})
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            reply = await client.post(
                f"{running.address}/graphql",
                json={"query": '{ product(sku: "A1") { name } }'},
                headers={"authorization": f"Bearer {signed}"},
            )
        assert reply.status_code == status


@pytest.mark.parametrize("verb", [("serve", "isthmus.yaml", "--port", "0"), ("check", "isthmus.yaml")])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read: no such file or directory"),
        (b"not JSON", "cannot be used: the key set is not JSON"),
        (b'{"keys": []}', "cannot be used: the key set holds no usable key"),
        (b'{"keys": []}' + b" " * 65_536, "cannot be used: the key set is larger than 65536 bytes"),
    ],
)
async def test_a_key_file_that_cannot_be_used_ends_the_command_with_its_place(
    shell: Shell, write: WriteFile, tmp_path: Path, verb: tuple[str, ...], content: bytes | None, what: str
) -> None:
    write(SHOP_FILE + SERVER)
    (tmp_path / "keys").mkdir()
    if content is not None:
        (tmp_path / "keys" / "set.json").write_bytes(content)
    ended = await shell.run(*verb)
    assert ended.code == 1
    assert ended.err.startswith(f"isthmus.yaml:4  server.jwt.jwks\n  keys/set.json {what}")


async def test_it_is_told_together_with_what_else_is_wrong(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE + SERVER + "hide: [Nothing.here]\n")
    ended = await shell.run("check", "isthmus.yaml")
    assert (ended.code, ended.err.count("isthmus.yaml:")) == (1, 2)
