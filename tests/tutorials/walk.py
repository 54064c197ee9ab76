"""A tutorial is walked as its reader walks it: files are written, systems run, and what it shows is what there is.

The blocks of a page, by the words behind their fence:

- ``yaml isthmus.yaml`` (any name of a file): the file stands in the example's folder, word for word.
- ``graphql`` and the ``json`` below it: a query and its whole answer, or its data where there are no errors.
- ``text calls`` below them: what the systems were asked since the query before.
- ``sh`` and the ``text`` below it: an ``isthmus`` command and all that it prints.
- ``sh stops NAME``: from here on that system is down.
- ``diff isthmus.yaml`` and the ``text`` below it: a mistake in that file, and what ``isthmus check`` says of it;
  ``text diff``: what ``isthmus diff before.yaml`` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shlex
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from examples.systems import System
from gateway.commands import app
from resolvers import Context
from schema import ANONYMOUS, GraphQLRequest
from tests.through.gateway import Gateway, gateway

ROOT = Path(__file__).parents[2]
_FENCED = re.compile(r"^```(\w*)[ ]?([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    about: str
    text: str


class Page:
    """One tutorial and its example."""

    def __init__(self, tutorial: str, example: str) -> None:
        self.text = (ROOT / "docs" / "tutorials" / f"{tutorial}.md").read_text("utf-8")
        self.folder = ROOT / "examples" / example
        self.blocks = [Block(*found) for found in _FENCED.findall(self.text)]
        assert len(self.blocks) * 2 == self.text.count("```")

    def pairs(self, language: str, below: str) -> Iterator[tuple[Block, Block]]:
        """Each block of a language with the one below it."""
        for one, other in zip(self.blocks, [*self.blocks[1:], Block("", "", "")], strict=True):
            if one.language == language:
                assert other.language == below, f"what stands below {one.text}"
                yield one, other

    def parts(self) -> list[tuple[str, list[Block]]]:
        """The blocks, part by part, each with the name of the system that is down there."""
        made: list[tuple[str, list[Block]]] = [("", [])]
        for block in self.blocks:
            if block.language == "sh" and block.about.startswith("stops "):
                made.append((block.about.removeprefix("stops "), []))
            made[-1][1].append(block)
        return made

    def said(self, pattern: str) -> list[Any]:
        """What the prose says; a line's end counts as a blank."""
        prose = " ".join(_FENCED.sub("", self.text).split())
        found: list[Any] = re.findall(pattern, prose)
        assert found, f"the page does not say {pattern}"
        return found

    def copied(self, folder: Path) -> Path:
        """The example's files in a folder of the test's own."""
        for path in self.folder.iterdir():
            if path.is_file():
                shutil.copy(path, folder)
        return folder


def lines(text: str) -> int:
    """Lines of YAML that say something."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in text.splitlines())


def shown_files(page: Page) -> None:
    """Every file that the page shows in whole is the one of the example."""
    shown = [block for block in page.blocks if block.language == "yaml" and block.about]
    assert shown
    for block in shown:
        assert (page.folder / block.about).read_text("utf-8") == block.text, block.about


def changed(text: str, diff: str) -> str:
    """A file with one change, written as ``- old`` and ``+ new`` lines that keep their indentation."""
    old, new = ("".join(f"{line[1:]}\n" for line in diff.splitlines() if line.startswith(sign)) for sign in ("-", "+"))
    assert text.count(old) == 1, f"{text.count(old)} times: {old}"
    return text.replace(old, new)


def told(folder: Path, environment: Mapping[str, str], *command: str) -> str:
    """All that a command prints, asked in a folder."""
    with contextlib.chdir(folder):
        return CliRunner().invoke(app, list(command), env={**os.environ, **environment}).output


def mistakes_are_told(page: Page, folder: Path, environment: Mapping[str, str]) -> int:
    """Makes each mistake of the page in its file; how many there are."""
    page.copied(folder)
    differing = []
    count = 0
    for diff, text in page.pairs("diff", "text"):
        count += 1
        said = told_of(folder, environment, diff, text)
        if said != text.text:
            differing.append(f"{diff.text}\n{said}")
    assert not differing, "\n".join(["", *differing])
    return count


def told_of(folder: Path, environment: Mapping[str, str], diff: Block, text: Block) -> str:
    """What is said of a change: by ``isthmus check``, or below ``text diff`` by ``isthmus diff before.yaml``."""
    file = folder / diff.about
    right = file.read_text("utf-8")
    if text.about == "diff":
        (folder / "changed.yaml").write_text(changed(right, diff.text), "utf-8")
        return told(folder, environment, "diff", "before.yaml", "changed.yaml")
    file.write_text(changed(right, diff.text), "utf-8")
    said = told(folder, environment, "check", diff.about)
    file.write_text(right, "utf-8")
    return said


def commands_are_told(page: Page, folder: Path, environment: Mapping[str, str]) -> int:
    """Runs each ``isthmus`` command of the page that shows what it prints."""
    page.copied(folder)
    count = 0
    for shell, text in zip(page.blocks, page.blocks[1:], strict=False):
        if shell.language != "sh" or not shell.text.startswith("isthmus "):
            continue
        assert text.language == "text"
        _, *command = shlex.split(shell.text)
        assert told(folder, environment, *command) == text.text, told(folder, environment, *command)
        count += 1
    return count


@dataclass
class Walk:
    """The systems run and the gateway answers. ``page``: whose queries are asked."""

    page: Page
    systems: Mapping[str, System]
    gateway: Gateway
    _statements: list[tuple[str, str]] = field(default_factory=list)

    def calls(self) -> list[str]:
        """What the systems were asked since this was asked last; of databases as the gateway's own journal has it."""
        said = [f"{name:<9} {call}" for name, system in self.systems.items() for call in sorted(system.calls)]
        for system in self.systems.values():
            system.calls.clear()
        said += [f"{name:<9} {operation}" for name, operation in self._statements]
        return said or ["nobody"]

    async def ask(self, query: str) -> Any:
        """The answer without what differs each time: data alone where there are no errors.

        It is asked over HTTP, and once more within this process for the gateway's journal; the systems keep the calls
        of the first time.
        """
        body = await self.gateway.ask(query)
        kept = {name: list(system.calls) for name, system in self.systems.items()}
        context = Context(asyncio.get_running_loop().time() + 20, "again")
        await self.gateway.snapshot.graph.execute(GraphQLRequest(query), ANONYMOUS, context, read_only=True)
        self._statements = sorted(
            (call.source, call.operation)
            for call in context.journal.calls
            if self.gateway.snapshot.sources[call.source].model.has_tables and call.code is None
        )
        for name, system in self.systems.items():
            system.calls[:] = kept[name]
        if "errors" not in body:
            return body["data"]
        for error in body["errors"]:
            del error["locations"], error["extensions"]["requestId"]
        return body


@contextlib.asynccontextmanager
async def walking(
    page: Page, folder: Path, systems: Mapping[str, System], exports: Mapping[str, str], file: str = "isthmus.yaml"
) -> AsyncIterator[Walk]:
    """The example's file is served over its systems, which have been started."""
    page.copied(folder)
    try:
        async with gateway(folder, (page.folder / file).read_text("utf-8"), exports) as opened:
            yield Walk(page, systems, opened)
    finally:
        for system in systems.values():
            system.stop()


def started(systems: Mapping[str, System]) -> None:
    for system in systems.values():
        system.start()


async def answers(walk: Walk, blocks: list[Block]) -> int:
    """Asks each query of the blocks; its answer, and the calls where they are shown, stand below it."""
    asked = 0
    rest = [*blocks, Block("", "", ""), Block("", "", "")]
    for at, block in enumerate(blocks):
        if block.language != "graphql":
            continue
        reply, calls = rest[at + 1], rest[at + 2]
        assert reply.language == "json", block.text
        said = await walk.ask(block.text)
        assert said == json.loads(reply.text), json.dumps(said, indent=2, ensure_ascii=False)
        made = walk.calls()
        if (calls.language, calls.about) == ("text", "calls"):
            assert made == calls.text.splitlines(), "\n".join(made)
        asked += 1
    return asked
