"""Names that readers of an OpenAPI document find natural: what identifiers, paths, components and places become."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.documents import Document
from resolvers.model import SourceModel
from resolvers.rest.operations.openapi import read
from resolvers.rest.schemas.naming import naming
from resolvers.rest.schemas.places import component_names
from schema.namer import model_places
from schema.types import TypeBuilder

Names = dict[tuple[str, str], str]


@pytest.mark.parametrize(("method", "path", "identifier", "wanted"), [
    ("get", "/users/{user-id}/messages", "users.user.ListMessages", "listUserMessages"),
    ("get", "/orders", "GET_orders", "orders"),
    ("get", "/orders/{id}", "get_/orders/{id}", "order"),
    ("get", "/users", "getUsersUsingGET_1", "getUsers"),
    ("get", "/orders", "OrdersController_findAll", "findAllOrders"),
    ("get", "/orders/{id}", "OrdersController_findOne", "findOneOrder"),
    ("get", "/customers/{id}", "Retrieve a customer", "retrieveCustomer"),
    ("get", "/items/{item_id}", "read_item_items__item_id__get", "readItem"),
    ("patch", "/dcim/sites/{id}/", "dcim_sites_partial_update", "updateDcimSite"),
    ("delete", "/dcim/sites/", "dcim_sites_bulk_delete", "bulkDeleteDcimSites"),
    ("post", "/users.setPhoto", "users_setPhoto", "setUserPhoto"),
    ("post", "/v1/accounts/{account}/people", "PostAccountsAccountPeople", "createAccountPerson"),
    ("put", "/v1/accounting-periods/{id}/reopen", "PUT_ReopenAccountingPeriod", "reopenAccountingPeriod"),
    ("get", "/users/{id}/events/$count", "Get.Count.events-c4fe", "countUserEvents"),
    ("get", "/kunden", "Größen abrufen", "groessenAbrufen"),
    ("get", "/kunden", "listOrders", "listOrders"),
    ("get", "/orders", "", "orders"),
    ("post", "/orders/{id}/cancel", "", "cancelOrder"),
    ("post", "/login", "", "login"),
    ("get", "/users/search", "", "searchUsers"),
    ("get", "/users/search/{query}", "", "searchUsers"),
    ("post", "/{dataset}/records", "perform-search", "performSearch"),
    ("get", "/weather/{place}.json", "", "weather"),
])  # fmt: skip
def test_operations_are_named_in_plain_english(method: str, path: str, identifier: str, wanted: str) -> None:
    assert naming(method, path, identifier).names[0] == wanted


@pytest.mark.parametrize(("name", "wanted"), [
    ("Order", "Order"), ("order_line", "OrderLine"), ("microsoft.graph.user", "User"), ("com.acme.Order", "Order"),
    ("Acme_Order_v2", "Order"), ("Page«Order»", "OrderPage"), ("Page_Order_", "OrderPage"),
    ("issuing.card", "IssuingCard"),
    ("challenge_enum_challenge_statuses", "ChallengeStatus"), ("form_enum_types", "FormType"),
    ("api.v2010.account.call", "Call"), ("Größe", "Groesse"),
])  # fmt: skip
def test_components_lose_their_namespace(name: str, wanted: str) -> None:
    assert component_names(name, "Acme orders")[0] == wanted


def _named(document: dict[str, Any]) -> Names:
    """What each thing of a document is called: (kind, place) → GraphQL name."""
    model: SourceModel = read("x", Document("x.json", json.dumps(document).encode())).model
    types = TypeBuilder(set(), set(), prefixes={})
    types.add(model)
    pins = types.given["x"]
    kinds = {
        "operation": pins.operations,
        "type": pins.types,
        "input": pins.inputs,
        "enum": pins.enums,
        "made": pins.made,
    }
    assert len(model_places(model)) == sum(map(len, kinds.values()))
    return {(kind, place): name for kind, names in kinds.items() for place, name in names.items()}


def test_names_of_places_say_no_word_twice_where_two_names_meet() -> None:
    kinds = {"type": "string", "enum": ["a", "b"]}
    account = {"type": "object", "properties": {"accountKind": kinds}}
    both = {"type": "object", "properties": {"reviewReason": kinds, "reason": kinds}}
    asked = {"type": "object", "properties": {"speed": kinds}}
    status = {"name": "status", "in": "query", "schema": kinds}
    paths = {"/pets": {"get": {"operationId": "findPetsByStatus", "parameters": [status], "responses": _answers({})}}}
    for name in ("BankAccount", "Review", "RideRequest"):
        schema = {"$ref": f"#/components/schemas/{name}"}
        paths[f"/{name}"] = {"put": {"requestBody": _body(schema), "responses": {"204": {"description": ""}}}}
    components = {"BankAccount": account, "Review": both, "RideRequest": asked}
    named = _named({"openapi": "3.0.0", "paths": paths, "components": {"schemas": components}})
    assert {name for (kind, _), name in named.items() if kind == "enum"} == {
        "BankAccountKind", "ReviewReason", "ReviewReviewReason", "RideSpeed", "FindPetsStatus",
    }  # fmt: skip


def _answers(schema: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


ORDER = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "shipTo": {"type": "object", "properties": {"zip": {"type": "string"}}}},
}
PAGE = {"type": "object", "properties": {"data": {"type": "array", "items": ORDER}, "total": {"type": "integer"}}}
SHOP: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/orders": {
            "get": {"operationId": "listOrders", "responses": _answers(PAGE)},
            "post": {"operationId": "createOrder", "requestBody": _body(ORDER), "responses": _answers(ORDER)},
        },
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "getOrder", "responses": _answers({"$ref": "#/components/schemas/com.acme.Order"})},
            "patch": {"operationId": "createOrder", "responses": _answers({"title": "Order Change", **ORDER})},
        },
        "/customers": {"get": {"responses": _answers({"type": "array", "items": ORDER})}},
    },
    "components": {"schemas": {"com.acme.Order": ORDER, "Customer": ORDER}},
}


def test_results_and_bodies_say_what_they_are() -> None:
    named = _named(SHOP)
    fields = {name for (kind, _), name in named.items() if kind == "operation"}
    assert fields == {"listOrders", "createOrder", "updateOrder", "getOrder", "customers"}
    types = {name for (kind, _), name in named.items() if kind != "operation"}
    assert {"OrderPage", "CreateOrderInput", "CreateOrderShipToInput", "Order", "OrderShipTo", "OrderChange"} <= types
    assert "Customer" in types
    assert not any(name[-1].isdigit() or "Result2" in name for name in named.values())


@given(st.data())
def test_the_order_of_a_document_names_nothing(data: st.DataObject) -> None:
    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: shuffled(node[key]) for key in data.draw(st.permutations(list(node)))}
        return [shuffled(item) for item in node] if isinstance(node, list) else node

    assert _named(shuffled(SHOP)) == _named(SHOP)


words = st.from_regex(r"[a-z]{3,7}", fullmatch=True)


@given(st.dictionaries(words, st.sampled_from([ORDER, PAGE]), min_size=1, max_size=4), st.lists(words, max_size=4))
def test_operations_components_and_paths_that_are_added_rename_nothing(
    schemas: dict[str, Any], paths: list[str]
) -> None:
    before = _named(SHOP)
    grown = copy.deepcopy(SHOP)
    grown["components"]["schemas"] |= {f"New{name}": schema for name, schema in schemas.items()}
    for path in paths:
        name = f"#/components/schemas/New{min(schemas)}"
        grown["paths"][f"/new-{path}"] = {
            "get": {"responses": _answers({"$ref": name})},
            "post": {"requestBody": _body(PAGE)},
        }
    after = _named(grown)
    assert {key: after[key] for key in before} == before
    assert len(set(after.values()) - {None}) >= len(set(before.values()))
