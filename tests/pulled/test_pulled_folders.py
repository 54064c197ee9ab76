"""Which files a description may name, where a pull may write, and what a pull that was killed leaves."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from resolvers.documents import DescriptionError, Documents
from resolvers.soap.documents.gather import gather
from tests.pulled.far import Far, files, make, run
from tests.raw_server import raw_server, reply, says
from tests.serving import serving

OPENAPI = """\
openapi: 3.0.3
info: {{ title: CRM, version: "1" }}
servers: [{{ url: "http://127.0.0.1:9" }}]
paths:
  /rows: {{ get: {{ operationId: rows, responses: {{ "200": {{ description: "", content: {{ application/json: {{ schema:
    {{ type: array, items: {{ $ref: "{named}" }} }} }} }} }} }} }} }}
"""
ROW = "type: object\nproperties: { hidden: { type: string } }\n"
FILE = """\
sources: {{ crm: {{ openapi: {named}, references: {references} }} }}
access: {{ default: anonymous }}
"""


@pytest.mark.parametrize(
    ("openapi", "named", "follows"),
    [
        ("../vendor/api.yaml", "../secret/row.yaml", False),
        ("../vendor/api.yaml", "link.yaml", False),
        ("../vendor/api.yaml", "below/row.yaml", True),
        ("api/api.yaml", "../row.yaml", True),
    ],
)
async def test_a_description_names_files_of_its_own_folder_and_of_that_of_the_file(
    tmp_path: Path,
    openapi: str,
    named: str,
    follows: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    here = tmp_path / "here"
    for row in ("secret/row.yaml", "vendor/below/row.yaml", "here/row.yaml", "here/api/none"):
        (tmp_path / row).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / row).write_text(ROW)
    (tmp_path / "vendor/link.yaml").symlink_to(tmp_path / "secret/row.yaml")
    (here / openapi).write_text(OPENAPI.format(named=named))
    file = here / "isthmus.yaml"
    file.write_text(FILE.format(named=openapi, references="files"))
    assert ("hidden" in (await run("sdl", file)).out) is follows
    told = (await run("check", file)).out
    assert ("references: anywhere allows it" in told) is not follows, told
    file.write_text(FILE.format(named=openapi, references="anywhere"))
    assert "hidden" in (await run("sdl", file)).out


@pytest.mark.parametrize("named", ["file:///etc/hostname", "/etc/hostname", "../../../../etc/hostname"])
async def test_a_wsdl_on_disk_imports_nothing_from_elsewhere(tmp_path: Path, named: str) -> None:
    wsdl = f'<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/"><w:import location="{named}"/></w:definitions>'
    (tmp_path / "s.wsdl").write_text(wsdl)
    with pytest.raises(DescriptionError, match="references: anywhere allows it"):
        await gather(Documents(tmp_path), "s.wsdl")


@pytest.mark.parametrize("named", ["file:///etc/hostname", "//[::1/etc/hostname", "//[/../etc/hostname"])
async def test_a_fetched_wsdl_makes_no_file_be_looked_at(tmp_path: Path, named: str) -> None:
    wsdl = f'<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/"><w:import location="{named}"/></w:definitions>'
    async with raw_server(says(reply(wsdl.encode()))) as server:
        documents = Documents(tmp_path, anywhere=True)
        await gather(documents, f"{server.url}/s.wsdl")
    assert documents.files == frozenset()


async def test_a_pull_writes_through_no_link_that_leads_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "here").mkdir()
    async with serving(Far().app()) as base:
        file = make(tmp_path / "here", base)
        (file.parent / "descriptions").mkdir()
        (file.parent / "descriptions" / "crm").symlink_to(tmp_path / "out")
        ended = await run("pull", file)
    assert ended.code == 1
    assert "crm: its description cannot be written: a link leads out of the folder of the file\n" in ended.err
    assert list((tmp_path / "out").iterdir()) == []


async def test_what_a_killed_pull_left_is_removed_and_told(tmp_path: Path) -> None:
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    async with serving(Far().app()) as base:
        file = make(tmp_path, base)
        assert (await run("pull", file)).code == 0
        whole = files(file)
        folder = file.parent / "descriptions" / "crm"
        left, young = folder / f"openapi.json.{gone.pid}", folder / f"customer.json.{gone.pid}"
        living = folder / f"openapi.json.{os.getpid()}"
        for path in (left, young, living):
            path.write_text("{")
        for path in (left, living):
            os.utime(path, (1, 1))
        ended = await run("pull", file)
    assert (
        f"crm: descriptions/crm/openapi.json.{gone.pid} was left by a pull that was ended, and is removed" in ended.out
    )
    assert not left.exists()
    assert young.exists(), "somebody elsewhere may be writing it"
    for path in (young, living):
        path.unlink(missing_ok=True)
    assert files(file) == whole
