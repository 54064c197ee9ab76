"""Laws of locked names: whatever is added to descriptions, or changes places in them, no name that was locked moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.drift import drift, locked
from gateway.lock import Lock, read_lock, written
from resolvers.documents import Document
from resolvers.model import SourceModel
from resolvers.rest.operations.openapi import read
from resolvers.source import Source
from schema.build import GraphSettings, build

ROWS = st.sampled_from(["Order", "order", "acme.Order", "Order_", "Query", "OrderPage", "Kunde", "Order2"])
PATHS = st.sampled_from(["/orders", "/a/orders", "/v1/orders", "/orders/{id}", "/order", "/x/orders/{id}", "/kunden"])
IDENTIFIERS = st.sampled_from(["", "getOrder", "get_order", "orders", "Orders_get", "getOrders"])
FIELDS = st.lists(st.sampled_from(["id", "@id", "ID", "_id", "i-d", "order_id", "orderId"]), unique=True, min_size=1)
METHODS = st.sampled_from(["get", "post"])
PARTS = st.tuples(
    st.dictionaries(st.tuples(PATHS, METHODS), st.tuples(IDENTIFIERS, ROWS), min_size=1, max_size=6),
    st.dictionaries(ROWS, FIELDS, max_size=6),
)
Parts = tuple[dict[tuple[str, str], tuple[str, str]], dict[str, list[str]]]


def _document(parts: Parts) -> dict[str, Any]:
    operations, rows = parts
    paths: dict[str, Any] = {}
    for (path, method), (identifier, row) in operations.items():
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{row}"}}}
        made: dict[str, Any] = {"responses": {"200": {"description": "", "content": content}}}
        if identifier:
            made["operationId"] = identifier
        if method == "post":
            made["requestBody"] = {"content": content}
        if "{id}" in path:
            made["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        paths.setdefault(path, {})[method] = made
    named = {row: ["id"] for _, row in operations.values()} | rows
    schemas = {
        name: {"type": "object", "properties": {key: {"type": "string"} for key in fields}}
        for name, fields in named.items()
    }
    return {
        "openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": paths, "components": {"schemas": schemas},
    }  # fmt: skip


def _names(documents: Mapping[str, dict[str, Any]], lock: Lock) -> Lock:
    """The names of several sources, in their order, under a lock."""
    models: list[SourceModel] = [
        read(name, Document(f"{name}.json", json.dumps(document).encode()), pinned=lock.operations().get(name)).model
        for name, document in documents.items()
    ]
    sources = {model.name: cast("Source", SimpleNamespace(model=model)) for model in models}
    return locked(sources, build(sources, GraphSettings(pins=lock.pins({}))), {})


def _more(before: Parts, added: Parts, order: list[int]) -> Parts:
    """The same operations and rows with others between them, in another order; fields are added too."""
    operations = {**added[0], **before[0]}
    rows = {name: [*added[1].get(name, []), *before[1].get(name, [])] for name in {**added[1], **before[1]}}
    for _, row in before[0].values():
        rows.setdefault(row, []).append("id")
    keys = sorted(operations, key=lambda key: order[sum(map(ord, "".join(key))) % len(order)])
    return {key: operations[key] for key in keys}, {key: list(dict.fromkeys(rows[key])) for key in sorted(rows)}


@settings(max_examples=60, deadline=None)
@given(first=PARTS, second=PARTS, added=PARTS, third=PARTS, order=st.permutations(range(7)), turned=st.booleans())
def test_no_locked_name_moves(
    first: Parts, second: Parts, added: Parts, third: Parts, order: list[int], *, turned: bool
) -> None:
    lock = _names({"one": _document(first), "two": _document(second)}, Lock())
    grown = _document(_more(first, added, order))
    documents = {"three": _document(third), "one": grown, "two": _document(second)}
    now = _names(dict(reversed(documents.items())) if turned else documents, lock)
    for source, before in lock.sources.items():
        names = now.sources[source].names
        assert {thing: names.get(thing) for thing in before.names} == before.names
    assert {item.kind for item in drift(lock, now)} <= {"new"}
    given = [name for each in now.sources.values() for (kind, _), name in each.names.items() if kind == "root"]
    assert len(set(given)) == len(given)


@settings(max_examples=30, deadline=None)
@given(parts=PARTS)
def test_what_is_written_is_read_again(tmp_path_factory: Any, parts: Parts) -> None:
    lock = _names({"one": _document(parts)}, Lock())
    folder = tmp_path_factory.mktemp("lock")
    (folder / "isthmus.lock").write_text(written(lock), "utf-8")
    assert read_lock(folder) == lock
