"""The shop of the querying tests, with statements of the configuration and untidy names, behind a whole gateway."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.querying.shop import ROWS, TABLES, database
from tests.through.gateway import Gateway, gateway

DATABASES = ("sqlite", "postgresql", "mariadb")
UNTIDY = """
CREATE TABLE "Odd Things" ("the Id" INTEGER PRIMARY KEY, "a:b" VARCHAR(40), "50%" INTEGER);
INSERT INTO "Odd Things" VALUES (1, 'x:y', 7), (2, '50%', NULL), (3, '', 0);
"""


@dataclass(frozen=True, slots=True)
class House:
    """``schema``: what stands before a table's name in statements, where its schema is not the default one."""

    kind: str
    served: Gateway
    schema: str

    async def ask(self, query: str, **variables: object) -> Any:
        return await self.served.ask(query, **variables)

    async def data(self, query: str, **variables: object) -> Any:
        return await self.served.data(query, **variables)


def in_words(kind: str, sql: str, schema: str) -> str:
    """A statement in the words of a database: ``§`` stands before the names of tables, names are in ``"…"``."""
    sql = sql.replace("§", f'"{schema}".' if schema else "")
    return sql.replace('"', "`") if kind == "mariadb" else sql


@contextlib.asynccontextmanager
async def stated(
    kind: str,
    folder: Path,
    statements: Mapping[str, Mapping[str, object]],
    *,
    rest: str = "access: { default: anonymous }",
    more: Mapping[str, object] | None = None,
    script: str = "",
) -> AsyncIterator[House]:
    """``statements``: as the file has them, their ``sql`` as ``in_words`` takes it. ``more``: of the source."""
    whole = TABLES + ROWS + (UNTIDY.replace('"', "`") if kind == "mariadb" else UNTIDY) + script
    async with database(kind, folder, whole) as settings:
        schemas = settings.get("schemas")
        schema = str(schemas[0]) if isinstance(schemas, list) else ""
        made = {
            name: {**each, "sql": in_words(kind, str(each["sql"]), schema)} for name, each in statements.items()
        }  # fmt: skip
        source = {**settings, **(more or {}), "statements": made}
        async with gateway(folder, f"sources:\n  shop: {json.dumps(source)}\n{rest}\n", {}) as served:
            yield House(kind, served, schema)
