"""The examples of docs/identity.md are files that the gateway reads, and show no secret."""

from __future__ import annotations

from pathlib import Path

from jsonschema import Draft202012Validator

from gateway.file.config import read
from gateway.file.json_schema import json_schema
from gateway.identity import ApiKeysSettings, RevocationSettings
from gateway.identity.api_keys import ApiKeys
from gateway.identity.revocation import Revocation
from resolvers import load
from resolvers.rest import RestSettings
from schema import Principal

PAGE = Path(__file__).parents[2] / "docs" / "identity.md"


def test_the_examples_are_sound(tmp_path: Path) -> None:
    edge, keys, revoked, exchange = (
        part.partition("```")[0] for part in PAGE.read_text("utf-8").split("```yaml\n")[1:]
    )
    secrets = {
        "LEGACY_SECRET": "a canary of more than thirty-two bytes", "EXCHANGE_SECRET": "a canary for the exchange",
        "REDIS_URL": "redis://user:canary@redis.internal:6379/0",
    }  # fmt: skip
    file = tmp_path / "isthmus.yaml"
    file.write_text(edge, "utf-8")
    server = read(file, secrets).settings.server
    assert [each.issuer for each in server.jwt] == ["https://id.example.com/", "legacy"]
    assert server.tls is not None
    assert server.tls.client_ca == tmp_path / "company-ca.pem"
    assert server.identifies
    file.write_text(exchange, "utf-8")
    _, crm = read(file, secrets).sources["crm"]
    assert isinstance(crm, RestSettings)
    assert crm.auth is not None
    assert crm.auth.exchange is not None
    assert crm.auth.exchange.audience == "crm"
    for name, text in (("keys.yaml", keys), ("revoked.yaml", revoked)):
        (tmp_path / name).write_text(text, "utf-8")
    ApiKeys(ApiKeysSettings.model_validate({"file": tmp_path / "keys.yaml"}))
    listed = Revocation(RevocationSettings.model_validate({"file": tmp_path / "revoked.yaml"}), None)
    assert not listed.clears(Principal("ada", claims={"iss": "i", "sub": "ada"}))
    assert listed.clears(Principal("carl", claims={"iss": "i", "sub": "carl"}))
    Draft202012Validator(json_schema()).validate(load(edge))
    Draft202012Validator(json_schema()).validate(load(exchange))
    assert "canary" not in repr(server) + repr(crm) + str(server.model_dump(mode="json"))
