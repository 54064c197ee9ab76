"""A small REST source for tests of the network: one read, one write, and what its document says of itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from resolvers.documents import Documents
from resolvers.network import open_network
from resolvers.rest import RestSettings, RestSource, open_rest
from resolvers.source import Call, Context

ADA = b'{"id": "7"}'
ROW = {"id": "7"}
_ANSWER = {
    "200": {
        "description": "found",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Customer"}}},
    }
}
_BY_ID = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
READ = Call("customer", {"id": "7"})
WRITE = Call("renameCustomer", {"id": "7"})


def document(**more: Any) -> dict[str, Any]:
    """The document, with further members at its root."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "CRM", "version": "1"},
        "paths": {
            "/customers/{id}": {
                "get": {"operationId": "customer", "parameters": _BY_ID, "responses": _ANSWER},
                "post": {"operationId": "renameCustomer", "parameters": _BY_ID, "responses": _ANSWER},
            }
        },
        "components": {
            "schemas": {"Customer": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}}
        },
        **more,
    }


def context(seconds: float = 10.0, **more: Any) -> Context:
    return Context(asyncio.get_running_loop().time() + seconds, "request", **more)


@contextlib.asynccontextmanager
async def crm(folder: Path, described: dict[str, Any] | None = None, **settings: object) -> AsyncIterator[RestSource]:
    """The source, opened with settings as they stand in a file in ``folder``."""
    (folder / "crm.json").write_text(json.dumps(described or document()))
    stated = RestSettings.model_validate({"openapi": "crm.json", **settings})
    network = open_network(stated, folder)
    source = await open_rest("crm", stated, Documents(folder, network=network))
    try:
        yield source
    finally:
        await source.close()
