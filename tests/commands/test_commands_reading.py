from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gateway.commands import COMMANDS
from tests.commands.conftest import SECRET, SHOP_FILE, Shell, WriteFile, command, environment

NO_SOURCES = {"CRM_URL": "http://127.0.0.1:9", "BILLING_URL": "http://127.0.0.1:9/b", "ISTHMUS_DEMO_SECRET": SECRET}


async def test_help_names_every_command_and_the_version_is_told(shell: Shell) -> None:
    ended = await shell.run("--help")
    assert ended.code == 0
    for name in COMMANDS:
        assert f" {name} " in ended.out
    told = await shell.run("--version")
    assert (told.code, told.out.split()[0]) == (0, "isthmus")


@pytest.mark.parametrize(
    "arguments", [("serv", "x"), ("serve", "--nope", "x"), ("explain",), ("serve", "x", "--port", "99999")]
)
async def test_a_call_that_is_off_is_told_with_code_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    ended = await shell.run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage: " in ended.err


async def test_a_sound_file_is_checked(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE)
    ended = await shell.run("check", "isthmus.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1] == "The file is sound."
    told = json.loads((await shell.run("check", "--json", "isthmus.yaml")).out)
    assert (told["valid"], told["sources"]["shop"]["left_out"]) == (True, [])
    assert told["sources"]["shop"]["declared"] == told["sources"]["shop"]["served"] > 0


async def test_mistakes_are_told_with_line_and_nearest_spelling(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE.replace('shop.sqlite" }', 'shop.sqlite", timout_s: 3 }'))
    ended = await shell.run("check", "isthmus.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        'isthmus.yaml:2  sources.shop.timout_s\n  unknown key "timout_s"\n  mend: did you mean "timeout_s"?\n'
    )
    write(SHOP_FILE + "links:\n  Product.twin: { one: shop.produkts, match: { sku: sku } }\n")
    ended = await shell.run("check", "isthmus.yaml", "--json")
    assert ended.code == 1
    assert "isthmus.yaml:5  links.Product.twin.one\n" in ended.err
    assert 'did you mean "products"?' in ended.err
    assert json.loads(ended.out)["valid"] is False


@pytest.mark.parametrize(
    ("source", "served"),
    [("crm.openapi.yaml", 5), ("billing.wsdl", 3), ("shop.sqlite", 9), ("sqlite:///shop.sqlite", 9)],
)
async def test_a_source_is_inspected(shell: Shell, trading: Path, shop: Path, source: str, served: int) -> None:
    told = await shell.run("inspect", source, "--json")
    assert (told.code, told.err) == (0, "")
    report: Any = json.loads(told.out)
    assert {"valid", "operations", "recognised", "types", "seconds", "mebibytes"} <= set(report)
    assert report["operations"] == {"declared": served, "served": served, "left_out": []}
    assert report["valid"] is True
    assert min(report["types"], report["seconds"], report["mebibytes"]) > 0
    text = await shell.run("inspect", source)
    assert text.code == 0
    assert f"{served} of {served} operations served, {report['types']} types" in text.out


async def test_what_is_left_out_is_named_with_its_place_and_reason(shell: Shell, tmp_path: Path) -> None:
    content = {"application/json": {"schema": {"type": "string"}}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "http://localhost"}],
        "paths": {
            "/good": {
                "get": {
                    "operationId": "good",
                    "responses": {"200": {"description": "", "content": content}},
                }
            },
            "/odd": {
                "trace": {
                    "operationId": "odd",
                    "responses": {"200": {"description": ""}},
                }
            },
        },
    }
    (tmp_path / "odd.json").write_text(json.dumps(document))
    report = json.loads((await shell.run("inspect", "odd.json", "--json")).out)
    assert (report["operations"]["declared"], report["operations"]["served"]) == (2, 1)
    (left,) = report["operations"]["left_out"]
    assert set(left) == {"operation", "where", "reason"}
    assert (left["operation"], bool(left["where"]), bool(left["reason"])) == ("odd", True, True)


@pytest.mark.parametrize(
    "source",
    [
        "absent.json",
        "empty",
        "garbage.bin",
        "garbage.txt",
        "openapi:garbage.bin",
        "wsdl:garbage.txt",
        "sqlite:///absent.db",
        "sqlite:///garbage.bin",
        "nope://x",
        "http://127.0.0.1:9/x",
    ],
)
async def test_what_is_no_source_is_told_in_words(shell: Shell, tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "garbage.bin").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "garbage.txt").write_text("nothing that describes anything\n")
    ended = await shell.run("inspect", "--json", source)
    assert ended.code == 1
    assert len(ended.err.strip()) > 20
    report = json.loads(ended.out)
    assert {"valid", "operations", "recognised", "types", "seconds", "mebibytes"} <= set(report)
    assert (report["valid"], report["types"]) == (False, 0)


@pytest.mark.parametrize("name", ["absent.yaml", ".", "garbage.bin", "list.yaml"])
@pytest.mark.parametrize("verb", ["check", "serve"])
async def test_a_file_that_cannot_be_used_is_told_in_words(shell: Shell, tmp_path: Path, verb: str, name: str) -> None:
    (tmp_path / "garbage.bin").write_bytes(bytes(range(256)))
    (tmp_path / "list.yaml").write_text("- 1\n")
    ended = await shell.run(verb, name)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(name)


async def test_the_schema_is_printed(shell: Shell, shop: Path) -> None:
    ended = await shell.run("sdl", "shop=sqlite:///shop.sqlite")
    assert (ended.code, ended.err) == (0, "")
    assert "type Product {\n  sku: String!\n  name: String\n  weight: " in ended.out
    assert "  product(sku: String!): Product\n" in ended.out
    assert "type Mutation" not in ended.out


def test_a_reader_that_goes_away_is_no_accident(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # as head does once it has its line
    try:
        done = subprocess.run(
            command("json-schema"),
            cwd=tmp_path,
            env=environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.stderr == b""


async def test_no_token_without_a_secret(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE)
    ended = await shell.run("token", "isthmus.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert "server.jwt.secret" in ended.err


async def test_a_variable_that_is_not_set_is_named(shell: Shell, trading: Path) -> None:
    ended = await shell.run("check", "isthmus.yaml", **NO_SOURCES)
    assert ended.code == 1
    assert 'the environment variable "STOCK_URL" is not set' in ended.err
    assert SECRET not in ended.err
