"""``isthmus pull``: descriptions are fetched and laid beside the file, so that they are reviewed and kept with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.opening import DEFAULT, Env, configuration, describe, errors, fail, sentence
from gateway.file.config import Configuration
from gateway.lock import FILE, Lock, read_lock, save
from gateway.pulled import Files, Pins, drop, fetch, files_of, left_behind, put
from resolvers import ConfigurationError, Pin, Problem, offered

_ENDINGS = frozenset({".yaml", ".yml", ".json"})


def pull(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE] [SOURCE]...", help="The configuration file, and the sources: all when absent."),
    ] = None,
    *,
    env: Env = None,
) -> None:
    """Fetch the descriptions of sources into descriptions/, and pin them in isthmus.lock: they alone are read then."""
    chosen, names = _chosen(what or [], env)
    before = chosen.lock or Lock()
    fetched = asyncio.run(fetch(chosen, names))
    now = dict(before.descriptions)
    for name in names:
        if name not in fetched.pulled:
            continue
        files = files_of(chosen, name, fetched.pulled[name])
        known = before.descriptions.get(name, {})
        try:
            put(chosen.base, files, known)
        except OSError as error:
            errors.print(f"{name}: its description cannot be written: {error.strerror}", markup=False)
            continue
        for path in left_behind(chosen.base, name):
            path.unlink(missing_ok=True)
            typer.echo(f"{name}: {path.relative_to(chosen.base)} was left by a pull that was ended, and is removed")
        now[name] = files.pins
        _tell(name, files, known)
    if not what or len(names) == len(chosen.sources):
        for name in sorted(now.keys() - chosen.sources.keys()):
            drop(chosen.base, {pin.file for pin in now.pop(name).values()})
            typer.echo(f"{name}: the source is gone, and its description too")
    changed = now != before.descriptions
    if changed:
        _save(chosen, before.descriptions, now)
    if before.sources and changed:
        typer.echo(f"Run isthmus lock to bring the names in {FILE} up to date.")
    missing = [name for name in names if now.get(name) is before.descriptions.get(name)]
    if missing:
        text = describe(chosen, (problem for name in missing for problem in fetched.failed.get(name, ())))
        kept = "what was pulled of it before stays" if len(missing) == 1 else "what was pulled of them before stays"
        fail("\n".join([text, f"not pulled: {', '.join(missing)}; {kept}"]).lstrip())


def _save(chosen: Configuration, before: Pins, now: Pins) -> None:
    """Writes what this pull made another than it was before; meanwhile somebody may have pulled other sources."""
    changed = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
    try:
        latest = read_lock(chosen.base) or Lock()
        kept = {name: pins for name, pins in latest.descriptions.items() if name not in changed}
        save(replace(latest, descriptions=kept | {name: now[name] for name in changed & now.keys()}), chosen.base)
    except OSError as error:
        fail(f"{FILE} cannot be written: {error.strerror}")
    except ConfigurationError as error:
        fail(describe(chosen, error.problems))


def _chosen(given: Sequence[str], env: str | None) -> tuple[Configuration, list[str]]:
    """The file, and the names of the sources that are asked for."""
    names = list(given)
    file = DEFAULT
    if names and (Path(names[0]).suffix in _ENDINGS or Path(names[0]).is_file()):
        file = names.pop(0)
    chosen = configuration([file], env)
    for name in names:
        if name not in chosen.sources:
            fail(sentence(Problem(f'{chosen.file} has no source "{name}"', mend=offered(name, chosen.sources))))
    return chosen, list(dict.fromkeys(names)) or list(chosen.sources)


def _tell(name: str, files: Files, before: Mapping[str, Pin]) -> None:
    """What is another than before, file by file."""
    old = {pin.file or address: pin.digest for address, pin in before.items()}
    new = {pin.file or address: pin.digest for address, pin in files.pins.items()}
    told = [
        f"{file} " + ("is new" if file not in old else "is gone" if file not in new else "has changed")
        for file in sorted(old.keys() | new.keys())
        if old.get(file) != new.get(file)
    ]
    if not told:
        typer.echo(f"{name}: nothing changed")
    for line in told:
        typer.echo(f"{name}: {line.removeprefix('./')}")
