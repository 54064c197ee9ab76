"""Parts and environments while the gateway runs: every file of the whole is looked at, and new ones are found."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.file.parts import sign_of_part
from gateway.reloading import Signs
from tests.reload.house import System, behind, described, house, listening

MAIN = """\
include: [teams/]
access: { default: anonymous, introspection: all }
"""
CRM = """\
sources:
  crm: {{ openapi: crm.json, url: "{base}" }}
"""


@pytest.fixture
async def base(tmp_path: Path) -> AsyncIterator[str]:
    (tmp_path / "teams").mkdir()
    for name in ("crm", "billing"):
        (tmp_path / f"teams/{name}.json").write_text(json.dumps(described("id", "name", name=name)))
    async with listening(behind(System())) as address:
        (tmp_path / "teams/crm.yaml").write_text(CRM.format(base=address))
        yield address


async def test_a_part_that_changes_comes_or_goes_is_taken_over(tmp_path: Path, base: str) -> None:
    async with house(tmp_path, MAIN) as at:
        assert await at.roots() == {"crm"}
        at.write(CRM.format(base=base) + "access: { rules: { Row.name: { roles: [staff] } } }\n", "teams/crm.yaml")
        await at.changed()
        body = await at.ask("{ crm { name } }")
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
        at.write(CRM.replace("crm", "billing").format(base=base), "teams/billing.yaml")
        await at.changed(2)
        assert await at.roots() == {"crm", "billing"}
        (tmp_path / "teams/billing.yaml").unlink()
        await at.changed(3)
        assert await at.roots() == {"crm"}


async def test_a_broken_part_leaves_the_old_in_place_and_is_told_with_its_line(
    tmp_path: Path, base: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(tmp_path, MAIN) as at:
        before = at.holder.current
        at.write(CRM.format(base=base) + "links:\n  Row.x: { one: crm.none, match: { a: b } }\n", "teams/crm.yaml")
        await at.refused()
        assert "teams/crm.yaml:4  links.Row.x.one" in capsys.readouterr().out
        at.write(CRM.format(base=base) + "linkz: {}\n", "teams/crm.yaml")
        await at.refused(2)
        assert "teams/crm.yaml:3  linkz" in capsys.readouterr().out
        assert at.holder.current is before
        assert await at.ask("{ crm { name } }") == {"data": {"crm": [{"name": "Ada"}]}}
        at.write(MAIN.replace("teams/", "other.yaml"))
        await at.refused(3)
        at.write(CRM.replace("crm.json", "teams/crm.json").format(base=base), "other.yaml")
        await at.until(lambda: not at.holder.reloads.failing)


async def test_a_file_that_is_no_part_starts_nothing(tmp_path: Path, base: str) -> None:
    async with house(tmp_path, MAIN) as at:
        (tmp_path / "teams/notes.txt").write_text("of nobody")
        (tmp_path / "teams/shop.db-journal").write_text("of a database")
        at.write(CRM.format(base=base) + "hide: [Row.name]\n", "teams/crm.yaml")
        await at.changed()
        assert (at.holder.reloads.ok, at.holder.reloads.unchanged) == (1, 0)


def test_the_sign_of_a_folder_is_that_of_what_may_be_a_part(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{}")
    before = sign_of_part(tmp_path)
    (tmp_path / "shop.db-journal").write_text("of a database")
    (tmp_path / "a.yaml").write_text("{ }")  # its own sign tells this
    assert sign_of_part(tmp_path) == before
    (tmp_path / "b.yml").write_text("{}")
    assert sign_of_part(tmp_path) != before
    (tmp_path / "b.yml").unlink()
    assert sign_of_part(tmp_path) == before
    (tmp_path / "deeper").mkdir()
    assert sign_of_part(tmp_path) != before
    assert sign_of_part(tmp_path / "none") == ()


async def test_what_is_other_in_an_environment_is_looked_at_too(tmp_path: Path, base: str) -> None:
    (tmp_path / "isthmus.prod.yaml").write_text("hide: [Row.name]\n")
    async with house(tmp_path, MAIN, env="prod") as at:
        assert "errors" in await at.ask("{ crm { name } }")
        at.write("hide: [Row.id]\n", "isthmus.prod.yaml")
        await at.changed()
        assert await at.ask("{ crm { name } }") == {"data": {"crm": [{"name": "Ada"}]}}
        (tmp_path / "isthmus.prod.yaml").unlink()
        await at.refused()
        assert "errors" not in await at.ask("{ crm { name } }")


async def test_a_part_that_comes_while_the_file_is_read_is_not_missed(tmp_path: Path, base: str) -> None:
    async with house(tmp_path, MAIN) as at:
        look = at.reloader._look  # the moment between the reading of the file and the look at what it names

        def late() -> Signs:
            if at.holder.reloads.failing and not (tmp_path / "other.yaml").exists():
                at.write(CRM.replace("crm.json", "teams/crm.json").format(base=base), "other.yaml")
            return look()

        at.reloader._look = late  # type: ignore[method-assign]
        at.write(MAIN.replace("teams/", "other.yaml"))
        await at.refused()
        await at.until(lambda: not at.holder.reloads.failing)
