"""``isthmus pull``: descriptions lie beside the file, are reviewed, and are all that is read of them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.commands import pull
from gateway.file.config import Configuration
from gateway.lock import read_lock, save
from gateway.pulled import Fetched, fetch
from resolvers import Pin
from tests.pulled.far import TOKEN, Far, crm, files, lines, make, run, sdl
from tests.serving import serving


@dataclass
class Home:
    far: Far
    file: Path

    @property
    def folder(self) -> Path:
        return self.file.parent


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    far = Far()
    async with serving(far.app()) as base:
        yield Home(far, make(tmp_path, base))


async def test_everything_is_pulled_can_be_reviewed_and_tells_nothing_of_here(home: Home) -> None:
    before = await sdl(home.file)
    ended = await run("pull", home.file)
    assert ended.code == 0, ended.err
    assert "crm: descriptions/crm/openapi.json is new" in ended.out
    laid = files(home.file)
    assert set(laid) == {
        "crm/openapi.json", "crm/schemas/customer.json", "billing/service.wsdl", "billing/Billing_xsd_types-c687e6.xml",
        "stock/catalogue.json", "stock/statements.json", "rows/tables.json",
    }  # fmt: skip
    text = "".join(laid.values()) + (home.folder / "isthmus.lock").read_text()
    for secret in (TOKEN, "a-row-of-mine", "4711", str(home.folder), home.file.read_text().split('"')[1]):
        assert secret not in text
    assert all(len(line) < 200 for content in laid.values() for line in content.splitlines())
    assert json.loads(laid["crm/openapi.json"]) == home.far.files["/crm/openapi.json"]
    assert '{ "name": "sku", "type": { "name": "TEXT" }, "nullable": true }' in laid["stock/catalogue.json"]
    assert lines(home.file)[0] == ["isthmus.lock", 2]
    assert await sdl(home.file) == before


async def test_afterwards_nobody_is_asked_and_every_system_may_be_away(home: Home) -> None:
    before = await sdl(home.file)
    assert (await run("pull", home.file)).code == 0
    heard = len(home.far.heard)
    home.far.files = crm("another")
    shutil.rmtree(home.folder / "rows")
    connection = sqlite3.connect(home.folder / "stock.db")
    connection.execute("DROP TABLE products")
    connection.commit()
    connection.close()
    shutil.rmtree(home.folder / ".isthmus", ignore_errors=True)
    assert await sdl(home.file) == before
    ended = await run("check", home.file)
    assert (ended.code, "The file is sound." in ended.out) == (0, True), ended.err
    assert len(home.far.heard) == heard


async def test_what_was_edited_or_is_missing_is_told_with_its_mend(home: Home) -> None:
    assert (await run("pull", home.file)).code == 0
    edited, gone = home.folder / "descriptions/crm/schemas/customer.json", home.folder / "descriptions/rows/tables.json"
    edited.write_text(edited.read_text().replace('"name"', '"called"'))
    kept = gone.read_text()
    gone.unlink()
    ended = await run("check", home.file)
    assert ended.code == 1
    assert (
        "isthmus.yaml:2  sources.crm\n  the description descriptions/crm/schemas/customer.json is not what" in ended.err
    )
    assert "isthmus lock to keep it, or isthmus pull crm" in ended.err
    assert "descriptions/rows/tables.json cannot be read: No such file" in ended.err
    gone.write_text(kept)
    assert (await run("lock", home.file)).code == 0
    heard = len(home.far.heard)
    assert "called: String" in await sdl(home.file)
    assert len(home.far.heard) == heard
    # Names are locked now, and stay beside the hashes.
    assert ["crm", "root", "GET /customers", "customers"] in lines(home.file)
    assert (await run("check", home.file, "--locked")).code == 0
    # What the source says comes back with it.
    assert "crm: descriptions/crm/schemas/customer.json has changed" in (await run("pull", home.file, "crm")).out
    assert "called: String" not in await sdl(home.file)


async def test_a_source_that_fails_keeps_what_it_had_and_no_other_away(home: Home) -> None:
    assert (await run("pull", home.file)).code == 0
    before, locked = files(home.file), lines(home.file)
    fresh = crm("id", "name", "email")
    fresh["/crm/openapi.json"]["paths"]["/customers"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]["items"] = {"$ref": "client.json"}
    fresh["/crm/client.json"] = fresh.pop("/crm/schemas/customer.json")
    home.far.files = fresh  # and the WSDL is answered 503
    ended = await run("pull", home.file)
    assert ended.code == 1
    assert "isthmus.yaml:3  sources.billing\n" in ended.err
    assert "not pulled: billing; what was pulled of it before stays" in ended.err
    after = files(home.file)
    assert {name for name in after if name.startswith("crm")} == {"crm/openapi.json", "crm/client.json"}
    assert not (home.folder / "descriptions/crm/schemas").exists()
    assert {k: v for k, v in after.items() if "billing" in k} == {k: v for k, v in before.items() if "billing" in k}
    assert [line for line in lines(home.file) if line[0] == "billing"] == [x for x in locked if x[0] == "billing"]
    assert "email: String" in await sdl(home.file)
    assert "nothing changed" in (await run("pull", home.file, "stock")).out
    ended = await run("pull", home.file, "stokc")
    assert 'has no source "stokc"\n  mend: did you mean "stock"?\n' in ended.err


async def test_what_is_left_out_is_told_with_its_line_in_the_copy(home: Home) -> None:
    home.far.files["/crm/openapi.json"]["paths"]["/watch"] = {"trace": {"responses": {}}}
    home.far.files["/crm/openapi.json"]["paths"]["/made"] = {"post": {"operationId": "make", "responses": {}}}
    assert (await run("pull", home.file, "crm")).code == 0
    copy = (home.folder / "descriptions/crm/openapi.json").read_text().splitlines()
    line = next(number for number, text in enumerate(copy, 1) if '"trace"' in text)
    told = (await run("check", home.file)).out
    assert f"(descriptions/crm/openapi.json:{line} #/paths/~1watch/trace)" in told
    assert "make: writes are off (descriptions/crm/openapi.json #/paths/~1made/post)" in told


async def test_a_source_that_left_the_file_takes_its_description_along(home: Home) -> None:
    assert (await run("pull", home.file)).code == 0
    text = "".join(line for line in home.file.read_text().splitlines(keepends=True) if "billing" not in line)
    home.file.write_text(text)
    assert "billing: the source is gone, and its description too" in (await run("pull", home.file)).out
    assert not (home.folder / "descriptions/billing").exists()
    assert all(line[0] != "billing" for line in lines(home.file))


async def test_what_is_stated_otherwise_since_is_told(home: Home) -> None:
    assert (await run("pull", home.file)).code == 0
    home.file.write_text(home.file.read_text().replace("price <", "price >"))
    ended = await run("check", home.file)
    assert "statements are new or others since it was pulled: cheap\n  mend: run isthmus pull stock" in ended.err
    home.file.write_text(
        home.file.read_text()
        .replace("price >", "price <")
        .replace("files: rows", "files: rows, tables: { pays: { types: { amount: String } } }")
    )
    ended = await run("check", home.file)
    assert "something else is stated since it was pulled: of pays\n  mend: run isthmus pull rows" in ended.err


async def test_a_document_beside_the_file_is_pinned_where_it_lies(tmp_path: Path) -> None:
    documents = crm("id")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "crm.json").write_text(json.dumps(documents["/crm/openapi.json"]))
    (tmp_path / "schemas/customer.json").write_text(json.dumps(documents["/crm/schemas/customer.json"]))
    file = tmp_path / "isthmus.yaml"
    file.write_text(
        'sources: { crm: { openapi: crm.json, url: "http://127.0.0.1:9" } }\naccess: { default: anonymous }\n'
    )
    assert (await run("pull", file)).code == 0
    assert not (tmp_path / "descriptions").exists()
    assert [line[:4] for line in lines(file)[1:]] == [
        ["crm", "description", "./crm.json", ""],
        ["crm", "description", "./schemas/customer.json", ""],
    ]
    (tmp_path / "schemas/customer.json").write_text('{"type": "object", "properties": {"other": {"type": "string"}}}')
    ended = await run("check", file)
    assert "schemas/customer.json is not what isthmus.lock was written for" in ended.err
    assert ended.err.count("mend: look at what changed, and run isthmus lock to keep it\n") == 1
    assert (await run("lock", file)).code == 0
    assert "other: String" in await sdl(file)


async def test_what_could_not_be_pulled_of_a_folder_stays_told(home: Home) -> None:
    (home.folder / "rows" / "mixed.csv").write_bytes(b"1,2\n3,4\n")
    assert (await run("pull", home.file, "rows")).code == 0
    assert '"left_out": ["mixed"]' in files(home.file)["rows/tables.json"]
    shutil.rmtree(home.folder / "rows")
    ended = await run("check", home.file)
    assert "left out: mixed: it could not be served when it was pulled" in ended.out


async def test_a_lock_leads_to_no_file_outside_of_its_folder(home: Home) -> None:
    assert (await run("pull", home.file)).code == 0
    lock = home.folder / "isthmus.lock"
    sound = lock.read_text()
    for other in ("descriptions/../secret", "/etc/passwd", "elsewhere/crm.json", "descriptions"):
        lock.write_text(sound.replace("descriptions/crm/openapi.json", other))
        ended = await run("check", home.file)
        assert (ended.code, "this is no line of a lock" in ended.err) == (1, True)


async def test_who_is_not_pinned_is_told_where_one_might_think_so(home: Home) -> None:
    assert (await run("pull", home.file, "crm", "stock")).code == 0
    ended = await run("check", home.file)
    assert "warning: not pinned, as the others are: billing, rows\n  mend: run isthmus pull billing rows" in ended.out
    (home.folder / "isthmus.lock").unlink()
    ended = await run("check", home.file)
    assert "descriptions/ has what was pulled of crm, stock, and isthmus.lock does not name it" in ended.out


async def test_two_pulls_at_once_both_count(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await run("pull", home.file, "stock")).code == 0

    async def meanwhile(configuration: Configuration, names: Collection[str]) -> Fetched:
        found = await fetch(configuration, names)
        lock = read_lock(home.folder)
        assert lock is not None
        billing = {"": Pin("descriptions/billing/service.wsdl", "sha256:0")}
        save(replace(lock, descriptions={**lock.descriptions, "billing": billing}), home.folder)
        return found

    monkeypatch.setattr(pull, "fetch", meanwhile)
    assert (await run("pull", home.file, "crm")).code == 0
    assert {str(line[0]) for line in lines(home.file)[1:]} == {"crm", "billing", "stock"}


async def test_a_lock_that_git_did_not_merge_is_told_as_that(home: Home) -> None:
    marks = ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> other"]
    (home.folder / "isthmus.lock").write_text("\n".join(['["isthmus.lock", 2]', *marks]))
    ended = await run("pull", home.file)
    assert ended.code == 1
    assert ended.err.count("two versions of the lock were not merged") == len(marks)
    assert "run isthmus pull where descriptions were pulled" in ended.err.replace("\n", " ")
