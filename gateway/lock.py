"""``isthmus.lock``: the names that things keep, and the hashes of the descriptions they were read from.

Where descriptions were pulled, it says where each file of them lies and its hash, and nothing else is read. One line of
JSON for each thing, sorted, so that versions are compared and merged line by line. It holds no values, secrets, hosts
or paths of a machine; what a name is given to is decided in ``schema/naming.py``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resolvers import ConfigurationError, Pin, Problem
from schema import Pins

FILE = "isthmus.lock"
FORMAT = 2
"""1, as long as no description is pinned: who knows no other one must not overlook them."""
FOLDER = "descriptions"
"""Where pulled descriptions lie, beside the lock."""
MAX_BYTES = 67_108_864
_NAME = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*", re.ASCII)
_KINDS = ("operation", "root", "type", "input", "enum", "made", "field", "argument")
_RESTORE = f"restore {FILE}, or delete it, run isthmus pull where descriptions were pulled, and isthmus lock"

Thing = tuple[str, str]
"""Kind and place: ``("root", "GET /orders/{id}")``, ``("type", "#/components/schemas/Order")``, ``("root", "orders")``.

Kinds: ``operation`` (its name inside the source), ``root`` (its root field), ``type``, ``input``, ``enum``; ``made``, a
type that the gateway made and several sources may share, whose place is the type in words; ``field`` and ``argument``,
whose places are ``Type.name`` and ``root.name`` with the source's own name of the field or the argument, where that is
not its GraphQL name.
"""


@dataclass(frozen=True, slots=True)
class LockedSource:
    """``digest``: of the description. ``prefix``: under which the names were given; another one makes them void."""

    digest: str
    prefix: str = ""
    names: Mapping[Thing, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lock:
    """What was locked, by source. ``descriptions``: source → address of a document or a catalogue → its file."""

    sources: Mapping[str, LockedSource] = field(default_factory=dict)
    descriptions: Mapping[str, Mapping[str, Pin]] = field(default_factory=dict)

    def pins(self, prefixes: Mapping[str, str]) -> dict[str, Pins]:
        """The GraphQL names that things keep, by source; where its prefix is another now, only those that it shares."""
        return {
            name: Pins(
                *(self._of(each, kind) for kind in ("root", "type", "input", "enum")),
                fields=self._members_of(each, "field"),
                arguments=self._members_of(each, "argument"),
                made=self._of(each, "made"),
            )
            if each.prefix == prefixes.get(name, "")
            else Pins(made=self._of(each, "made"))
            for name, each in self.sources.items()
        }

    def operations(self) -> dict[str, dict[str, str]]:
        """Source → what its description calls an operation → the operation's name inside the source."""
        return {name: self._of(each, "operation") for name, each in self.sources.items()}

    def _members_of(self, source: LockedSource, wanted: str) -> dict[tuple[str, str], str]:
        found = {}
        for place, given in self._of(source, wanted).items():
            owner, _, name = place.partition(".")
            found[owner, name] = given
        return found

    @staticmethod
    def _of(source: LockedSource, wanted: str) -> dict[str, str]:
        return {place: name for (kind, place), name in source.names.items() if kind == wanted}


def written(lock: Lock) -> str:
    """The text of the file: the same for the same names, whatever order they were found in."""
    lines = [json.dumps(["isthmus.lock", FORMAT if lock.descriptions else 1])]
    for source in sorted(lock.sources.keys() | lock.descriptions.keys()):
        lines += [
            json.dumps([source, "description", address, pin.file, pin.digest], ensure_ascii=False)
            for address, pin in sorted(lock.descriptions.get(source, {}).items())
        ]
        each = lock.sources.get(source)
        if each is None:
            continue
        lines.append(json.dumps([source, "source", each.prefix, each.digest], ensure_ascii=False))
        lines += [
            json.dumps([source, kind, place, name], ensure_ascii=False)
            for (kind, place), name in sorted(each.names.items())
        ]
    return "\n".join(lines) + "\n"


def save(lock: Lock, folder: Path) -> None:
    """Puts the lock into a folder, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / FILE
    beside = path.with_name(f"{FILE}.{os.getpid()}")
    beside.write_text(written(lock), "utf-8", newline="\n")
    beside.replace(path)


def read_lock(folder: Path) -> Lock | None:
    """The lock in a folder; ``None`` where there is none.

    Raises:
        ConfigurationError: as ``lock_at``.
    """
    return lock_at(folder / FILE)


def lock_at(path: Path) -> Lock | None:
    """The lock in a file, whatever that is called; ``None`` where there is none.

    Raises:
        ConfigurationError: it cannot be read, is of a newer format, or is not as it was written, by line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError([Problem(f"{FILE} cannot be read: {error.strerror}")]) from error
    if len(content) > MAX_BYTES:
        raise ConfigurationError([Problem(f"{FILE} is larger than {MAX_BYTES} bytes", mend=_RESTORE)])
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem(f"{FILE} is not UTF-8", mend=_RESTORE)]) from error
    return _Reader().read(text)


def _is_ours(file: str) -> bool:
    """Whether a file may be read as a description, and removed by a pull: nothing outside of their folder may."""
    parts = file.split("/")
    return not file or (parts[0] == FOLDER and len(parts) > 1 and not {"", ".", ".."} & set(parts) and "\\" not in file)


class _Reader:
    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._sources: dict[str, LockedSource] = {}
        self._names: dict[str, dict[Thing, str]] = {}
        self._descriptions: dict[str, dict[str, Pin]] = {}
        self._made: dict[str, str] = {}
        """The name of a type that sources share → the type: each of them gives it the same one."""
        self._given: dict[tuple[str, ...], int] = {}
        """A namespace and a name in it → the line that gives it."""

    def read(self, text: str) -> Lock:
        lines = self._lines(text)
        self._head(next(lines, (1, None)))
        for number, row in lines:
            match row:
                case [str(source), "source", str(prefix), str(digest)] if source not in self._sources:
                    self._sources[source] = LockedSource(digest, prefix)
                case [str(source), "description", str(address), str(file), str(digest)] if _is_ours(file):
                    self._describe(number, source, address, Pin(file, digest))
                case [str(source), str(kind), str(place), str(name)] if kind in _KINDS and source in self._sources:
                    self._pin(number, source, (kind, place), name)
                case None:
                    pass
                case _:
                    self._say(number, "this is no line of a lock, or does not stand below its source", _RESTORE)
        if self._problems:
            raise ConfigurationError(self._problems)
        return Lock(
            {
                name: LockedSource(each.digest, each.prefix, self._names.get(name, {}))
                for name, each in self._sources.items()
            },
            self._descriptions,
        )

    def _lines(self, text: str) -> Iterator[tuple[int, object]]:
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                unmerged = line[:7] in {"<<<<<<<", "|||||||", "=======", ">>>>>>>"}
                what = "two versions of the lock were not merged" if unmerged else "this is not a line of JSON"
                self._say(number, what, _RESTORE)
                yield number, None

    def _head(self, found: tuple[int, object]) -> None:
        number, row = found
        match row:
            case ["isthmus.lock", int(version)] if 1 <= version <= FORMAT:
                return
            case ["isthmus.lock", int(version)] if version > FORMAT:
                what = f"the lock is of format {version}, and this isthmus reads format {FORMAT}"
                raise ConfigurationError([Problem(what, document=f"{FILE}:{number}", mend="use a newer isthmus")])
        raise ConfigurationError([Problem("this is no lock", document=f"{FILE}:{number}", mend=_RESTORE)])

    def _describe(self, number: int, source: str, address: str, pin: Pin) -> None:
        known = self._descriptions.setdefault(source, {})
        if address in known:
            self._say(number, f"{pin.file or address} is given a second hash", "remove one of the two lines")
        known[address] = pin

    def _pin(self, number: int, source: str, thing: Thing, name: str) -> None:
        kind, place = thing
        names = self._names.setdefault(source, {})
        if thing in names:
            self._say(number, f"{place} is given a second name", "remove one of the two lines")
        elif kind != "operation" and not _NAME.fullmatch(name):
            self._say(number, f'"{name}" is no name of GraphQL', "write letters, digits and _")
        else:
            owner = place.partition(".")[0]
            space = {
                "operation": ("operation", source), "root": ("root",), "field": (owner, "field"),
                "argument": (owner, "argument"),
            }  # fmt: skip
            earlier = self._given.setdefault((*space.get(kind, ("type",)), name), number)
            if kind == "made" and earlier == number:
                self._made[name] = place
            if earlier != number and not (kind == "made" and self._made.get(name) == place):
                mend = "give one of them another name, or remove its line and run isthmus lock"
                self._say(number, f"two things are called {name}: the other one stands in line {earlier}", mend)
            names[thing] = name

    def _say(self, number: int, what: str, mend: str) -> None:
        self._problems.append(Problem(what, mend=mend, document=f"{FILE}:{number}"))
