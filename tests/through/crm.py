"""The description of a CRM that lists orders."""

from __future__ import annotations

import json
from collections.abc import Mapping


def orders_document(properties: Mapping[str, object], *required: str) -> str:
    """An OpenAPI document as JSON: ``GET /orders`` answers a list of ``Order``, whose members are ``properties``."""
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
    answer = {"200": {"content": {"application/json": {"schema": rows}}}}
    order = {"type": "object", "required": [*required], "properties": properties}
    return json.dumps({
        "openapi": "3.0.3",
        "info": {"title": "CRM", "version": "1"},
        "paths": {"/orders": {"get": {"operationId": "orders", "responses": answer}}},
        "components": {"schemas": {"Order": order}},
    })  # fmt: skip
