from __future__ import annotations

from pathlib import Path

import pytest

from gateway.file.config import UnreadableFile, read
from gateway.file.json_schema import json_schema

GOOD = """
sources:
  stock:
    database: sqlite:///stock.db
access:
  default: authenticated
"""


def problems(tmp_path: Path, text: str, **environment: str) -> str:
    path = tmp_path / "shop.yaml"
    path.write_text(text)
    with pytest.raises(UnreadableFile) as raised:
        read(path, environment)
    return raised.value.text


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(GOOD)
    chosen = read(path, {})
    assert chosen.settings.access.default == "authenticated"
    assert chosen.sources["stock"][0] == "database"


def test_an_unknown_key_says_line_and_nearest_spelling(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD.replace("    database", "    timout_s: 3\n    database")) == (
        'shop.yaml:4  sources.stock.timout_s\n  unknown key "timout_s"\n  mend: did you mean "timeout_s"?'
    )


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """
sources:
  crm:
    openapi: a.json
    wsdl: b.wsdl
  stock:
    database: ${env:STOCK}
    concurrency: none
links:
  Order.customer: { match: { a: b } }
access:
  defualt: deny
sever: {}
"""
    found = problems(tmp_path, text)
    places = [line.split()[0] for line in found.splitlines() if line.startswith("shop.yaml")]
    assert [int(place.split(":")[1]) for place in places] == sorted(int(place.split(":")[1]) for place in places)
    for expected in (
        "exactly one of openapi, wsdl, database",
        '"STOCK" is not set',
        "a whole number is needed",
        "exactly one of one and many",
        'unknown key "defualt"',
        'did you mean "default"',
        'did you mean "server"',
    ):
        assert expected in found


def test_a_secret_is_never_printed(tmp_path: Path) -> None:
    text = GOOD.replace("sqlite:///stock.db", "sqlite:///stock.db\n    timeout_s: ${env:SECRET}")
    found = problems(tmp_path, text, SECRET="hunter2-hunter2")
    assert "hunter2" not in found


def test_the_json_schema_knows_every_kind_of_source() -> None:
    text = str(json_schema())
    for key in ("openapi", "wsdl", "database", "max_keys", "jwks_url", "declassify"):
        assert f"'{key}'" in text
