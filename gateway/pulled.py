"""Descriptions are fetched to be put under version control: which file each becomes, and its hash for the lock.

What is fetched is read as a start would read it, and taken whole or not at all, source by source. Nothing is served.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from errno import ELOOP
from hashlib import sha256
from pathlib import Path, PurePosixPath

from gateway.file.config import Configuration
from gateway.lock import FOLDER
from resolvers import Pin, Problem, Pulled, digest_of, open_all, reviewable

_UNSAFE = re.compile(r"[^A-Za-z0-9._/-]+")
_HALF = re.compile(r"\.(?:json|yaml|yml|xml|xsd|wsdl)\.[1-9][0-9]*$")
"""How a file is called while it is written: the name of the file, and the number of the process."""
_SETTLED_S = 60.0
"""A process of another container, whose number is nobody's here, has written its files by then."""
Pins = Mapping[str, Mapping[str, Pin]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """``pulled``: what was read, by source; ``failed``: why nothing was. ``unfit``: those of the failed ones that are
    there, and what the file says of them does not fit.
    """

    pulled: Mapping[str, Pulled]
    failed: Mapping[str, tuple[Problem, ...]]
    unfit: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Files:
    """The description of one source as it is to lie there. ``contents``: of copies, by file."""

    pins: Mapping[str, Pin]
    contents: Mapping[str, bytes] = field(default_factory=dict)


async def fetch(configuration: Configuration, names: Collection[str]) -> Fetched:
    """Reads the descriptions of sources where they come from, each with its own credentials, all at once."""
    wanted = {name: configuration.sources[name] for name in names}
    pulls = {name: Pulled() for name in wanted}
    opened = await open_all(wanted, configuration.base, fresh=wanted, pulls=pulls)
    await asyncio.gather(*(source.close() for source in opened.sources.values()), return_exceptions=True)
    unfit = {
        name: tuple(each for each in opened.problems if each.where[:2] == ("sources", name)) for name in opened.failed
    }
    failed = {name: unfit[name] or (problem,) for name, problem in opened.failed.items()}
    pulled = {name: pulled for name, pulled in pulls.items() if name not in failed}
    return Fetched(pulled, failed, [name for name, problems in unfit.items() if problems])


def files_of(configuration: Configuration, name: str, pulled: Pulled) -> Files:
    """Which files the description of a source becomes."""
    kind = configuration.sources[name][0]
    pins = {address: Pin("", digest_of(content)) for address, content in pulled.beside.items()}
    contents: dict[str, bytes] = {}
    for address, content in sorted(pulled.copies.items()):
        laid = reviewable(content)
        file = _named(f"{FOLDER}/{name}", kind, address, laid, contents)
        contents[file] = laid
        pins[address] = Pin(file, digest_of(laid))
    return Files(pins, contents)


def _named(folder: str, kind: str, address: str, content: bytes, taken: Collection[str]) -> str:
    """A name that people recognise and every file system takes, which no other file of the source has."""
    first = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    ending = ".json" if first in {b"{", b"["} else ".xml" if first == b"<" else ".yaml"
    if not address:
        return f"{folder}/service.wsdl" if kind == "wsdl" else f"{folder}/{kind}{ending}"
    path = PurePosixPath(*("up" if part == ".." else part for part in PurePosixPath(address).parts if part != "/"))
    plain = _UNSAFE.sub("_", path.as_posix()).strip("_") or "document"
    if PurePosixPath(plain).suffix not in {".json", ".yaml", ".yml", ".xml", ".xsd", ".wsdl"}:
        plain += ending
    known = {each.casefold() for each in taken}
    if plain.removesuffix(ending) != address.removesuffix(ending) or f"{folder}/{plain}".casefold() in known:
        stem, dot, suffix = plain.rpartition(".")
        plain = f"{stem}-{sha256(address.encode()).hexdigest()[:6]}{dot}{suffix}"
    return f"{folder}/{plain}"


def put(base: Path, files: Files, before: Mapping[str, Pin]) -> None:
    """Writes the files of one source, and removes those that ``before`` names and that are none of it any more.

    Raises:
        OSError: something cannot be written, or would be outside of ``base``; then nothing has been replaced.
    """
    for folder in {(base / file).parent for file in files.contents}:
        if not folder.resolve().is_relative_to(base.resolve()):
            raise OSError(ELOOP, "a link leads out of the folder of the file")
    beside = {base / file: base / f"{file}.{os.getpid()}" for file in files.contents}
    try:
        for (path, fresh), content in zip(beside.items(), files.contents.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(content)
    except OSError:
        for fresh in beside.values():
            fresh.unlink(missing_ok=True)
        raise
    for path, fresh in beside.items():
        fresh.replace(path)
    drop(base, {pin.file for pin in before.values()} - files.contents.keys())


def left_behind(base: Path, name: str) -> list[Path]:
    """What pulls of a source that were killed have left half written: of no process that lives, and not of just now."""
    before = time.time() - _SETTLED_S
    found = [path for path in (base / FOLDER / name).rglob("*") if _HALF.search(path.name) and path.is_file()]
    return sorted(path for path in found if path.lstat().st_mtime < before and not _lives(int(path.suffix[1:])))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def drop(base: Path, files: Collection[str]) -> None:
    """Removes copies, and the folders of sources that are empty then."""
    for file in files:
        if not file:
            continue
        path = base / file
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == base or any(folder.iterdir()):
                break
            folder.rmdir()


async def as_they_are(configuration: Configuration) -> Pins:
    """The hashes of pinned descriptions as they lie there now, edited or not; what is missing keeps its own."""
    before = configuration.lock.descriptions if configuration.lock is not None else {}
    # What lies beside the file may refer to more than before, and reading it asks nobody.
    near = [name for name, pins in before.items() if name in configuration.sources and not _copied(pins)]
    fetched = await fetch(configuration, near)
    read = {name: files_of(configuration, name, pulled).pins for name, pulled in fetched.pulled.items()}
    others = {name: pins for name, pins in before.items() if name not in read}
    return read | await asyncio.to_thread(
        lambda: {name: _hashed(configuration.base, pins) for name, pins in others.items()}
    )


def _copied(pins: Mapping[str, Pin]) -> bool:
    return any(pin.file for pin in pins.values())


def _hashed(base: Path, pins: Mapping[str, Pin]) -> dict[str, Pin]:
    found = {}
    for address, pin in pins.items():
        path = base / (pin.file or address)
        found[address] = Pin(pin.file, digest_of(path.read_bytes())) if path.is_file() else pin
    return found
