"""``isthmus test``: scenes are played without the systems, and what is not as expected is shown."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.callers import caller
from gateway.commands.opening import Env, environment, fail
from gateway.file.config import Configuration, UnreadableFile, read
from gateway.scenes.differences import Difference
from gateway.scenes.junit import junit
from gateway.scenes.rehearsal import Outcome, placeholder, play
from gateway.scenes.scene import CALLS, REPLY, Scene, UnreadableScene, find, name_of
from gateway.scenes.scene import read as read_scene
from gateway.telemetry import configure
from resolvers import YamlError, load
from schema import Principal

FILE = "isthmus.yaml"
ENVIRONMENT = "environment.yaml"


def test(
    folder: Annotated[Path, typer.Argument(help="The folder of scenes, or of one scene.")] = Path("scenes"),
    *,
    env: Env = None,
    file: Annotated[Path | None, typer.Option("--file", help="The configuration file.")] = None,
    wanted: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only scenes whose name holds this.")] = "",
    update: Annotated[bool, typer.Option("--update", help="Write what there is as what is expected.")] = False,
    report: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML to this file.")] = None,
) -> None:
    """Play scenes without the systems, and compare replies and calls."""
    if not folder.is_dir():
        fail(f'there is no folder "{folder}"\n  mend: name the folder of scenes; isthmus record makes one')
    paths = list(find(folder, wanted))
    if not paths:
        fail(f'no scene in "{folder}"' + (f' has "{wanted}" in its name' if wanted else ""))
    configure("error")  # what fails in a scene is told by the scene
    chosen = rehearsal_configuration(file or near(folder), folder, env)
    began = time.perf_counter()
    outcomes = []
    for path in paths:
        outcome = _played(chosen, path, folder, update=update)
        if any(each.place in _expected(path) for each in outcome.differences):
            outcome = replace(outcome, mend=f"if this is right: {_again(path, file, env)} --update")
        outcomes.append(outcome)
        if not outcome.passed:
            typer.echo(f"FAILED {outcome.name}")
            for line in outcome.lines():
                typer.echo(f"  {line}")
    seconds = time.perf_counter() - began
    if report is not None:
        report.write_bytes(junit(outcomes, seconds))
    failed = sum(not each.passed for each in outcomes)
    typer.echo(f"{len(outcomes) - failed} passed, {failed} failed in {seconds:.1f} s")
    if failed:
        raise typer.Exit(1)


def near(folder: Path) -> Path:
    """The configuration file that scenes belong to: in their folder, above it, or here."""
    places = [each / FILE for each in (folder, *folder.resolve().parents, Path())]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        fail(f"there is no {FILE} beside the scenes\n  mend: say --file with the configuration file")
    return found


def rehearsal_configuration(file: Path, folder: Path, env: str | None = None) -> Configuration:
    """The configuration for playing: what the environment does not say is said by ``environment.yaml`` beside the
    scenes, or made up where it does not matter.
    """
    try:
        return read(file, {**os.environ, **_environment(folder)}, environment(env), absent=placeholder)
    except UnreadableFile as error:
        more = ""
        if "environment variable" in error.text:
            more = f"\n  or write it into {folder / ENVIRONMENT}: an address of the right kind will do, nobody is asked"
        fail(error.text + more)


def _environment(folder: Path) -> Mapping[str, str]:
    places = [folder, *folder.resolve().parents]
    last = next((number for number, each in enumerate(places) if (each / FILE).is_file()), 1)
    path = next((each / ENVIRONMENT for each in places[: last + 1] if (each / ENVIRONMENT).is_file()), None)
    if path is None:
        return {}
    try:
        found = load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, YamlError) as error:
        fail(f"{path}\n  cannot be read: {error}")
    if not isinstance(found, dict):
        fail(f"{path}\n  a mapping is needed, as NAME: value")
    return {str(name): str(value) for name, value in found.items()}


def _played(chosen: Configuration, path: Path, folder: Path, *, update: bool) -> Outcome:
    try:
        scene = read_scene(path, folder)
    except UnreadableScene as error:
        return Outcome(name_of(path, folder), [Difference(str(path), error.text, whole=True)], 0.0)
    outcome = asyncio.run(play(chosen, scene, lambda each: who(chosen, each)))
    if not update or outcome.reply is None:
        return outcome
    scene.expect(outcome.reply, outcome.calls)
    left: Sequence[Difference] = [each for each in outcome.differences if each.place not in _expected(path)]
    return replace(outcome, differences=left)


def _expected(scene: Path) -> Collection[str]:
    """The files of a scene that say what is expected, and that --update writes."""
    return {str(scene / name) for name in (REPLY, CALLS)}


def _again(scene: Path, file: Path | None, env: str | None) -> str:
    """The command that plays this scene alone."""
    more = [*(("--file", str(file)) if file is not None else ()), *(("--env", env) if env is not None else ())]
    return shlex.join(["isthmus", "test", str(scene), *more])


def who(chosen: Configuration, scene: Scene) -> Principal:
    """Who asks in a scene."""
    said = scene.settings.caller
    return caller(chosen, said if isinstance(said, str) else json.dumps(said))
