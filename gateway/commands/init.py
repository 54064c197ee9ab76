"""``isthmus init``: a first configuration file over descriptions and databases, with comments on how to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from gateway.commands.first_file import FirstFile, Found
from gateway.commands.json_schema import FILE as SCHEMA
from gateway.commands.json_schema import written
from gateway.commands.links import offered
from gateway.commands.opening import configuration, describe, errors, fail, is_sqlite
from gateway.commands.sampling import sampled
from gateway.file.config import Configuration
from gateway.file.parts import MAX_FILE_BYTES, described
from gateway.snapshot import Snapshot, load
from resolvers import KINDS, WRITES_ARE_OFF, ConfigurationError, Problem, SourceSettings, Yaml, YamlError, served

NOWHERE = "https://source.invalid"
"""Stands for an address that no description names, while the file is made; nothing is sent there."""
_ENDINGS = frozenset({".json", ".yaml", ".yml", ".wsdl", ".xml", ".db", ".sqlite", ".sqlite3"})


def init(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=LOCATION…", help="Descriptions and databases; those in this folder when absent."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")] = Path("isthmus.yaml"),
    sample: Annotated[
        bool, typer.Option("--sample", help="Ask the systems for some rows, to tell which links find something.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a first configuration file, with suggested links and comments on how to go on."""
    if out.exists() and not force:
        fail(f"{out} is there already\n  mend: name another file with -o, or say --force to write over it")
    if not out.parent.is_dir():
        fail(f"there is no folder {out.parent}")
    named = [_named(each) for each in (what or _here())]
    names = [name for name, _ in named]
    for name in names:
        if names.count(name) > 1:
            fail(f'two sources are called "{name}"\n  mend: write NAME=LOCATION with two names')
    chosen = configuration([f"{name}={location}" for name, location in named])
    made = asyncio.run(_made(chosen, out.parent.resolve(), sample=sample))
    text = made.text()
    try:
        with out.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}")
    beside = _schema(out.parent, force=force)
    _tell(made, out, beside)


def _schema(folder: Path, *, force: bool) -> Path | None:
    """Writes what editors complete the file by; one that is there may be the user's own, or that of another version."""
    path = folder / SCHEMA
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(f"{written()}\n")
    except OSError:
        return None
    return path


def _named(argument: str) -> tuple[str, str]:
    """Name and location; a name is made of the location where none was given."""
    name, given, location = argument.partition("=")
    if given and name.isidentifier():
        return name, location
    kind, colon, rest = argument.partition(":")
    place = rest if colon and kind in KINDS else argument
    name = place.replace("\\", "/").rstrip("/").rpartition("/")[2].partition(".")[0].partition("?")[0].replace("-", "_")
    if not name.isidentifier():
        fail(f'"{argument}" tells no name for its source\n  mend: write NAME={argument}')
    return name, argument


def _here() -> list[str]:
    """The descriptions and the SQLite databases in this folder."""
    found = [path.name for path in sorted(Path().iterdir()) if path.suffix in _ENDINGS and _describes(path)]
    if not found:
        fail("no description and no database lies in this folder\n  mend: write NAME=LOCATION, as crm=crm.openapi.json")
    errors.print(f"Found here: {', '.join(found)}", markup=False)
    return found


def _describes(path: Path) -> bool:
    if not path.is_file():
        return False
    if is_sqlite(path):
        return True
    if path.stat().st_size > MAX_FILE_BYTES * 8:
        return False
    try:
        text = path.read_text("utf-8-sig")
        kind = described(text, None)
        return kind == "a WSDL" if kind else bool(described("", Yaml(text).value))
    except (OSError, UnicodeDecodeError, YamlError):
        return False


async def _made(chosen: Configuration, base: Path, *, sample: bool) -> FirstFile:
    """The file to be written into the folder ``base``; what cannot be read ends the command."""
    current, failed = await _read(chosen)
    nowhere = {name: problem.what for name, problem in failed.items() if problem.where[2:] == ("url",)}
    if len(nowhere) < len(failed):
        fail(describe(chosen, [problem for name, problem in failed.items() if name not in nowhere]))
    if nowhere:
        sources = {
            name: (kind, settings.model_copy(update={"url": NOWHERE} if name in nowhere else {}))
            for name, (kind, settings) in chosen.sources.items()
        }
        chosen = replace(chosen, sources=sources)
        current, failed = await _read(chosen)
    if current is None or failed:
        fail(describe(chosen, failed.values()))
    offers = offered(chosen, current)
    found = [
        Found(name, kind, _location(settings, kind), current.sources[name].model, chosen.base, nowhere.get(name, ""))
        for name, (kind, settings) in chosen.sources.items()
    ]
    samples = await sampled(chosen, offers) if sample and offers else {}
    return FirstFile(found, offers, samples, base)


async def _read(chosen: Configuration) -> tuple[Snapshot | None, Mapping[str, Problem]]:
    """What was read, closed again, and why the others were not."""
    try:
        current = await load(chosen)
    except ConfigurationError as error:
        failed = {str(each.where[1]): each for each in error.problems if each.where[:1] == ("sources",)}
        if len(failed) < len(error.problems):
            fail(describe(chosen, error.problems))
        return None, failed
    await current.close()
    return current, current.failed


def _location(settings: SourceSettings, kind: str) -> str:
    given = getattr(settings, kind)
    return given.get_secret_value() if isinstance(given, SecretStr) else str(given)


def _tell(made: FirstFile, out: Path, beside: Path | None) -> None:
    """What was written, what was left out, and what is to be done next."""
    models = [found.model for found in made.sources]
    off = sum(item.reason == WRITES_ARE_OFF for model in models for item in model.left_out)
    lost = sum(item.reason != WRITES_ARE_OFF and not item.degraded for model in models for item in model.left_out)
    typer.echo(
        f"{out}: sources: {len(models)}; operations: {sum(map(served, models))}, {off} that write are off, {lost} left "
        f"out; links: {len(made.offers)} suggested, {made.active} in force"
    )
    if beside is not None:
        typer.echo(f"  {beside}: what editors complete it by; isthmus json-schema -o {beside} after an update")
    for name, meaning in made.variables.items():
        typer.echo(f"  set {name}: {meaning}")
    typer.echo(f"Next: isthmus check {out}; then say in access who may ask, and isthmus serve {out}")
