"""What is asked, in the words of each competitor, and what of an answer must be alike.

PostGraphile says the same in other words: lists are connections, a column ``id`` is ``rowId``, and there is no field
that inserts many rows, so that each of them is a mutation field of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

ROWS = 1000
QUESTIONS = {
    "list": "100 orders of 8 columns",
    "nested": "20 customers, their orders (200), the items of these (600)",
    "aggregate": "count, sum and greatest total of 10,000 orders, by status",
    "connection": "50 orders after a cursor, with pageInfo",
    "insert": f"{ROWS:,} rows in one transaction",
}
CURSOR = "$cursor"
"""Stands where the cursor belongs that the question before gave."""


@dataclass(frozen=True, slots=True)
class Words:
    """``queries``: by question; ``before``: gives the cursor of the connection; ``rows``: what of the data is compared.

    ``insert`` gives the query and the variables for rows.
    """

    queries: Mapping[str, str]
    before: str
    insert: Callable[[list[dict[str, object]]], tuple[str, Mapping[str, object]]]
    rows: Callable[[str, Any], Any]
    cursor: Callable[[Any], str]

    def body(self, question: str, cursor: str) -> bytes:
        """The JSON request body (GraphQL over HTTP, section 5.4)."""
        query = self.queries.get(question, "")
        variables: Mapping[str, object] = {}
        if question == "insert":
            query, variables = self.insert(EVENTS)
        elif question == "connection":
            variables = {"after": cursor}
        asked = {"query": query, "variables": variables, "operationName": question}
        return json.dumps(asked).encode()


EVENTS: list[dict[str, object]] = [
    {
        "kind": ("seen", "bought", "returned")[number % 3],
        "note": None if number % 4 == 0 else f"event {number}",
        "amount": f"{number * 0.25:.2f}",
        "at": f"2024-05-{1 + number % 28:02d}T12:00:00Z",
    }
    for number in range(ROWS)
]

_ORDER = "customerId number placed status total currency note"


def _ours(question: str, data: Any) -> Any:
    match question:
        case "list":
            return data["orders"]
        case "nested":
            return data["customers"]
        case "aggregate":
            return sorted(
                [group["key"]["status"], group["count"], group["sum"]["total"], group["max"]["total"]]
                for group in data["ordersAggregate"]
            )
        case "connection":
            return data["ordersConnection"]["nodes"], data["ordersConnection"]["pageInfo"]["hasNextPage"]
    return data["insertEvents"]["affected"]


ISTHMUS = Words(
    {
        "list": f"query list {{ orders(orderBy: [{{ id: ASC }}], limit: 100) {{ id {_ORDER} }} }}",
        "nested": "query nested { customers(orderBy: [{ id: ASC }], limit: 20) { id name "
        "orders(orderBy: [{ id: ASC }]) { id number items(orderBy: [{ id: ASC }]) { id sku quantity } } } }",
        "aggregate": "query aggregate { ordersAggregate(groupBy: [status]) "
        "{ key { status } count sum { total } max { total } } }",
        "connection": "query connection($after: String!) { ordersConnection(first: 50, after: $after, "
        "orderBy: [{ placed: ASC }, { id: ASC }]) { nodes { id number placed total } "
        "pageInfo { hasNextPage endCursor } } }",
    },
    "{ ordersConnection(first: 50, orderBy: [{ placed: ASC }, { id: ASC }]) { pageInfo { endCursor } } }",
    lambda rows: (
        "mutation insert($rows: [EventInsert!]!) { insertEvents(rows: $rows) { affected } }",
        {"rows": rows},
    ),
    _ours,
    lambda data: str(data["ordersConnection"]["pageInfo"]["endCursor"]),
)


def _theirs(question: str, data: Any) -> Any:
    match question:
        case "list":
            return data["allOrders"]["nodes"]
        case "nested":
            return [
                {**customer, "orders": [{**order, "items": order["items"]["nodes"]} for order in orders]}
                for customer in data["allCustomers"]["nodes"]
                for orders in [customer["orders"]["nodes"]]
            ]
        case "aggregate":
            return sorted(
                [group["keys"][0], int(group["distinctCount"]["rowId"]), group["sum"]["total"], group["max"]["total"]]
                for group in data["allOrders"]["groupedAggregates"]
            )
        case "connection":
            return data["allOrders"]["nodes"], data["allOrders"]["pageInfo"]["hasNextPage"]
    return len(data)


def _one_by_one(rows: list[dict[str, object]]) -> tuple[str, Mapping[str, object]]:
    names = ", ".join(f"$r{number}: EventInput!" for number in range(len(rows)))
    fields = " ".join(f"r{n}: createEvent(input: {{ event: $r{n} }}) {{ clientMutationId }}" for n in range(len(rows)))
    return f"mutation insert({names}) {{ {fields} }}", {f"r{number}": row for number, row in enumerate(rows)}


POSTGRAPHILE = Words(
    {
        "list": f"query list {{ allOrders(orderBy: ROW_ID_ASC, first: 100) {{ nodes {{ id: rowId {_ORDER} }} }} }}",
        "nested": "query nested { allCustomers(orderBy: ROW_ID_ASC, first: 20) { nodes { id: rowId name "
        "orders: ordersByCustomerId(orderBy: ROW_ID_ASC) { nodes { id: rowId number "
        "items: itemsByOrderId(orderBy: ROW_ID_ASC) { nodes { id: rowId sku quantity } } } } } } }",
        "aggregate": "query aggregate { allOrders { groupedAggregates(groupBy: STATUS) "
        "{ keys distinctCount { rowId } sum { total } max { total } } } }",
        "connection": "query connection($after: Cursor!) { allOrders(first: 50, after: $after, "
        "orderBy: [PLACED_ASC, ROW_ID_ASC]) { nodes { id: rowId number placed total } "
        "pageInfo { hasNextPage endCursor } } }",
    },
    "{ allOrders(first: 50, orderBy: [PLACED_ASC, ROW_ID_ASC]) { nodes { rowId } pageInfo { endCursor } } }",
    _one_by_one,
    _theirs,
    lambda data: str(data["allOrders"]["pageInfo"]["endCursor"]),
)

HAND = Words(
    {},
    "before",
    lambda rows: ("", {"rows": rows}),
    lambda question, data: data if question != "aggregate" else sorted(data),
    str,
)


def alike(value: Any) -> Any:
    """A value as it is compared: times and decimals by what they mean, however they are written."""
    if isinstance(value, dict):
        return {name: alike(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [alike(each) for each in value]
    if isinstance(value, str) and value[:2] == "20" and "T" in value:
        return datetime.fromisoformat(value)
    if isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return Decimal(value)
    return value
