"""What commands share: arguments become a configuration, a configuration a snapshot, problems an exit code."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from gateway.app import edge_problems
from gateway.file.config import Configuration, UnreadableFile, WrongFile, from_sources, is_configuration, read
from gateway.file.overlay import VARIABLE
from gateway.file.problems import mended
from gateway.lock import FILE, FOLDER
from gateway.snapshot import Snapshot, State, load
from gateway.tls import Tls
from resolvers import KINDS, ConfigurationError, DescriptionError, Problem, kind_of

DEFAULT = "isthmus.yaml"
"""The configuration file where none is named."""
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)  # "${env:KEY:-…}" holds no emoji


def fail(text: str) -> NoReturn:
    """Prints what is wrong and ends with exit code 1."""
    errors.print(text, markup=False)
    raise typer.Exit(1)


Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="NAME",
        help=f"The environment: FILE.NAME.yaml is laid over FILE.yaml; {VARIABLE} when absent.",
    ),
]
"""The environment that a file is for; ``None``: as the process's own environment says."""


def environment(env: str | None) -> str:
    """The name of the environment that was chosen, by an option or else by a variable; empty: none."""
    return os.environ.get(VARIABLE, "") if env is None else env


def configuration(arguments: Sequence[str], env: str | None = None, *, further: bool = False) -> Configuration:
    """One file as it is in an environment, or sources as ``name=location`` and ``name=kind:location``.

    ``further``: where some of the file is wrong, the rest is looked at too, with what it names, and all is told.
    """
    try:
        if len(arguments) == 1 and "=" not in arguments[0]:
            return read(Path(arguments[0]), env=environment(env))
        if env:
            fail("an environment is of a file, and none is named\n  mend: leave --env out, or name a file")
        return asyncio.run(_from_arguments(arguments))
    except UnreadableFile as error:
        rest = error.rest if isinstance(error, WrongFile) and further else None
        if rest is not None:
            asyncio.run(state(rest, load))
        fail("\n\n".join([error.text, *([_UNSEEN] if further and isinstance(error, WrongFile) else [])]))
    except DescriptionError as error:
        fail(sentence(error.problem))


_UNSEEN = "Descriptions, links and access were not looked at until that is mended."


def as_subgraph(chosen: Configuration) -> Configuration:
    """The same, served to a router of a federation too."""
    server = chosen.settings.server.model_copy(update={"subgraph": True})
    return replace(chosen, settings=chosen.settings.model_copy(update={"server": server}))


def closed(chosen: Configuration) -> str:
    """What is to be told where nobody can ask for anything, for no token can be valid; otherwise empty."""
    default = chosen.settings.access.default
    if default == "anonymous" or chosen.settings.server.identifies:
        return ""
    what = f"nobody can ask for anything: access.default is {default}, and without server.jwt everyone is anonymous"
    return sentence(Problem(what, mend="add server.jwt, or write access: { default: anonymous }"))


def apart(chosen: Configuration) -> Iterator[str]:
    """What several processes do each for itself, where one might think that they do it together."""
    server = chosen.settings.server
    number = 1 if server.workers is None else server.workers.number
    if number == 1:
        return
    if server.rate_limits is not None and server.rate_limits.store == "memory":
        what = f"server.rate_limits is counted by each of {number} workers, so callers get up to {number} times as much"
        yield sentence(Problem(what, mend="write store: redis, with server.redis"))
    kept = bool(chosen.settings.cache) or any(each.cache is not None for _, each in chosen.sources.values())
    if kept and server.cache.store == "memory":
        what = f"each of {number} workers keeps answers for itself, and what one writes the others do not forget"
        yield sentence(Problem(what, mend="write server: { cache: { store: redis } }, with server.redis"))


def unpinned(chosen: Configuration) -> Iterator[str]:
    """Which sources every process reads anew, where one might think that what was pulled of them is read."""
    pinned = chosen.lock.descriptions if chosen.lock is not None else {}
    others = [name for name in chosen.sources if name not in pinned]
    left = [name for name in others if _lies_there(chosen, name)]
    if left:
        what = f"{FOLDER}/ has what was pulled of {', '.join(left)}, and {FILE} does not name it: it is not read"
        yield sentence(Problem(what, mend=f"restore {FILE}, or run isthmus pull {' '.join(left)}"))
    elif pinned and others:
        what = f"not pinned, as the others are: {', '.join(others)}"
        yield sentence(Problem(what, mend=f"run isthmus pull {' '.join(others)}"))


def _lies_there(chosen: Configuration, name: str) -> bool:
    """Whether something was pulled of a source, and not laid there by hand as what the file names."""
    kind, settings = chosen.sources[name]
    location = getattr(settings, kind)
    own = isinstance(location, str) and location.removeprefix("./").startswith(f"{FOLDER}/")
    return bool(chosen.file) and not own and (chosen.base / FOLDER / name).is_dir()


def one_source(location: str, name: str = "source") -> Configuration:
    """One description or database alone, under ``name``, written as ``location`` or ``kind:location``."""
    try:
        return asyncio.run(_from_arguments([f"{name}={location}"]))
    except UnreadableFile as error:
        fail(error.text)
    except DescriptionError as error:
        if is_configuration(Path(location)):
            what = f"{location} is a configuration file, and inspect takes one description or database"
            fail(sentence(Problem(what, mend=f"use isthmus check {location}")))
        problem = error.problem
        if problem.mend.startswith("say the kind"):
            problem = replace(problem, mend=f"say the kind: openapi:{location} or wsdl:{location}")
        fail(sentence(problem))


def sentence(problem: Problem) -> str:
    """What is wrong and how to mend it, without the place."""
    return "\n".join((problem.what, *mended(problem.mend)))


def describe(chosen: Configuration, problems: Iterable[Problem], unseen: str = "") -> str:
    """The problems as text, in the order of the file; last what was not looked at."""
    return chosen.describe((advised(chosen, problem) for problem in problems), unseen)


def advised(chosen: Configuration, problem: Problem) -> Problem:
    """The problem; where there is no file and an address must be set, its mend shows the file to be written."""
    if chosen.file:
        return problem
    match problem.where:
        case ("sources", str(name), "url") if name in chosen.sources:
            kind, settings = chosen.sources[name]
            written = json.dumps(str(getattr(settings, kind)))
            mend = (
                "write a file isthmus.yaml, and name it instead:\n"
                "    sources:\n"
                f'      {name}: {{ {kind}: {written}, url: "https://host/path" }}\n'
                "    access: { default: anonymous }"
            )
            return replace(problem, mend=mend)
        case ("sources", str(name)) if "writes: true" in problem.mend:
            mend = "isthmus sdl --writes shows what would be there; to serve it, name it in a file with writes: true"
            return replace(problem, mend=mend)
    return problem


async def _from_arguments(arguments: Sequence[str]) -> Configuration:
    base = Path.cwd()
    sources: dict[str, tuple[str, str]] = {}
    for argument in arguments:
        name, separator, location = argument.partition("=")
        if not separator or not name or not location:
            raise UnreadableFile(f'"{argument}" is neither a file nor name=location')
        if await asyncio.to_thread(is_sqlite, base / location):
            location = f"sqlite:///{location}"
        kind, colon, rest = location.partition(":")
        if colon and kind in KINDS:
            sources[name] = (kind, rest)
        else:
            sources[name] = (await kind_of(location, base), location)
    return from_sources(sources, base)


def is_sqlite(path: Path) -> bool:
    """Whether a SQLite database lies there; only its first bytes are read, however large it is."""
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\x00"
    except (OSError, ValueError):
        return False


async def snapshot(chosen: Configuration, *, quiet: bool = False) -> Snapshot:
    """The snapshot of a configuration; problems end the command."""
    made = await state(chosen, load, quiet=quiet)
    assert isinstance(made, Snapshot)
    return made


async def state(
    chosen: Configuration, loading: Callable[[Configuration], Awaitable[State]], *, quiet: bool = False
) -> State:
    """As ``snapshot``; there need be nothing to serve yet, where ``loading`` says so."""
    status = errors.status("Reading the descriptions …") if errors.is_terminal and not quiet else None
    try:
        if status is not None:
            status.start()
        return await _checked(chosen, loading)
    except ConfigurationError as error:
        if status is not None:
            status.stop()
        fail(describe(chosen, [*error.problems, *error.besides], error.unseen))
    finally:
        if status is not None:
            status.stop()


async def _checked(chosen: Configuration, loading: Callable[[Configuration], Awaitable[State]]) -> State:
    """The snapshot, once nothing is wrong with the files of the edge either; all problems are told at once."""
    unusable = _edge_problems(chosen)
    try:
        current = await loading(chosen)
    except ConfigurationError as error:
        raise ConfigurationError([*error.problems, *unusable], error.besides, error.unseen) from error
    if unusable:
        await current.close()
        raise ConfigurationError(unusable)
    return current


def _edge_problems(chosen: Configuration) -> list[Problem]:
    """What keeps keys, lists and certificates of the edge from being used; the server opens them again at its start."""
    server = chosen.settings.server
    problems = edge_problems(server)
    try:
        if server.tls is not None:
            Tls(server.tls)
    except ConfigurationError as error:
        problems += error.problems
    return problems
