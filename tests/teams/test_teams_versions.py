"""Two versions of one system side by side: old clients go on at one address, new ones ask at another, some ask both."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.reload.house import House, System, behind, described, house, listening

PAGE = (Path(__file__).parents[2] / "docs" / "teams.md").read_text("utf-8")
FILE = next(block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "prefix: V2" in block)


def _document(*fields: str) -> dict[str, Any]:
    found = described(*fields, name="customers")
    found["components"]["schemas"] = {"Customer": found["components"]["schemas"]["Row"]}
    return json.loads(json.dumps(found).replace("/Row", "/Customer"))  # type: ignore[no-any-return]  # as it was


@pytest.fixture
async def versions(tmp_path: Path) -> AsyncIterator[tuple[Path, str, System, System]]:
    first = System(rows=[{"id": "1", "name": "Ada Lovelace"}])
    second = System(rows=[{"id": "1", "given": "Ada", "family": "Lovelace"}])
    (tmp_path / "crm-v1.json").write_text(json.dumps(_document("id", "name")))
    (tmp_path / "crm-v2.json").write_text(json.dumps(_document("id", "given", "family")))
    async with listening(behind(first)) as one, listening(behind(second)) as two:
        yield (
            tmp_path,
            FILE.replace("https://crm.internal/v1", one).replace("https://crm.internal/v2", two),
            first,
            second,
        )


async def ask(at: House, query: str, view: str = "") -> Any:
    reply = await at.client.post(f"/graphql{view}", json={"query": query})
    return reply.json()


async def test_old_clients_go_on_at_their_address_and_see_nothing_new(
    versions: tuple[Path, str, System, System],
) -> None:
    folder, text, first, second = versions
    async with house(folder, text) as at:
        old = await ask(at, "{ customers { name } }", "/v1")
        assert old == {"data": {"customers": [{"name": "Ada Lovelace"}]}}
        assert not second.heard
        new = await ask(at, "{ v2Customers { given family } }", "/v2")
        assert new == {"data": {"v2Customers": [{"given": "Ada", "family": "Lovelace"}]}}
        assert len(first.heard) == 1
        for view, query, gone in (
            ("/v1", "{ v2Customers { id } }", "v2Customers"),
            ("/v2", "{ customers { id } }", "customers"),
        ):
            refused = await ask(at, query, view)
            assert f"Cannot query field '{gone}'" in refused["errors"][0]["message"]
        for view, types in (("/v1", {"Customer"}), ("/v2", {"V2Customer"}), ("", {"Customer", "V2Customer"})):
            told = await ask(at, "{ __schema { types { name } } }", view)
            assert {each["name"] for each in told["data"]["__schema"]["types"] if "Customer" in each["name"]} == types


async def test_the_new_version_beside_the_old_one_renames_nothing_and_both_can_be_asked_at_once(
    versions: tuple[Path, str, System, System],
) -> None:
    folder, text, _, _ = versions
    alone = re.sub(r"  crmV2:.*\n(    .*\n)*|links:\n.*\n", "", text).partition("  tags:")[0]
    assert "crmV2" not in alone
    async with house(folder, alone) as at:
        before = await ask(at, "{ customers { id name } }")
        at.write(text)
        await at.changed()
        assert await ask(at, "{ customers { id name } }") == before
        both = await ask(at, "{ customers { id current { family } } }")
        assert both == {"data": {"customers": [{"id": "1", "current": {"family": "Lovelace"}}]}}
        hidden = await ask(at, "{ customers { current { family } } }", "/v1")
        assert "Cannot query field 'current'" in hidden["errors"][0]["message"]
