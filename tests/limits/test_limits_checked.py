"""What the file says of limits is checked when it is loaded: names, fields, manifests."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.file.config import UnreadableFile, read
from gateway.snapshot import load
from resolvers import ConfigurationError

HEAD = """\
sources:
  shop: { database: "sqlite:///shop.sqlite" }
access: { default: anonymous }
"""


async def told(tmp_path: Path, text: str) -> str:
    """The problems of a file, or an empty string."""
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS products (sku TEXT PRIMARY KEY NOT NULL, name TEXT)")
    connection.close()
    path = tmp_path / "isthmus.yaml"
    path.write_text(HEAD + text)
    try:
        chosen = read(path, {})
    except UnreadableFile as error:
        return error.text
    try:
        snapshot = await load(chosen)
    except ConfigurationError as error:
        return chosen.describe(error.problems)
    await snapshot.close()
    return ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server: { rate_limits: { rules: { a: { requests: 5, fields: [Query.products] } } } }", ""),
        (
            "server: { rate_limits: { rules: { a: { requests: 5, fields: [Query.produkts] } } } }",
            (
                "isthmus.yaml:4  server.rate_limits.rules.a.fields[0]\n"
                '  there is no root field "Query.produkts"\n  mend: did you mean "Query.products"'
            ),
        ),
        (
            "server: { rate_limits: { rules: { a: { requests: 5, per: [person] } } } }",
            "server.rate_limits.rules.a.per",
        ),
        ("server: { rate_limits: { rules: { 'a b': { requests: 5 } } } }", "server.rate_limits.rules"),
        ("server: { rate_limits: { rules: {} } }", "server.rate_limits.rules"),
        ("limits: { cost: { max: 100, weights: { Product.name: 5 } } }", ""),
        ("limits: { cost: { max: 100, weights: { Product.nme: 5 } } }", 'did you mean "name"'),
        ("server: { trusted_proxies: [10.0.0.1/8] }", '"10.0.0.1/8" is no network'),
    ],
)
async def test_what_a_limit_names_must_be_there(tmp_path: Path, text: str, problem: str) -> None:
    found = await told(tmp_path, text)
    assert problem in found
    assert bool(found) is bool(problem)
