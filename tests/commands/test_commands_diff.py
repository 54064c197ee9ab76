"""``isthmus diff``: what changed, whom it breaks, and whether CI may go on."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Shell

ROW = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "state": {"type": "string", "enum": ["new", "paid"]},
    },
}
LIST = {"type": "array", "items": {"$ref": "#/components/schemas/Customer"}}
CRM: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/customers": {
            "get": {
                "operationId": "customers",
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": LIST}},
                    }
                },
            }
        }
    },
    "components": {"schemas": {"Customer": ROW}},
}  # fmt: skip
FILE = """\
sources:
  crm: { openapi: descriptions/crm.json, url: "http://127.0.0.1:9" }
access: { default: anonymous }
server: { documents: { manifest: [ops.json] } }
"""
OPERATIONS = {"names": "query Names { customers { name } }", "ids": "query Ids { customers { id } }"}


def _git(folder: Path, *arguments: str) -> None:
    named = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository whose first commit is tagged ``v1``; the file lies in a folder of it."""
    here = tmp_path / "team"
    (here / "descriptions").mkdir(parents=True)
    (here / "isthmus.yaml").write_text(FILE)
    (here / "ops.json").write_text(json.dumps(OPERATIONS))
    _describe(here, CRM)
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "-m", "one")
    _git(tmp_path, "tag", "v1")
    return here


def _describe(folder: Path, document: dict[str, Any]) -> None:
    (folder / "descriptions" / "crm.json").write_text(json.dumps(document))


def _without_name() -> dict[str, Any]:
    changed = copy.deepcopy(CRM)
    row = changed["components"]["schemas"]["Customer"]
    del row["properties"]["name"]
    row["properties"]["state"]["enum"].append("sent")
    row["properties"]["city"] = {"type": "string"}
    return changed


@pytest.fixture
def inside(shell: Shell, folder: Path) -> Shell:
    """A shell in the folder of the file."""
    return Shell(folder)


async def test_a_revision_is_compared_with_the_file_as_it_is(inside: Shell, folder: Path) -> None:
    same = await inside.run("diff", "v1")
    assert (same.code, same.out) == (0, "Nothing changed. 0 of 2 operations break.\n"), same.err
    _describe(folder, _without_name())
    ended = await inside.run("diff", "v1")
    assert ended.code == 2
    lines = ended.out.splitlines()
    assert lines[0].startswith("breaking   Field Customer.name was removed")
    assert lines[1].startswith("dangerous  ")
    assert "SENT" in lines[1].upper()
    assert lines[2].startswith("operation  names (ops.json) is no longer valid: ")
    assert lines[3] == "1 breaking, 1 dangerous, 1 safe. 1 of 2 operations break."
    assert "city" not in ended.out
    assert "city" in (await inside.run("diff", "v1", "--all")).out
    assert (await inside.run("diff", "v1", "--fail-on", "never")).code == 0


async def test_the_exit_code_is_for_what_one_fears(inside: Shell, folder: Path) -> None:
    changed = copy.deepcopy(CRM)
    changed["components"]["schemas"]["Customer"]["properties"]["state"]["enum"].append("sent")
    _describe(folder, changed)
    assert (await inside.run("diff", "v1", "--fail-on", "breaking")).code == 0
    assert (await inside.run("diff", "v1", "--fail-on", "dangerous")).code == 2
    changed["components"]["schemas"]["Customer"]["properties"].pop("state")
    _describe(folder, changed)
    assert (await inside.run("diff", "v1", "--fail-on", "breaking")).code == 2
    assert (await inside.run("diff", "v1", "--fail-on", "operations")).code == 0  # nobody asks for it


async def test_schemas_files_and_locks_are_compared(inside: Shell, folder: Path) -> None:
    (folder / "old.graphql").write_text((await inside.run("sdl", "isthmus.yaml")).out)
    assert (await inside.run("lock")).code == 0
    (folder / "old.lock").write_text((folder / "isthmus.lock").read_text())
    _describe(folder, _without_name())
    ended = await inside.run("diff", "old.graphql", "isthmus.yaml", "--json", "--operations", "ops.json")
    told = json.loads(ended.out)
    assert ended.code == 2
    assert [change["kind"] for change in told["changes"] if change["level"] == "breaking"] == ["FIELD_REMOVED"]
    assert [(each["id"], each["file"]) for each in told["broken"]] == [("names", "ops.json")]
    (folder / "isthmus.yaml").write_text(FILE.rpartition("server:")[0])
    assert (await inside.run("lock")).code == 0
    names = await inside.run("diff", "old.lock", "isthmus.lock")
    assert "its description has changed" in names.out
    refused = await inside.run("diff", "old.lock", "isthmus.yaml")
    assert refused.code == 1
    assert "a lock is compared with a lock" in refused.err


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("v2", 'there is no file "v2", and git knows no revision of that name\n  mend: name a file, a branch'),
        ("--upload-pack=x", "No such option"),
        ("v1:other.yaml", "other.yaml was not there at v1"),
        ("bad.graphql", "bad.graphql\n  is no schema: "),
    ],
)
async def test_what_cannot_be_read_is_said(inside: Shell, folder: Path, named: str, said: str) -> None:
    (folder / "bad.graphql").write_text("type Query {")
    ended = await inside.run("diff", named)
    assert ended.code in {1, 2}
    assert said in ended.err
    assert "Traceback" not in ended.err


async def test_a_folder_outside_git_says_so(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    alone = tmp_path_factory.mktemp("alone")
    (alone / "isthmus.yaml").write_text(FILE)
    ended = await Shell(alone).run("diff", "main")
    assert ended.code == 1
    assert ended.err == (
        'there is no file "main", and no revision either: this folder lies in no git repository\n'
        "  mend: name two files that are there\n"
    )
    ended = await Shell(alone).run("diff", "nope", "nowhere/isthmus.yaml")
    assert ended.err.startswith('there is no file "nope", and no folder "nowhere"\n')


OLD = """
type Query { orders(where: OrderWhere): [Order] people: [Person] peopleAggregate: [PersonAggregate] }
type Order { id: ID size: Int lines: [OrderLine] address: Address buyer: Person }
type OrderLine { id: ID size: Int }
type Address { street: String }
type Person { id: ID name: String }
type PersonAggregate { groupKey: PersonGroupKey }
type PersonGroupKey { name: String }
enum PersonColumn { name }
type Mutation { updatePeople(set: PersonSet): PeopleChange }
input PersonSet { name: String }
type PeopleChange { returning: [Person] }
input OrderWhere { size: Int id: ID }
"""
NEW = """
type Query { orders(where: OrderWhere): [Order] }
type Order { id: ID width: Int lines: [OrderLine] }
type OrderLine { id: ID }
input OrderWhere { id: ID width: Int }
"""


async def test_what_comes_of_one_change_is_told_as_one(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "old.graphql").write_text(OLD)
    (tmp_path / "new.graphql").write_text(NEW)
    ended = await shell.run("diff", "old.graphql", "new.graphql")
    assert (ended.code, ended.out.splitlines()) == (
        2,
        [
            "breaking   Field Order.address was removed. 1 more comes of it (--all lists it).",
            "breaking   Field Order.size was removed. 1 more comes of it (--all lists it).",
            "breaking   Field OrderLine.size was removed.",
            "breaking   Mutation was removed.",
            "breaking   Person was removed. 8 more come of it (--all lists them).",
            "dangerous  Field Order.width was added. 1 more comes of it: 1 dangerous (--all lists it).",
            "15 breaking, 1 dangerous, 1 safe.",
        ],
    )
    every = await shell.run("diff", "old.graphql", "new.graphql", "--all")
    assert (every.code, len(every.out.splitlines())) == (2, 18)
    told = json.loads((await shell.run("diff", "old.graphql", "new.graphql", "--json")).out)["changes"]
    assert len(told) == 17
    assert {each["what"]: each["of"] for each in told}["Field OrderWhere.size was removed."] == "Order.size"
