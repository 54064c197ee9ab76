"""What a description says of security: which settings it needs, told by inspect and check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from gateway.commands import named
from resolvers.documents import Document
from resolvers.rest import RestSettings
from resolvers.rest.operations.openapi import read
from resolvers.rest.operations.security import settled
from tests.network.crm import document

KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
APP = {"type": "apiKey", "in": "query", "name": "app"}
SID = {"type": "apiKey", "in": "cookie", "name": "sid"}
LOGIN = {"type": "http", "scheme": "Basic"}
TOKEN = {"type": "http", "scheme": "bearer"}
DIGEST = {"type": "http", "scheme": "digest"}
OPEN_ID = {"type": "openIdConnect", "openIdConnectUrl": "https://id/.well-known/openid-configuration"}
MUTUAL = {"type": "mutualTLS"}
FLOW = {"tokenUrl": "https://id/token", "scopes": {"orders:read": ""}}
OAUTH = {"type": "oauth2", "flows": {"clientCredentials": FLOW}}
SCHEMES = {
    "key": KEY, "appId": APP, "sid": SID, "login": LOGIN, "token": TOKEN, "digest": DIGEST, "openId": OPEN_ID,
    "mutual": MUTUAL, "oauth": OAUTH, "loop": {"$ref": "#/components/securitySchemes/loop"},
}  # fmt: skip
CLIENT = {"token_url": "https://id/token", "client_id": "a", "client_secret": "b"}


def secured(security: object, operation: object = ...) -> dict[str, Any]:
    described = document(security=security)
    described["components"]["securitySchemes"] = SCHEMES
    if operation is not ...:
        described["paths"]["/customers/{id}"]["get"]["security"] = operation
    return described


Need = tuple[tuple[tuple[str, ...], ...], tuple[str, ...], bool]


def needs(described: dict[str, Any], **settings: object) -> list[Need]:
    model = read("crm", Document("crm.json", json.dumps(described).encode())).model
    stated = RestSettings.model_validate({"openapi": "crm.json", **settings})
    return [(need.alternatives, need.operations, need.met) for need in settled(model, stated).needs]


ALL = ("customer", "renameCustomer")


def test_requirements_are_any_of_all_of_and_an_operation_has_the_last_word() -> None:
    described = secured([{"key": [], "appId": []}, {"oauth": ["orders:read"]}], [{"login": []}])
    assert needs(described) == [((("login",),), ALL[:1], False), ((("key", "appId"), ("oauth",)), ALL[1:], False)]
    assert needs(secured([{"key": []}], [])) == [((("key",),), ALL[1:], False)]
    assert needs(secured([{"key": []}, {}])) == []


MET: list[tuple[list[str], dict[str, Any]]] = [
    (["key"], {"auth": {"api_key": {"header": "x-key", "value": "v"}}}),
    (["key"], {"headers": {"x-key": "v"}}),
    (["key"], {"auth": {"forward": {"claims": {"X-Key": "sub"}}}}),
    (["key", "appId"], {"auth": {"api_key": [{"header": "X-Key", "value": "v"}, {"query": "app", "value": "v"}]}}),
    (["sid"], {"auth": {"api_key": {"cookie": "sid", "value": "v"}}}),
    (["login"], {"auth": {"basic": {"username": "a", "password": "b"}}}),
    (["token"], {"auth": {"bearer": "t"}}),
    (["openId"], {"auth": {"forward": {"token": True}}}),
    (["oauth"], {"auth": {"oauth2": CLIENT}}),
    (["digest"], {"headers": {"Authorization": "Digest x"}}),
    (["mutual"], {"cert": "a.pem"}),
]


@pytest.mark.parametrize(("schemes", "settings"), MET)
def test_what_meets_a_requirement(schemes: list[str], settings: dict[str, Any]) -> None:
    described = secured([{name: [] for name in schemes}])
    assert [met for _, _, met in needs(described, **settings)] == [True]
    assert [met for _, _, met in needs(described)] == [False]
    unlike = {"auth": {"api_key": {"query": "other", "value": "v"}}}
    assert [met for _, _, met in needs(described, **unlike)] == [False]


@pytest.mark.parametrize("scheme", ["loop", "undeclared"])
def test_what_nothing_can_meet(scheme: str) -> None:
    assert [met for _, _, met in needs(secured([{scheme: []}]), auth={"bearer": "t"})] == [False]


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name not in {"digest", "loop"}])
def test_what_inspect_prints_can_be_pasted(tmp_path: Path, scheme: str) -> None:
    (tmp_path / "crm.json").write_text(json.dumps(secured([{scheme: [], "appId": []}])))
    printed = CliRunner().invoke(named(()), ["inspect", str(tmp_path / "crm.json")]).output
    assert "2 operations need" in printed
    block = printed.partition("in the file, under the source:\n")[2]
    pasted = yaml.safe_load("\n".join(line for line in block.splitlines() if line.startswith("      ")))
    described = secured([{scheme: [], "appId": []}])
    if scheme == "login":
        pasted["auth"]["basic"] = {"username": "a", "password": "b"}
    if scheme == "openId":
        pasted["auth"]["oauth2"]["token_url"] = "https://id/token"
    assert [met for _, _, met in needs(described, **pasted)] == [True]


def test_check_warns_of_what_nothing_is_set_for(tmp_path: Path) -> None:
    (tmp_path / "crm.json").write_text(json.dumps(secured([{"key": []}], [{"loop": []}, {"digest": []}])))
    file = tmp_path / "isthmus.yaml"
    source: dict[str, Any] = {"openapi": "crm.json", "url": "https://crm.example"}
    text = {"sources": {"crm": source}, "access": {"default": "anonymous"}}
    file.write_text(json.dumps(text))
    printed = CliRunner().invoke(named(()), ["check", str(file)])
    assert printed.exit_code == 0
    wanted = "loop, which the document does not declare, or HTTP authentication by digest (digest)"
    assert f"warning: customer needs {wanted}, and nothing is set" in printed.output
    assert "renameCustomer needs" not in printed.output  # writes are off: it is not served
    source |= {"writes": True, "auth": {"api_key": {"header": "X-Key", "value": "v"}}}
    file.write_text(json.dumps(text))
    told = json.loads(CliRunner().invoke(named(()), ["check", "--json", str(file)]).output)
    assert told["sources"]["crm"]["credentials_missing"] == [wanted]


@pytest.mark.parametrize(
    ("url", "auth", "warned"),
    [
        ("http://crm.example", {"bearer": "hunter2"}, "auth.bearer"),
        ("http://crm.example", {"api_key": {"header": "x", "value": "hunter2"}}, "auth.api_key"),
        ("http://crm.example", {"forward": {"token": True}}, "auth.forward.token"),
        ("http://127.0.0.1:9", {"bearer": "hunter2"}, ""),
        ("https://crm.example", {"bearer": "hunter2"}, ""),
    ],
)
def test_check_warns_of_credentials_in_plain_text(url: str, auth: dict[str, Any], warned: str, tmp_path: Path) -> None:
    (tmp_path / "crm.json").write_text(json.dumps(secured([])))
    file = tmp_path / "isthmus.yaml"
    source = {"openapi": "crm.json", "url": url, "auth": auth}
    file.write_text(json.dumps({"sources": {"crm": source}, "access": {"default": "anonymous"}}))
    printed = CliRunner().invoke(named(()), ["check", str(file)])
    said = f"  warning: {warned} can be read by whoever is on the way to crm.example: use https"
    assert (said in printed.output) == bool(warned), printed.output
    assert "on the way" not in printed.output or warned
    assert "hunter2" not in printed.output
