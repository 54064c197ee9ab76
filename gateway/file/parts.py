"""A configuration file and the parts that it includes, read into one mapping that knows where each key stands.

What the keys mean is not known here, but for two sections that stand once and ``access``, whose members are put
together as sections are. Nothing is expanded and nothing replaced: see ``expand.py`` and ``overlay.py``.

The order is that of reading, for names depend on the order of sources: a file's own keys come first, then those of the
parts in the order that ``include`` lists them, each with its own parts before the next one. What a folder or a pattern
finds is sorted by path, character by character.
"""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from gateway.file.places import Found, Part, Place, Places, Where
from resolvers import Problem, Sign, Yaml, YamlError, nearest, sign_of

MAX_FILE_BYTES = 4_194_304
"""Far above any file that a person writes; a log or a dump named by mistake is refused before it is parsed."""
MAX_DEPTH = 8
"""Parts within parts; whoever needs more has lost the way, and so would readers."""
MAX_PARTS = 1000
MAX_VALUES = 200_000
"""Of one file: a configuration of a hundred systems has a tenth of it, and each value costs a look for its line."""
INCLUDE = "include"
_ENDINGS = frozenset({".yaml", ".yml"})
_ONCE = frozenset({"server", "limits"})
"""Sections that are about the gateway as a whole, so that two halves in two files would be nobody's."""
_BY_MEMBER = frozenset({"access"})
"""Sections whose members are put together: ``access.rules`` of two parts, but one ``access.default``."""
_PATTERN = frozenset("*?[")


class UnreadableFile(Exception):
    """The file has problems; ``text`` says all of them. ``files``: those that it names, as far as that is known."""

    def __init__(self, text: str, files: Iterable[Path] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.files = frozenset(files)


@dataclass(frozen=True, slots=True)
class Whole:
    """All files as one mapping. ``files``: what was read or looked through; ``found``: what is wrong with the parts;
    ``cautions``: what is not wrong, and should be known.
    """

    raw: dict[str, object]
    places: Places
    parts: tuple[Part, ...]
    files: frozenset[Path] = frozenset()
    found: tuple[Found, ...] = ()
    cautions: tuple[Found, ...] = ()


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        UnreadableFile: not there, not UTF-8, too large.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise UnreadableFile(f"{path}\n  cannot be read: it is larger than {MAX_FILE_BYTES} bytes")
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UnreadableFile(f"{path}\n  cannot be read: {reason}") from error


def described(text: str, raw: object) -> str:
    """What a text is that was written to describe a system: ``a WSDL``; empty where it may be a configuration."""
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return "a WSDL" if "definitions" in text else "an XML"
    if isinstance(raw, dict) and "sources" not in raw and not {"openapi", "swagger"}.isdisjoint(raw):
        return "an OpenAPI"
    return ""


def name_from(folder: Path, path: Path) -> str:
    """A path as it is told, seen from a folder."""
    return Path(os.path.relpath(path, folder)).as_posix()


def told_as(path: Path) -> str:
    """The name of the file that was named: as it was given, seen from the working directory. What lies elsewhere, named
    from the root, goes by its name alone.
    """
    if path.is_absolute():
        return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else path.name
    return path.as_posix()


def overlay_of(path: Path, env: str) -> Path:
    """The file beside ``path`` that says what is other in an environment."""
    return path.with_name(f"{path.stem}.{env}{path.suffix}")


def overlays(path: Path) -> dict[str, Path]:
    """The environments that there is a file for, beside ``path``."""
    found = {}
    for each in path.parent.glob(f"{glob.escape(path.stem)}.*{glob.escape(path.suffix)}"):
        env = each.name.removeprefix(f"{path.stem}.").removesuffix(path.suffix)
        if each != path and env and "." not in env:
            found[env] = each
    return dict(sorted(found.items()))


def sign_of_part(path: Path) -> Sign:
    """As ``sign_of``; of a folder only what parts may come from counts: files that are written there are none of it."""
    try:
        with os.scandir(path) as entries:
            names = sorted(each.name for each in entries if each.is_dir() or Path(each.name).suffix in _ENDINGS)
    except (OSError, ValueError):
        return sign_of(path)
    return (crc32("\n".join(names).encode("utf-8", "surrogateescape")), len(names))


def read_whole(path: Path) -> Whole:
    """Reads a file with all of its parts.

    Raises:
        UnreadableFile: the file itself is not there, or is no mapping; what is wrong with parts is in ``found``.
    """
    return _Reader(path).read()


@dataclass(slots=True)
class _Reader:
    path: Path
    raw: dict[str, object] = field(default_factory=dict)
    marks: dict[Where, Place] = field(default_factory=dict)
    parts: dict[Path, Part] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)
    found: list[Found] = field(default_factory=list)

    def read(self) -> Whole:
        part = Part(self.path, told_as(self.path))
        self.parts[self.path.resolve()] = part
        self.files.add(self.path)
        if not self.path.exists():
            mend = "go to its folder, name the file, or begin with isthmus init"
            raise UnreadableFile(f"{self.path}: there is no such file here\n  mend: {mend}", self.files)
        text = text_of(self.path)
        yaml = None
        if not text.lstrip("\ufeff \t\r\n").startswith("<"):
            try:
                yaml = Yaml(text, most=MAX_VALUES)
                lines = yaml.lines()
            except YamlError as error:
                raise UnreadableFile(f"{Place(part, error.line or 0)}\n  {error}", self.files) from error
        kind = described(text, yaml and yaml.value)
        if kind:
            mend = f"write name={self.path}, with a name of your choice for the source"
            raise UnreadableFile(f"{part.name}\n  this is {kind} document, not a configuration file\n  mend: {mend}")
        assert yaml is not None
        if not isinstance(yaml.value, dict):
            raise UnreadableFile(f"{part.name}\n  the file must be a mapping with sources and access", self.files)
        self._take(part, yaml.value, lines, (self.path.resolve(),))
        places = Places(part, self.marks)
        return Whole(self.raw, places, tuple(self.parts.values()), frozenset(self.files), tuple(self.found))

    def _say(self, place: Place, what: str, where: Where, mend: str = "") -> None:
        self.found.append((place, Problem(what, where, mend)))

    # A file.

    def _take(self, part: Part, raw: dict[str, object], lines: Mapping[Where, int], chain: tuple[Path, ...]) -> None:
        """Takes over what a file says, then what its parts say. ``chain``: the files that led here."""
        given: dict[Where, Where | None] = {}
        for section, value in raw.items():
            if section != INCLUDE:
                self._section(part, lines, str(section), value, given)
        for path, line in lines.items():
            for length in (3, 2, 1):
                if path[:length] in given:
                    moved = given[path[:length]]
                    if moved is not None:
                        self.marks.setdefault((*moved, *path[length:]), Place(part, line))
                    break
        if INCLUDE in raw:
            self._includes(part, raw[INCLUDE], lines, chain)

    def _section(
        self, part: Part, lines: Mapping[Where, int], section: str, value: object, given: dict[Where, Where | None]
    ) -> None:
        """``given``: path in the file → path in the whole, or ``None`` where it is not taken over."""
        where: Where = (section,)
        given[where] = where
        if section not in self.raw:
            self.raw[section] = value
            return
        earlier = self.raw[section]
        if section in _BY_MEMBER and isinstance(earlier, dict) and isinstance(value, dict):
            joined = dict(earlier)
            for member, below in value.items():
                here = (section, str(member))
                given[here] = here
                if member in joined:
                    joined[member] = self._joined(part, lines, here, joined[member], below, given)
                else:
                    joined[member] = below
            self.raw[section] = joined
        else:
            self.raw[section] = self._joined(part, lines, where, earlier, value, given)

    def _joined(
        self,
        part: Part,
        lines: Mapping[Where, int],
        where: Where,
        earlier: object,
        value: object,
        given: dict[Where, Where | None],
    ) -> object:
        """What two files say at one path, put together; refused where both state the same."""
        if where[0] not in _ONCE and isinstance(earlier, dict) and isinstance(value, dict):
            joined = dict(earlier)
            for key, below in value.items():
                here = (*where, str(key))
                given[here] = here
                if key in joined:
                    given[here] = None
                    self._twice(part, lines, here)
                else:
                    joined[key] = below
            return joined
        if where[0] not in _ONCE and isinstance(earlier, list) and isinstance(value, list):
            for index, item in enumerate(value):
                given[*where, index] = (*where, len(earlier) + index)
                if item in earlier:
                    self._twice(part, lines, (*where, index), self.marks.get((*where, earlier.index(item))))
            return [*earlier, *value]
        given[where] = None
        if type(earlier) is not type(value) and (earlier is None or value is None):
            what = f"one of the two is empty: this, and what stands in {self.marks.get(where)}"
            self._say(Place(part, lines.get(where, 0)), what, where, "take the empty one away")
        else:
            self._twice(part, lines, where)
        return earlier

    def _twice(self, part: Part, lines: Mapping[Where, int], where: Where, earlier: Place | None = None) -> None:
        what = f"this stands twice: also in {earlier or self.marks.get(where)}"
        mend = "keep one of them" if where[0] not in _ONCE else f"bring {where[0]} together in one file"
        self._say(Place(part, lines.get(where, 0)), what, where, mend)

    # What it includes.

    def _includes(self, part: Part, value: object, lines: Mapping[Where, int], chain: tuple[Path, ...]) -> None:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            place = Place(part, lines.get((INCLUDE,), 0))
            self._say(place, "a list of files and folders is needed", (INCLUDE,), "write include: [teams/]")
            return
        named = {(part.path.parent / item).resolve() for item in value}
        for index, item in enumerate(value):
            where = (INCLUDE, index)
            place = Place(part, lines.get(where, 0))
            for path in self._paths(part, item, place, where, named):
                self._part(path, place, where, chain)

    def _paths(self, part: Part, item: str, place: Place, where: Where, named: set[Path]) -> Iterator[Path]:
        """The files that an entry means. Files that another entry names have their place in the order there."""
        folder = part.path.parent
        if "${" in item:
            self._say(place, "what is included is not put in from the environment", where, "write the path itself")
            return
        path = folder / item
        if path.is_file():
            if path.resolve() in {each.resolve() for each in overlays(self.path).values()}:
                what = f"{item} says what is other in an environment, and would be in force in all of them"
                self._say(place, what, where, "leave it out, and choose it by --env, or call it otherwise")
                return
            yield path
            return
        if path.is_dir():
            self.files.add(path)
            candidates = [each for each in path.iterdir() if each.suffix in _ENDINGS and each.is_file()]
        elif not _PATTERN.isdisjoint(item):
            candidates = self._matching(folder, item)
        else:
            self.files.add(path)
            near = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
            mend = nearest(path.name, near) or f"paths start at the folder of {part.name}"
            self._say(place, f"there is no file and no folder {item}", where, mend)
            return
        own = {part.path.resolve(), self.path.resolve(), *(each.resolve() for each in overlays(self.path).values())}
        plain = [each for each in candidates if not each.name.startswith(".") and each.resolve() not in own]
        if not plain:
            what = "no .yaml and no .yml file lies in it" if path.is_dir() else "it finds no file"
            self._say(place, what, where, f"paths start at the folder of {part.name}")
        for each in sorted(plain, key=lambda each: each.as_posix()):
            if each.resolve() not in named:
                yield each

    def _matching(self, folder: Path, pattern: str) -> list[Path]:
        parts = Path(pattern).parts
        for length in range(len(parts)):  # a file may come into any folder on the way
            above = Path(*parts[:length])
            found = [str(above)] if _PATTERN.isdisjoint(str(above)) else self._glob(folder, str(above))
            self.files |= {folder / each for each in found if (folder / each).is_dir()}
        return [folder / each for each in self._glob(folder, pattern) if (folder / each).is_file()]

    @staticmethod
    def _glob(folder: Path, pattern: str) -> list[str]:
        return glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207  # Path.glob takes no ".." and no "/"

    def _part(self, path: Path, place: Place, where: Where, chain: tuple[Path, ...]) -> None:
        self.files.add(path)
        known = path.resolve()
        name = posixpath.normpath(
            posixpath.join(posixpath.dirname(told_as(self.path)), name_from(self.path.parent, path))
        )
        if known in chain:
            circle = " → ".join([*(self.parts[each].name for each in chain[chain.index(known) :]), name])
            self._say(place, f"a file includes itself: {circle}", where, "take one of these includes away")
            return
        if known in self.parts:
            return  # included from two sides: it is one file, at its first place
        if len(chain) > MAX_DEPTH or len(self.parts) >= MAX_PARTS:
            what = f"more than {MAX_DEPTH} files include one another" if len(chain) > MAX_DEPTH else ""
            self._say(place, what or f"these are more than {MAX_PARTS} files", where, "name files nearer to the first")
            return
        part = Part(path, name, len(self.parts))
        self.parts[known] = part
        try:
            text = text_of(path)
            kind = described(text, None)
            yaml = None if kind else Yaml(text, most=MAX_VALUES)
            raw, lines = (None, {}) if yaml is None else (yaml.value, yaml.lines())
        except UnreadableFile as error:
            reason = error.text.partition("cannot be read: ")[2]
            self._say(place, f"{name} cannot be read: {reason}", where)
            return
        except YamlError as error:
            self._say(Place(part, error.line or 0), str(error), ())
            return
        kind = kind or described(text, raw)
        if kind:
            mend = "include the files that are meant, or keep descriptions in another folder"
            self._say(Place(part), f"this is {kind} document, not a part of the configuration", (), mend)
        elif not isinstance(raw, dict):
            what = "a part must be a mapping with sections such as sources, links and access"
            self._say(Place(part), what, (), "" if raw is not None else "take it away, or write something into it")
        else:
            self._take(part, raw, lines, (*chain, known))
