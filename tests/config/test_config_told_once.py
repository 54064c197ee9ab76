"""One cause is one problem: a value that is absent is not also told as a value of the wrong shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import UnreadableFile, read
from gateway.demo import trading_folder
from gateway.parts import MAX_FILE_BYTES


def told(path: Path, **environment: str) -> str:
    with pytest.raises(UnreadableFile) as raised:
        read(path, environment)
    return raised.value.text


def test_every_variable_of_the_example_that_is_not_set_is_told_once() -> None:
    names = {
        "sources.crm.url": "CRM_URL",
        "sources.billing.url": "BILLING_URL",
        "sources.stock.database": "STOCK_URL",
        "server.jwt.secret": "ISTHMUS_DEMO_SECRET",
    }
    paragraphs = told(trading_folder() / "isthmus.yaml").split("\n\n")
    assert [paragraph.split("\n")[0].split()[1] for paragraph in paragraphs] == [*names]
    for paragraph, name in zip(paragraphs, names.values(), strict=True):
        assert f'\n  the environment variable "{name}" is not set\n' in paragraph


def test_what_else_is_wrong_is_told_beside_what_is_absent(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(
        "sources:\n"
        "  crm: { openapi: a.json, url: '${env:CRM_URL}', concurrency: none }\n"
        "access: { default: deny }\n"
        "server: { jwt: { issuer: a, audience: b, secret: short } }\n"
    )
    found = told(path)
    assert found.count("sources.crm.url") == 1
    assert "shop.yaml:2  sources.crm.concurrency\n" in found
    assert "shop.yaml:4  server.jwt.secret\n  a secret needs 32 bytes or more" in found
    assert "sources.crm.url\n  an address such as https://host/path is needed" in told(path, CRM_URL="no address")


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    sound = b"sources: { stock: { database: 'sqlite:///stock.db' } }\naccess: { default: deny }\n#"
    path.write_bytes(sound + b"x" * (MAX_FILE_BYTES - len(sound)))
    assert read(path, {}).settings.access.default == "deny"
    path.write_bytes(b"\tnothing that could be parsed: [" + b"x" * MAX_FILE_BYTES)
    assert told(path) == f"{path}\n  cannot be read: it is larger than 4194304 bytes"
