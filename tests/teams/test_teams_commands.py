"""``--env`` and ``ISTHMUS_ENV`` as a person uses them: real processes, real sockets."""

from __future__ import annotations

import json
import signal
import sqlite3
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from gateway.commands import app as commands
from tests.commands.conftest import Shell
from tests.teams.files import write

MAIN = """\
include: [teams/]
access: { default: anonymous }
"""
SHOP = """\
sources:
  shop: { database: "sqlite:///${env:SHOP}" }
"""
PROD = """\
sources:
  shop: { database: "sqlite:///prod.db" }
hide: [Product.weight]
"""


@pytest.fixture
def teams(tmp_path: Path) -> Path:
    """A file with one part; the database of prod lies beside the file, the others' beside the part."""
    write(tmp_path, {"isthmus.yaml": MAIN, "teams/shop.yaml": SHOP, "isthmus.prod.yaml": PROD})
    for path, name in (("teams/test.db", "of the test"), ("prod.db", "of prod")):
        with sqlite3.connect(tmp_path / path) as connection:
            connection.execute("CREATE TABLE product (sku TEXT PRIMARY KEY NOT NULL, name TEXT, weight INTEGER)")
            connection.execute("INSERT INTO product VALUES ('A1', ?, 7)", [name])
        connection.close()
    return tmp_path


def run(folder: Path, *arguments: str, **variables: str) -> Result:
    """A command in this process: a new one takes seconds to begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("ISTHMUS_ENV", raising=False)
        return CliRunner().invoke(commands, list(arguments), env=variables)


def test_the_schema_is_that_of_the_environment(teams: Path) -> None:
    plain = run(teams, "sdl", "isthmus.yaml", SHOP="test.db")
    said = run(teams, "sdl", "isthmus.yaml", "--env", "prod")
    meant = run(teams, "sdl", "isthmus.yaml", ISTHMUS_ENV="prod")
    assert "weight: " in plain.output
    assert (said.exit_code, "weight: " in said.output, "type Product" in said.output) == (0, False, True)
    assert meant.output == said.output
    changed = run(teams, "diff", "isthmus.yaml", "isthmus.yaml", "--env", "prod")
    assert (changed.exit_code, changed.output) == (0, "Nothing changed.\n")


def test_what_is_locked_is_what_an_environment_has(teams: Path) -> None:
    assert run(teams, "lock", "isthmus.yaml", "--env", "prod").exit_code == 0
    assert '"productBySku"' in (teams / "isthmus.lock").read_text()
    assert run(teams, "check", "isthmus.yaml", "--env", "prod", "--locked").exit_code == 0


def test_problems_and_cautions_of_an_environment_are_told_with_their_places(
    teams: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> tuple[int, str]:
        ended = run(teams, *arguments)
        return ended.exit_code, ended.output + capsys.readouterr().err

    code, text = told("check", "isthmus.yaml", "--env", "prd")
    assert (code, 'mend: did you mean "prod"?' in text) == (1, True)
    (teams / "isthmus.prod.yaml").write_text(PROD.replace("weight", "wieght"))
    code, text = told("check", "isthmus.yaml", "--env", "prod")
    assert (code, "isthmus.prod.yaml:3  hide[0]" in text) == (1, True)
    code, text = told("sdl", f"shop=sqlite:///{teams}/prod.db", "--env", "prod")
    assert (code, "an environment is of a file" in text) == (1, True)
    (teams / "isthmus.prod.yaml").write_text(PROD + "access: { default: anonymous }\n")
    sound = run(teams, "check", "isthmus.yaml", "--env", "prod", "--json")
    (warning,) = json.loads(sound.output)["warnings"]
    assert warning.startswith("isthmus.prod.yaml:4  access.default\n")


async def test_a_server_and_its_workers_serve_the_environment(shell: Shell, teams: Path) -> None:
    assert teams == shell.folder
    running = await shell.serve("serve", "isthmus.yaml", "--port", "0", "--workers", "1", ISTHMUS_ENV="prod")
    async with httpx.AsyncClient(base_url=running.address, trust_env=False) as client:
        answer = await client.post("/graphql", json={"query": "{ product { name } }"})
    assert answer.json() == {"data": {"product": [{"name": "of prod"}]}}
    assert (await running.end(signal.SIGTERM)).code == 0


async def test_places_are_told_as_the_file_was_given(shell: Shell, tmp_path: Path) -> None:
    teams = tmp_path / "e" / "teams"
    teams.mkdir(parents=True)
    (tmp_path / "e" / "isthmus.yaml").write_text(
        "sources:\n  s: { database: 'sqlite:///x.db', nope: 1 }\naccess: { default: anonymous }\ninclude: [teams/]\n"
    )
    (teams / "stock.yaml").write_text("\nlinkz: {}\n")
    (tmp_path / "e" / "isthmus.prod.yaml").write_text("limitz: {}\n")
    ended = await shell.run("check", "e/isthmus.yaml", "--env", "prod")
    places = [line.partition("  ")[0] for line in ended.err.splitlines() if ".yaml:" in line]
    assert places == ["e/isthmus.yaml:2", "e/teams/stock.yaml:2", "e/isthmus.prod.yaml:1"]
    for given in ("e/teams/stock.yaml", str(teams / "stock.yaml")):
        ended = await shell.run("check", given)
        assert "\ne/teams/stock.yaml:2  linkz\n" in ended.err
    ended = await Shell(teams).run("check", "../isthmus.yaml")
    places = [line.partition("  ")[0] for line in ended.err.splitlines() if ".yaml:" in line]
    assert places == ["../isthmus.yaml:2", "../teams/stock.yaml:2"]
