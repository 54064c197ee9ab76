"""Requests that nobody sends by intention: good ones with one or several things wrong, by a seed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

QUERIES = (
    "{ customers { name } }",
    '{ customers(where: { name: { like: "%a_" } }, orderBy: [{ id: DESC }], limit: 2) { id name iban credit since } }',
    """query Q($w: CustomerWhere, $n: Int = 1) { customers(where: $w, limit: $n) { ...F orders { id state } } }
    fragment F on Customer { id name }""",
    """query C($a: String, $b: String) { ordersConnection(first: 2, after: $a, before: $b) {
      nodes { id customer { name } } pageInfo { hasNextPage endCursor } totalCount } }""",
    "{ ordersAggregate(groupBy: [state], having: { count: { gt: 0 } }) { key { state } count sum { total } } }",
    "mutation M($row: OrderInsert!) { insertOrder(row: $row) { id customer { iban } } }",
    'mutation U { updateOrders(where: { id: { eq: 1 } }, set: { state: "x" }) { affected } }',
    "{ __schema { types { name fields { name args { name } } } } }",
    '{ __type(name: "Customer") { fields { name type { name ofType { name } } } } }',
    "query D($x: Boolean!) { a: customers @skip(if: $x) { name } b: customers @include(if: $x) { id } }",
)
VARIABLES: tuple[dict[str, Any], ...] = (
    {}, {"w": {"name": {"eq": "Ann"}}}, {"w": {"or": [{"id": {"in": [1, 2]}}, {"not": {"iban": {"isNull": True}}}]}},
    {"row": {"id": 77, "customerId": 1, "state": "open", "total": "1.25"}}, {"x": True}, {"a": "AAAA", "n": 2},
    {"w": {"orders": {"some": {"total": {"gt": "1"}}}}}, {"w": {"since": {"lt": "2030-01-01T00:00:00Z"}}},
)  # fmt: skip
_ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 10**400, 1e308, 0.1, "", "\0", "\ud800", "x" * 5000, "%", "' OR 1=1 --", [],
    [[]], {}, "NaN",
    [None], {"": {}}, {"and": []},
    {"__proto__": 1}, "\uff19", "\u202e", "2024-02-30", {"a": {"b": {"c": [1, {"d": None}]}}},
)  # fmt: skip
_PIECES = (
    b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\0", b"\xff", b"\xed\xa0\x80", b"null", b"1e999", b"NaN",
    b"...", b"@",
    b"$", b"#", b"&", b"|", b"!", b"fragment", b"on", b"__typename", b'"""', b"{" * 300, b"[" * 3000,
    b"9" * 5000, b"\xef\xbb\xbf",
)  # fmt: skip
_HEADERS = (
    (b"accept", b"*/*;q=0, text/html"), (b"accept", b"application/graphql-response+json"),
    (b"content-encoding", b"gzip"),
    (b"content-type", b"application/json; charset=utf-16"), (b"content-type", b"multipart/form-data"),
    (b"origin", b"null"),
    (b"x-request-id", b"\xff\r"), (b"graphql-cost", b"report"), (b"cookie", b"sid=1"), (b"x-forwarded-for", b"1, 2"),
    (b"x-api-key", b"isthmus_0"), (b"host", b"a b"), (b"host", b"localhost"), (b"expect", b"100-continue"),
    (b"te", b"trailers"),
    (b"x-request-timeout", b"-1"), (b"x-request-timeout", b"1e99"), (b"range", b"bytes=0-1"), (b"if-none-match", b"*"),
)  # fmt: skip
_PATHS = (
    *("/graphql",) * 20,
    "/graphql/small",
    "/graphql/small",
    "/graphql/none",
    "/",
    "/readyz",
    "/graphql/",
    "//graphql",
)


@dataclass(frozen=True, slots=True)
class Thrown:
    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


def thrown(chance: Random, tokens: tuple[str, ...]) -> Thrown:
    """The next request."""
    members: dict[str, Any] = {"query": chance.choice(QUERIES), "variables": chance.choice(VARIABLES)}
    if chance.random() < 0.3:
        members[chance.choice(("operationName", "extensions", "documentId", "id", "query", "variables"))] = (
            chance.choice(_ODD)
        )
    if chance.random() < 0.3:
        members["variables"] = _odd(chance, members["variables"])
    if chance.random() < 0.1:
        members["extensions"] = {
            "persistedQuery": {"version": 1, "sha256Hash": chance.choice(("0" * 64, "x", 1, None))}
        }
    body = json.dumps(members).encode("utf-8", "surrogatepass")
    if chance.random() < 0.35:
        body = _bent(chance, body)
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"accept", b"application/json")]
    if chance.random() < 0.7:
        headers.append((b"authorization", _token(chance, tokens)))
    headers += [chance.choice(_HEADERS) for _ in range(chance.randrange(3) if chance.random() < 0.2 else 0)]
    method = chance.choice(("POST",) * 30 + ("GET", "GET", "GET", "PUT", "OPTIONS", "HEAD", "DELETE"))
    query = b""
    if method == "GET":
        query = b"query=" + _bent(chance, b"%7Bcustomers%7Bname%7D%7D") + b"&variables=%7B%7D"
    return Thrown(method, chance.choice(_PATHS), query, headers, body)


def _odd(chance: Random, value: Any) -> Any:
    """The value with one of its parts replaced."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice(list(value))
        return {**value, name: _odd(chance, value[name])}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        return [*value[:at], _odd(chance, value[at]), *value[at + 1 :]]
    return chance.choice(_ODD)


def _bent(chance: Random, content: bytes) -> bytes:
    """The bytes with a few changes: cut, put in, turned, doubled."""
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(content) + 1)
        match chance.randrange(5):
            case 0:
                content = content[:at]
            case 1:
                content = content[:at] + chance.choice(_PIECES) + content[at:]
            case 2:
                content = content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
            case 3:
                content = content[:at] + content[at + chance.randrange(20) :]
            case _:
                content = content[:at] + content[max(0, at - 40) :]
    return content


def _token(chance: Random, tokens: tuple[str, ...]) -> bytes:
    token = chance.choice(tokens).encode()
    scheme = chance.choice((b"Bearer ",) * 20 + (b"bearer  ", b"Basic ", b"Bearer", b""))
    return scheme + (token if chance.random() < 0.85 else _bent(chance, token).replace(b"\n", b""))
