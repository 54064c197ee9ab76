"""The five queries, and what is sent for each. ``operationName`` lets a competitor without GraphQL know them apart."""

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
}


def body(name: str) -> bytes:
    """The JSON request body of one query (GraphQL over HTTP, section 5.4)."""
    return json.dumps({"query": QUERIES[name], "operationName": name}).encode()
