"""The start-up guard, before anything else of ours is imported: real processes beside a stranger named ``schema``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Shell, environment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A folder with an installed distribution ``schema``, whose module must not be run."""
    folder = tmp_path / "strange"
    record = folder / "schema-0.7.7.dist-info"
    record.mkdir(parents=True)
    (folder / "schema.py").write_text("raise SystemExit('the module of the stranger was run')\n")
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: schema\nVersion: 0.7.7\n")
    (record / "top_level.txt").write_text("schema\n")
    (record / "RECORD").write_text("schema.py,,\nschema-0.7.7.dist-info/METADATA,,\n")
    return folder


@pytest.mark.parametrize("first", [True, False])
async def test_a_distribution_named_schema_in_the_environment_is_told_before_anything_is_imported(
    shell: Shell, stranger: Path, *, first: bool
) -> None:
    paths = [str(stranger), environment()["PYTHONPATH"]]
    ended = await shell.run("--version", PYTHONPATH=":".join(paths if first else reversed(paths)))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        'The package "schema" of Isthmus is also installed by "schema". Two packages of one name cannot share an '
        'environment: uninstall "schema", or install Isthmus into an environment of its own.\n'
    )


async def test_a_module_named_schema_that_comes_first_is_told_with_its_place(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / "schema.py").write_text("raise SystemExit('the module of the stranger was run')\n")
    ended = await shell.run("--version", PYTHONPATH=f"{folder}:{environment()['PYTHONPATH']}")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f'The package "schema" was found at {folder}, not beside gateway at {ROOT}. ')
    assert ended.err.count("\n") == 1
