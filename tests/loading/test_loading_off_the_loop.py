"""What a large description takes seconds for is done beside the event loop."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import resolvers.open
from resolvers import open_all
from resolvers.rest import RestSettings

TEXT = {"type": "string"}
ROWS = {"type": "array", "items": {"type": "object", "properties": {"id": TEXT}}}
PAGED = {
    "openapi": "3.0.3",
    "info": {"title": "crm", "version": "1"},
    "paths": {
        "/rows": {
            "get": {
                "operationId": "rows",
                "parameters": [
                    {"name": each, "in": "query", "schema": {"type": "integer"}} for each in ("limit", "offset")
                ],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": ROWS}}}},
            }
        }
    },
}


async def test_a_description_is_made_sense_of_beside_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "crm.json").write_text(json.dumps(PAGED))
    threads: dict[str, int] = {}

    def noted(name: str) -> Callable[..., Any]:
        real = getattr(resolvers.open, name)

        def call(*given: Any) -> Any:
            threads[name] = threading.get_ident()
            return real(*given)

        return call

    names = ("recognise", "apply", "with_views", "cached", "Paged")
    for name in names:
        monkeypatch.setattr(resolvers.open, name, noted(name))
    settings = RestSettings.model_validate({"openapi": "./crm.json", "url": "http://127.0.0.1:1"})
    opened = await open_all({"crm": ("openapi", settings)}, tmp_path)
    assert "rowsConnection" in opened.sources["crm"].model.operations
    assert set(threads) == set(names)
    assert threading.get_ident() not in threads.values()
    for source in opened.sources.values():
        await source.close()
