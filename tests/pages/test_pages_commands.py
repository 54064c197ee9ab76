"""Every command line that a page shows is one that the command takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache

import pytest
import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from gateway.commands import COMMANDS
from gateway.commands import named as commands
from tests.pages.pages import ROOT, Shown, blocks, spans

OTHERS = {"--level=3", "--requests"}
"""Options of other programs that pages name by themselves."""


@cache
def app() -> TyperGroup:
    made = typer.main.get_command(commands(()))
    assert isinstance(made, TyperGroup)
    return made


def _lines() -> Iterator[Shown]:
    for block in blocks():
        text = re.sub(r"\\\n\s*", " ", block.text)
        for line in text.splitlines():
            found = re.match(r"\s*(?:- run: |\$ )?(?:\.venv/bin/)?(isthmus [a-z].*)", line)
            if (found and block.language != "yaml") or (found and "run: " in line):
                yield Shown(block.page, block.line, found[1])
    for span in spans():
        if re.match(r"isthmus [a-z]", span.text):
            yield span


LINES = list(_lines())


@pytest.mark.parametrize("shown", LINES, ids=str)
def test_a_command_line_is_one_that_the_command_takes(shown: Shown) -> None:
    words = shlex.split(shown.text.replace("[", "").replace("]", ""), comments=True)[1:]
    assert words[0] in app().commands, words[0]
    command = app().commands[words[0]]
    options = {name: each for each in command.params if isinstance(each, TyperOption) for name in each.opts}
    places = 0
    waiting = iter(words[1:])
    for word in waiting:
        name, _, given = word.partition("=")
        if not word.startswith("-"):
            places += word not in {"…", "|"}
            continue
        assert name in options, f"{words[0]} has no option {name}"
        if not options[name].is_flag and not given:
            assert next(waiting, None), f"{name} takes a value"
    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    assert any(each.nargs == -1 for each in arguments) or places <= len(arguments), shown.text


def test_options_that_stand_alone_are_options_of_the_command_beside_them() -> None:
    """In a row of a table, the command that the row is about; elsewhere any."""
    known = {name for each in app().commands.values() for option in each.params for name in option.opts}
    wrong = [
        f"{span}: {span.text}"
        for span in spans()
        if span.text.startswith("--") and span.text.split()[0] not in known | OTHERS
    ]
    assert wrong == []


def test_each_row_of_the_table_of_commands_names_options_of_its_own() -> None:
    rows = re.findall(r"^\| `isthmus ([a-z-]+)[^|]*\|(.*)\|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {name for name, _ in rows} == set(app().commands)
    for name, said in rows:
        own = {option for each in app().commands[name].params for option in each.opts}
        assert set(re.findall(r"`(--?[a-z-]+)", said)) <= own, name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_what_each_option_does(name: str) -> None:
    command = app().commands[name]
    assert command.help
    assert [each.name for each in command.params if not getattr(each, "help", "") and each.name != "help"] == []


def test_every_module_that_is_run_is_there() -> None:
    texts = [*(span.text for span in spans()), *(block.text for block in blocks())]
    modules = {name for text in texts for name in re.findall(r"python -m ((?:tests|benchmarks|examples)[\w.]*)", text)}
    assert modules
    for name in modules:
        path = ROOT.joinpath(*name.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name
