"""The server audits of graphql-http, which hold a server against the specification of GraphQL over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

from tests.clients.conftest import Served
from tests.installed import node_modules

AUDITS = Path(__file__).parent / "audits"


async def test_the_server_audits_of_graphql_http(served: Served) -> None:
    node_modules(AUDITS)
    results = json.loads(await served.run(AUDITS, "node", "audit.mjs"))
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61  # every audit of the locked version
