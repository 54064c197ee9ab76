"""What the address of a description proves is told nowhere: not by commands, not in a log, not in a file they write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.commands.first_file import FirstFile, Found
from gateway.file.config import read
from resolvers import Problem, SourceModel
from tests.teams.test_teams_commands import run

ADDRESS = "http://bob:hunter2@127.0.0.1:9/openapi.json?api_key=hunter2&part=7"
FILE = f"""
sources:
  crm: {{ openapi: "{ADDRESS}", url: "http://127.0.0.1:9/" }}
  there: {{ openapi: there.json, url: "http://127.0.0.1:9/" }}
access: {{ default: anonymous }}
"""
THERE = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": ""}}}}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "isthmus.yaml").write_text(FILE)
    (tmp_path / "there.json").write_text(json.dumps(THERE))
    return tmp_path


@pytest.mark.parametrize("asked", ["config", "pull", "check", "doctor"])
def test_no_command_tells_a_password_in_an_address(folder: Path, asked: str) -> None:
    ended = run(folder, asked, "isthmus.yaml")
    assert "hunter2" not in ended.output
    assert "127.0.0.1:9/openapi.json?api_key=***&part=7" in ended.output.replace("\n", "")


def test_doctor_says_that_it_stands_there(folder: Path) -> None:
    told = json.loads(run(folder, "doctor", "isthmus.yaml", "--json").stdout)
    assert [each["about"] for each in told["findings"] if each["topic"] == "plain-secret"] == ["sources.crm.openapi"]


def test_a_first_file_holds_variables_in_its_place(tmp_path: Path) -> None:
    found = Found("crm", "openapi", ADDRESS, SourceModel("crm", "openapi", {}), tmp_path)
    made = FirstFile([found], [], {}, tmp_path)
    text = made.text()
    assert "hunter2" not in text
    assert '"http://bob:${env:CRM_PASSWORD}@127.0.0.1:9/openapi.json?api_key=${env:CRM_API_KEY}&part=7"' in text
    (tmp_path / "isthmus.yaml").write_text(text)
    settings = read(tmp_path / "isthmus.yaml", dict.fromkeys(made.variables, "hunter2")).sources["crm"][1]
    assert getattr(settings, "openapi", "") == ADDRESS


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("https://token@host/a answered 500", "https://***@host/a answered 500"),
        ("https://u:p@ss@host/a?b=1", "https://***@host/a?b=1"),
        ("https://host/a?sv=1&sig=x%2By&X-Amz-Signature=f0", "https://host/a?sv=1&sig=***&X-Amz-Signature=***"),
        ("https://host/a, mail ann@example.com", "https://host/a, mail ann@example.com"),
    ],
)
def test_a_problem_tells_an_address_without_what_it_proves(said: str, told: str) -> None:
    problem = Problem(said, document=said).under("sources")
    assert (problem.what, problem.document) == (told, told)
