"""The strict front of GraphQL over HTTP: bytes or URL parameters in, a ``GraphQLRequest`` out.

It refuses whatever two readers could understand differently. It does not read GraphQL documents nor touch a socket.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import parse_qsl

from resolvers import BadRequest
from schema import GraphQLRequest

MAX_DEPTH = 128
PARAMETERS = frozenset({"query", "documentId", "operationName", "variables", "extensions"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadRequest("a JSON object names one member twice")
    return members


def _constant(_: str) -> NoReturn:
    raise BadRequest("NaN and Infinity are not JSON")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadRequest("a number is out of range")
    return number


def _check(value: object) -> None:
    """Refuses lone surrogates, which no UTF-8 reply could repeat, and nesting that later readers would trip over."""
    stack = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise BadRequest("the JSON is nested too deeply")
        if isinstance(item, str):
            try:
                item.encode()
            except UnicodeEncodeError:
                raise BadRequest("a string holds half of a surrogate pair") from None
        elif isinstance(item, dict):
            stack.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            stack.extend((part, depth + 1) for part in item)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float)


def strict_json(data: bytes) -> object:
    """One JSON value (RFC 8259) in UTF-8 without a byte order mark, each member named once.

    Raises:
        BadRequest: it is anything else, or nested deeper than ``MAX_DEPTH``.
    """
    try:
        value: object = _DECODER.decode(data.decode())
    except (ValueError, RecursionError) as error:
        # What is no JSON, or no UTF-8, is told by classes of their own; else it is Python that reads no longer numbers.
        why = "a number has too many digits" if type(error) is ValueError else "the body is not JSON in UTF-8"
        raise BadRequest(why) from None
    # Without escapes there is no lone surrogate, and so few brackets nest no deeper: there is nothing to look for.
    if b"\\u" in data:
        _check(value)
    elif data.count(b"{") + data.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        raise BadRequest("the JSON is nested too deeply")
    return value


def _is_too_deep(value: object) -> bool:
    """As ``_check`` for depth alone, which looks at nothing but what holds something: thousands of rows are shallow."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for item in level
            for part in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
            if type(part) in _HOLDING
        ]
        if not level:
            return False
    return any(level)


_HOLDING = frozenset({dict, list})


def _map(value: object, name: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"{name} must be an object")
    return value


def from_members(members: Mapping[str, object]) -> GraphQLRequest:
    """The parameters of one request (GraphQL over HTTP, section 5.1 and its appendix on persisted documents).

    A request without a text has the id of one, as ``documentId`` or as automatic persisted queries put it.

    Raises:
        BadRequest: one is unknown or has the wrong type.
    """
    unknown = sorted(members.keys() - PARAMETERS)
    if unknown:
        raise BadRequest("only query, documentId, operationName, variables and extensions are parameters")
    query, name = members.get("query"), members.get("operationName")
    extensions = _map(members.get("extensions"), "extensions")
    document_id = _document_id(members.get("documentId"), extensions)
    if query is None and document_id is not None:
        query = ""
    if not isinstance(query, str):
        raise BadRequest("query must be a string")
    if query and members.get("documentId") is not None:
        raise BadRequest("a request has a query or a documentId, not both")
    if name is not None and not isinstance(name, str):
        raise BadRequest("operationName must be a string")
    return GraphQLRequest(query, name, _map(members.get("variables"), "variables"), extensions, document_id)


def _document_id(given: object, extensions: Mapping[str, object]) -> str | None:
    if given is not None:
        if not isinstance(given, str) or not given:
            raise BadRequest("documentId must be a string")
        return given.removeprefix("sha256:")
    hashed = extensions.get("persistedQuery")
    if hashed is None:
        return None
    found = hashed.get("sha256Hash") if isinstance(hashed, dict) and hashed.get("version") == 1 else None
    if not isinstance(found, str) or not _SHA256.fullmatch(found):
        raise BadRequest("persistedQuery has version 1 and a sha256Hash")
    return found


def from_post(data: bytes) -> GraphQLRequest:
    """The parameters of a POST body (GraphQL over HTTP, section 5.4).

    Raises:
        BadRequest: the body is not one JSON object with parameters of the right types; batches are not served.
    """
    known = _known.get(data)
    if known is not None:
        return known
    members = strict_json(data)
    if isinstance(members, list):
        raise BadRequest("a body holds one request, and no list of them: clients must send each by itself")
    if not isinstance(members, dict):
        raise BadRequest("the body must be a JSON object")
    request = from_members(members)
    if len(data) <= _KEPT_BYTES and not request.variables and not request.extensions:
        if len(_known) >= _KEPT:
            _known.clear()
        _known[data] = request
    return request


_KEPT, _KEPT_BYTES = 500, 4096
_known: dict[bytes, GraphQLRequest] = {}
"""Bodies that were read before. Pages ask the same again and again; what holds a value of a caller is not kept."""


def from_get(query_string: bytes) -> GraphQLRequest:
    """The parameters of a URL (GraphQL over HTTP, section 5.3): ``variables`` and ``extensions`` are JSON text.

    Raises:
        BadRequest: one is given twice, is unknown, has the wrong type, or is not UTF-8.
    """
    members: dict[str, object] = {}
    try:
        parameters = parse_qsl(query_string.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadRequest("the URL is not UTF-8") from None
    for name, text in parameters:
        if name in members:
            raise BadRequest("a parameter is given twice")
        if name in {"variables", "extensions"}:
            members[name] = strict_json(text.encode()) if text else None
        else:
            members[name] = text
    if members.get("operationName") == "":
        del members["operationName"]
    return from_members(members)
