"""Which files a table has now: found by a pattern under one folder, and nothing outside of it.

A file is known by its mark, so that another content is seen before it is read. Nothing is opened here.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from resolvers.documents import DescriptionError
from resolvers.errors import SourceBadResponse, SourceUnavailable
from resolvers.problem import Problem, nearest

Format: TypeAlias = Literal["csv", "parquet", "json"]

FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
}
_KINDS = "CSV (.csv, .tsv, .txt), Parquet (.parquet) or JSON lines (.jsonl, .ndjson)"
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """One file: where it is once every link was followed, and its path in the folder, which may be told.

    ``mark``: device, inode, bytes and time of the last change: another content has another mark.
    """

    path: Path
    shown: str
    mark: tuple[int, int, int, int]

    @property
    def empty(self) -> bool:
        return self.mark[2] == 0


@dataclass(frozen=True, slots=True)
class Folder:
    """The one folder whose files are read; ``only``: the one file in it, where a file was named."""

    root: Path
    only: Path | None = None

    def find(self, pattern: str) -> tuple[Found, ...]:
        """The files of a pattern, by their paths.

        Raises:
            SourceUnavailable: there is none, or one leads out of the folder. SourceBadResponse: there are too many.
        """
        plain = not any(character in pattern for character in "*?[")
        paths = [self.root / pattern] if plain else sorted(self.root.glob(pattern))
        if len(paths) > _MOST_FILES:
            raise SourceBadResponse(f'"{pattern}" has more than {_MOST_FILES} files')
        found = [each for path in paths if (each := self._found(path, needed=plain)) is not None]
        if not found:
            raise SourceUnavailable(f'no file matches "{pattern}"')
        return tuple(found)

    def _found(self, path: Path, *, needed: bool) -> Found | None:
        shown = path.relative_to(self.root).as_posix()
        try:
            real = path.resolve(strict=True)
            facts = real.stat()
        except (OSError, RuntimeError) as error:
            raise SourceUnavailable(f'"{shown}" is not there') from error
        if self.only is not None and real != self.only.resolve():
            raise SourceUnavailable(f'"{shown}" is not the file that is served')
        if self.only is None and not real.is_relative_to(self.root):
            raise SourceUnavailable(f'"{shown}" leads out of the folder')
        if not stat.S_ISREG(facts.st_mode):
            if needed:
                raise SourceUnavailable(f'"{shown}" is no file')
            return None
        return Found(real, shown, (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns))

    def listed(self) -> Iterator[str]:
        """The names of the files at the top of the folder that can be read."""
        paths = [self.only] if self.only is not None else sorted(self.root.iterdir())
        yield from (path.name for path in paths if not path.name.startswith(".") and format_of(path.name) is not None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """``patterns``: table → the pattern of its files; ``left_out``: file → why it is no table."""

    patterns: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def folder_of(files: str, base: Path, *, there: bool = True) -> Folder:
    """The folder that was named, or that of the file. ``there``: it must be there now.

    Raises:
        DescriptionError: nothing is there, or a file of another kind.
    """
    path = base / Path(files).expanduser()
    if path.is_dir():
        return Folder(path.resolve())
    if not there and not path.exists() and format_of(path.name) is None:
        return Folder(path.resolve())
    if there and not path.is_file():
        raise DescriptionError(Problem(f'there is no folder or file "{files}"', ("files",), "correct the path"))
    if format_of(path.name) is None:
        raise DescriptionError(Problem(f'"{files}" is not {_KINDS}', ("files",), "name a file of these kinds"))
    return Folder(path.parent.resolve(), path.parent.resolve() / path.name)


def discovered(folder: Folder) -> Wanted:
    """Every file at the top of the folder as a table of its own."""
    wanted = Wanted()
    taken: dict[str, str] = {}
    for file in folder.listed():
        name = table_name(file)
        if name.casefold() in taken:
            wanted.left_out[file] = (
                f'it would be the table "{name}", as {taken[name.casefold()]} is: name both in tables'
            )
            continue
        taken[name.casefold()] = file
        wanted.patterns[name] = _literal(file)
    return wanted


def named(folder: Folder, table: str) -> str:
    """The pattern of the file that bears the name of a table.

    Raises:
        DescriptionError: there is none, or there are several.
    """
    files = list(folder.listed())
    fitting = files if folder.only is not None else [file for file in files if table_name(file) == table]
    if len(fitting) == 1:
        return _literal(fitting[0])
    what = f'there are several files of the name "{table}"' if fitting else f'there is no file of the name "{table}"'
    mend = "say which with path" if fitting else nearest(table, [table_name(file) for file in files]) or "name it: path"
    raise DescriptionError(Problem(what, ("tables", table), mend))


def format_of(name: str) -> Format | None:
    """What a file holds, by the ending of its name."""
    lower = name.lower()
    zipped = lower.endswith(".gz")
    found = FORMATS.get(Path(lower.removesuffix(".gz")).suffix)
    return None if zipped and found == "parquet" else found


def table_name(file: str) -> str:
    """``deliveries.csv.gz`` → ``deliveries``."""
    return Path(file[:-3] if file.lower().endswith(".gz") else file).stem


def format_of_all(files: tuple[Found, ...]) -> Format:
    """What the files of one table hold.

    Raises:
        SourceBadResponse: none of the kinds that can be read, or several of them.
    """
    formats = {format_of(file.shown) for file in files}
    found = next(iter(formats))
    if len(formats) > 1:
        raise SourceBadResponse("its files are of several kinds")
    if found is None:
        raise SourceBadResponse(f"its files are not {_KINDS}")
    return found


def _literal(file: str) -> str:
    """The pattern that only one file has."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in file)
