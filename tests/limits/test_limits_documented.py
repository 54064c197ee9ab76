"""The pages on limits and security say what is: defaults, the example, and tests that exist."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from gateway.file.config import read
from gateway.request.limits import LimitSettings
from gateway.server_settings import ServerSettings
from gateway.snapshot import load
from resolvers import Context, Settings
from schema import ANONYMOUS, GraphQLRequest, OperationLimits

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "limits.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("section", "model", "told_elsewhere"),
    [("limits", OperationLimits, {"cost"}), ("server.limits", LimitSettings, set())],
)
def test_every_limit_and_its_default_is_told(section: str, model: type[Settings], told_elsewhere: set[str]) -> None:
    table = PAGE.partition(f"| `{section}` | default |")[2].partition("\n\n")[0]
    told = {name: float(default) for name, default in re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", table, re.MULTILINE)}
    there = {name: field.default for name, field in model.model_fields.items() if name not in told_elsewhere}
    assert told == there


async def test_the_file_of_the_page_is_sound_and_its_price_is_right(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE products (sku TEXT PRIMARY KEY NOT NULL, name TEXT)")
    connection.close()
    (tmp_path / "persisted-documents.json").write_text(json.dumps({"a": "query Skus { products { sku } }"}))
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "isthmus.yaml").write_text(text)
    snapshot = await load(read(tmp_path / "isthmus.yaml", {}))
    query, cost = re.findall(r"`(\{ products.*?\})` costs .*? = (\d+)", PAGE)[0]
    context = Context(1e12, "r1")
    for asked, estimated in (
        (query, int(cost)),
        ("{ productsConnection(first: 7) { nodes { name } pageInfo { hasNextPage } } }", 1 + 1 + 7 * (1 + 5) + 1),
        ("{ productsConnection { nodes { name } } }", 1 + 1 + 50 * (1 + 5)),
    ):
        request = GraphQLRequest(asked, extensions={"cost": True})
        answer = await snapshot.graph.execute(request, ANONYMOUS, context, read_only=True)
        assert answer.body["extensions"] == {"cost": {"estimated": estimated, "max": 5000}}
    await snapshot.close()


def test_every_test_that_the_page_on_security_names_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 40
    there: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        there |= set(re.findall(r"def (test_\w+)", path.read_text("utf-8")))
    assert named - there == set()


def test_what_is_off_by_default_is_off() -> None:
    settings = ServerSettings()
    assert (settings.rate_limits, settings.documents, settings.redis, settings.cors) == (None, None, None, None)
