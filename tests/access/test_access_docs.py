"""The examples of docs/access.md are files that load, and what it says of them is so."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.commands import named

PAGE = (Path(__file__).parents[2] / "docs" / "access.md").read_text("utf-8")
EXAMPLES = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("access:")]
SOURCES = 'sources:\n  shop: { database: "sqlite:///shop.db", writes: true }\n'


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_sound_and_its_access_can_be_told(example: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript("""
            CREATE TABLE customers(id integer primary key, name text not null, email text, iban text);
            CREATE TABLE orders(id integer primary key, customer_id integer references customers(id), total integer);
        """)
    connection.close()
    file = tmp_path / "isthmus.yaml"
    file.write_text(SOURCES + example.replace("${env:HASH_KEY}", "a key of sixteen letters or more"))
    for words in (["check", str(file)], ["access", str(file)], ["sdl", str(file), "--as", "support"]):
        found = CliRunner().invoke(named(()), words)
        assert found.exit_code == 0, found.output
    assert "sources:\n      shop:" in PAGE


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) >= 4
