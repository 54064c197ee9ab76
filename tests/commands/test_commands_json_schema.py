"""What ``isthmus json-schema`` prints is what editors take it for: a schema that knows good files from bad ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.demo import trading_folder
from resolvers import load
from tests.commands.conftest import FAR, Shell, command, environment


def trading() -> Any:
    return load((trading_folder() / "isthmus.yaml").read_bytes())


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Draft202012Validator:
    folder = tmp_path_factory.mktemp("empty")
    ended = subprocess.run(
        command("json-schema"), cwd=folder, env=environment(), capture_output=True, check=False, timeout=FAR
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    schema = json.loads(ended.stdout)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


async def test_the_example_is_accepted_as_it_is_written(validator: Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(trading())] == []


async def test_a_reference_may_stand_for_a_number_and_a_word_that_is_neither_is_refused(
    validator: Draft202012Validator,
) -> None:
    file = trading()
    file["sources"]["crm"]["timeout_s"] = "${env:CRM_TIMEOUT:-3}"
    file["access"]["default"] = "${env:ACCESS}"
    assert validator.is_valid(file)
    file["sources"]["crm"]["timeout_s"] = "soon"
    assert not validator.is_valid(file)
    file["sources"]["crm"]["timeout_s"] = 3
    file["access"]["default"] = "everyone"
    assert not validator.is_valid(file)


def _top(file: Any) -> None:
    file["sever"] = {}


def _source(file: Any) -> None:
    file["sources"]["crm"]["timout_s"] = 3


def _operation(file: Any) -> None:
    file["sources"]["crm"]["operations"]["orders"]["att"] = "data"


def _link(file: Any) -> None:
    file["links"]["Order.customer"]["matsch"] = {}


def _rule(file: Any) -> None:
    file["access"]["rules"]["Customer.email"]["scope"] = []


def _token(file: Any) -> None:
    file["server"]["jwt"]["isuer"] = ""


@pytest.mark.parametrize("spoil", [_top, _source, _operation, _link, _rule, _token])
async def test_a_file_with_an_unknown_key_is_refused(
    validator: Draft202012Validator, spoil: Callable[[Any], None]
) -> None:
    file = trading()
    spoil(file)
    assert not validator.is_valid(file)


async def test_what_an_environment_says_may_be_a_part_of_anything_or_null_and_nothing_unknown(shell: Shell) -> None:
    ended = await shell.run("json-schema", "--overlay", "-o", "overlay.json")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    schema = json.loads((shell.folder / "overlay.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    overlay = Draft202012Validator(schema)
    assert overlay.is_valid({"sources": {"crm": {"timeout_s": None, "url": "https://crm.test"}, "billing": None}})
    assert overlay.is_valid({"access": {"rules": {"Debug": None}}, "server": {"rate_limits": {"rules": {"all": None}}}})
    assert overlay.is_valid(trading())
    assert not overlay.is_valid({"sources": {"crm": {"timout_s": None}}})
    assert not overlay.is_valid({"sources": {"crm": {"timeout_s": "soon"}}})
    ended = await shell.run("json-schema", "--overlay", "--part")
    assert (ended.code, ended.err) == (1, "a file is a part, or laid over others: say --part or --overlay\n")
