"""Registered operations as clients' tools write and send them: over a real socket, against a real graph."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from gateway.registered.documents import RegisteredDocuments
from gateway.registered.settings import DocumentSettings
from schema import ANONYMOUS, GraphQLRequest, Principal
from tests.edge.conftest import Running, begun
from tests.limits.test_limits_checked import told
from tests.limits.test_limits_rates import JWT, bearer

HELLO, ECHO = "query Hello {\n  hello\n}", "query Echo($id: ID!) { echo(id: $id) }"
RESPONSE = {"accept": "application/graphql-response+json"}
REFUSED = (403, "FORBIDDEN", "Only operations that were registered are served.")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def codegen(folder: Path) -> Path:
    path = folder / "persisted-documents.json"
    path.write_text(json.dumps({sha(HELLO): HELLO, sha(ECHO): ECHO}))
    return path


def apollo(folder: Path) -> Path:
    path = folder / "persisted-query-manifest.json"
    operations = [{"id": sha(text), "name": name, "type": "query", "body": text} for name, text in
                  (("Hello", HELLO), ("Echo", ECHO))]  # fmt: skip
    path.write_text(json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}))
    return path


def relay(folder: Path) -> Path:
    path = folder / "queryMap.json"
    path.write_text(json.dumps({"5d41402abc4b2a76b9719d911017c592": HELLO, sha(ECHO): ECHO}))
    return path


def persisted(text: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha(text)}}


def asked(running: Running, headers: Mapping[str, str] | None = None, **parameters: object) -> Any:
    """The data, or (status, code, message)."""
    reply = httpx.post(running.url + "/graphql", json=parameters, headers={**RESPONSE, **(headers or {})})
    body = reply.json()
    if "errors" not in body:
        return body["data"]
    (error,) = body["errors"]
    return reply.status_code, error["extensions"]["code"], error["message"]


def settings(**documents: object) -> dict[str, Any]:
    return {"jwt": {**JWT, "max_lifetime_s": 1e11}, "documents": documents}


@pytest.mark.parametrize("write", [codegen, apollo, relay])
def test_operations_of_every_tool_are_served_by_their_ids_and_nothing_else(tmp_path: Path, write: Any) -> None:
    path = write(tmp_path)
    with begun(**settings(manifest=str(path), only=True)) as running:
        ids = ["5d41402abc4b2a76b9719d911017c592"] if write is relay else [sha(HELLO), f"sha256:{sha(HELLO)}"]
        for key in ids:
            assert asked(running, documentId=key) == {"hello": "wörld"}
        echo: dict[str, Any] = {"variables": {"id": "7"}, "operationName": "Echo"}
        assert asked(running, extensions=persisted(ECHO), **echo) == {"echo": "7"}
        assert asked(running, query=ECHO, **echo) == {"echo": "7"}  # its text is as registered as its id
        link = {"documentId": sha(ECHO), "variables": '{"id":"8"}'}
        assert httpx.get(running.url + "/graphql", params=link, headers=RESPONSE).json() == {"data": {"echo": "8"}}
        before = len(running.graph.seen)
        for other in (
            {"query": "{ hello }"},
            {"query": HELLO + " "},
            {"query": "{"},
            {"query": ""},
            {"query": "{ __schema { queryType { name } } }"},
            {"documentId": "unknown"},
            {"extensions": persisted("{ hello }")},
            {"query": "{ hello }", "extensions": persisted("{ hello }")},
        ):
            assert asked(running, **other) == REFUSED, other
        assert len(running.graph.seen) == before
        assert asked(running, query="{ __typename }") == {"__typename": "Query"}


def test_developers_may_ask_anything(tmp_path: Path) -> None:
    unless = {"roles": ["developer"]}
    with begun(**settings(manifest=str(codegen(tmp_path)), only=True, unless=unless)) as running:
        assert asked(running, bearer("ada", roles=["developer"]), query="{ hello }") == {"hello": "wörld"}
        assert asked(running, bearer("bob", roles=["staff"]), query="{ hello }") == REFUSED
        assert asked(running, query="{ hello }") == REFUSED


def test_beside_registered_operations_others_are_served_where_the_file_does_not_say_only(tmp_path: Path) -> None:
    with begun(**settings(manifest=[str(codegen(tmp_path))])) as running:
        assert asked(running, documentId=sha(HELLO)) == {"hello": "wörld"}
        assert asked(running, query="{ hello }") == {"hello": "wörld"}
        not_found = (400, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        assert asked(running, documentId="unknown") == not_found
        wrong: dict[str, Any] = {"extensions": persisted("{ other }"), "query": "{ hello }"}
        assert asked(running, **wrong) == (400, "BAD_REQUEST", "the hash is not that of the query")


def test_clients_that_register_while_they_ask_need_a_token() -> None:
    not_found = (400, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    with begun(**settings(automatic={})) as running:
        anonymous: dict[str, str] = {}
        for headers, again in ((anonymous, not_found), (bearer("ada"), {"hello": "wörld"})):
            assert asked(running, headers, extensions=persisted(HELLO)) == not_found
            assert asked(running, headers, extensions=persisted(HELLO), query=HELLO) == {"hello": "wörld"}
            assert asked(running, headers, extensions=persisted(HELLO)) == again
        assert asked(running, anonymous, extensions=persisted(HELLO)) == {"hello": "wörld"}
        poison = {"extensions": persisted(HELLO), "query": "{ echo(id: 1) }"}
        assert asked(running, bearer("eve"), **poison) == (400, "BAD_REQUEST", "the hash is not that of the query")
        # Clients of the older media type look for the message in an answer of status 200.
        reply = httpx.post(running.url + "/graphql", json={"extensions": persisted("{ new }")})
        assert (reply.status_code, reply.json()["errors"][0]["message"]) == (200, "PersistedQueryNotFound")


def test_without_registered_operations_an_id_is_not_supported() -> None:
    with begun() as running:
        not_supported = (400, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
        assert asked(running, extensions=persisted(HELLO)) == not_supported
        assert asked(running, documentId="x") == not_supported
        assert asked(running, extensions=persisted(HELLO), query="{ hello }") == {"hello": "wörld"}
        for odd in (
            {"documentId": 5},
            {"documentId": "a", "query": "{ hello }"},
            {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": sha(HELLO)}}},
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "../etc"}}},
            {"extensions": {"persistedQuery": "x"}},
            {},
        ):
            assert asked(running, **odd)[:2] == (400, "BAD_REQUEST"), odd


def test_what_callers_register_is_bounded_in_bytes() -> None:
    chosen = DocumentSettings.model_validate({"automatic": {"max_bytes": 10_000}})
    documents = RegisteredDocuments(chosen, {})
    ada = Principal("ada")
    texts = [f"{{ a{number} }}{' ' * 500}" for number in range(100)]
    for text in texts:
        documents.find(GraphQLRequest(text, document_id=sha(text)), ada)
        assert documents.bytes_held <= 10_000
        assert documents.find(GraphQLRequest("", document_id=sha(texts[0])), ANONYMOUS)  # used, so kept
    known = [documents.find(GraphQLRequest("", document_id=sha(text)), ANONYMOUS) is not None for text in texts]
    assert known == [True] + [False] * (99 - sum(known[1:])) + [True] * sum(known[1:])
    assert 10 < sum(known) < 20


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ({"a": "{ products { sku } }"}, ""),
        ({"a": "query A { products { sku } } query B { products { name } }"}, ""),
        (
            {"a": "{ products { skoo } }"},
            "the operation \"a\" is not valid: Cannot query field 'skoo' on type 'Product'",
        ),
        ({"a": "{ products"}, 'the operation "a" is not valid: Syntax Error'),
        ({"a": "fragment F on Product { sku }"}, 'the operation "a" is not valid: it has no operation'),
        ({"a": 5}, 'manifest.json is no manifest: the text of "a" is no string'),
        ([], "manifest.json is no manifest: one JSON object is needed"),
        ({"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}, "in version 1 is known"),
        ({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a"}]}, "needs id and body"),
        ({"a": "{ products { sku } }", "sha256:a": "{ products { name } }"}, 'the id "a" stands for two different'),
        (None, "manifest.json cannot be read: no such file or directory"),
    ],
)
async def test_a_manifest_is_checked_with_the_file(tmp_path: Path, manifest: object, problem: str) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    found = await told(tmp_path, "server: { documents: { manifest: manifest.json, only: true } }")
    assert problem in found
    assert bool(found) is bool(problem)
    if "not valid" in problem:
        assert "isthmus.yaml:4  server.documents.manifest" in found
        assert "in manifest.json" in found


@pytest.mark.parametrize(
    "documents",
    [
        {"only": True},
        {"only": True, "manifest": "a", "automatic": {}},
        {"manifest": "a", "unless": {"roles": ["x"]}},
        {"only": True, "manifest": "a", "unless": {}},
    ],
)
def test_settings_that_contradict_each_other_are_refused(documents: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DocumentSettings.model_validate(documents)
