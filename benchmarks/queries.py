"""The queries, and what is sent for each. ``operationName`` lets a competitor without GraphQL know them apart."""

from __future__ import annotations

import json

ORDER = "id number userId sku quantity total status createdAt"

QUERIES = {
    "Q1": "query Q1 { user(id: 1) { id name email } }",
    "Q2": f"query Q2 {{ orders(limit: 100) {{ {ORDER} }} }}",
    "Q3": f"query Q3 {{ orders(limit: 100) {{ {ORDER} user {{ id name }} }} }}",
    "Q4": f"query Q4 {{ orders(limit: 1000) {{ {ORDER} user {{ id name }} }} }}",
    "Q5": "query Q5 { orders(limit: 50) { id number user { id name } "
    "product { sku name brand inventory { quantity warehouse } } } }",
    "Q6": f"query Q6 {{ orders(limit: 100) {{ {ORDER} buyer {{ id name }} }} }}",
    "Q7": f"query Q7 {{ orders(limit: 100) {{ {ORDER} user {{ id name }} }} user(id: 1) {{ id name email }} }}",
}

DELAYS_MS = {"Q7": {"orders": 20, "users": 100}}
"""How late the upstream answers, by query and the first segment of its paths. Nothing else is late.

The three waits of Q7 add up to 220 ms. The user of the root and the orders need not wait for one another, and the users
of the orders need not wait for the user of the root: 120 ms.
"""

CALLS = {
    "Q1": {"users": 1},
    "Q2": {"orders": 1},
    "Q3": {"orders": 1, "users": 1},
    "Q4": {"orders": 1, "users": 1},
    "Q5": {"orders": 1, "users": 1, "products": 1},
    "Q6": {"orders": 1, "users": 100},
    "Q7": {"orders": 1, "users": 2},
}
"""The fewest calls that a query can be answered with, beside the statement for the stock in Q5."""


def body(name: str) -> bytes:
    """The JSON request body of one query (GraphQL over HTTP, section 5.4)."""
    return json.dumps({"query": QUERIES[name], "operationName": name}).encode()
