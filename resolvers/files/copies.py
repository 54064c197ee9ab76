"""Copies in UTF-8 of text files in other encodings, which DuckDB does not read without an extension.

A copy is written line of bytes by line of bytes, however large the file is, and is as old as its mark.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
from pathlib import Path
from typing import IO

from resolvers.errors import SourceBadResponse, SourceUnavailable
from resolvers.files.finding import Found

_CHUNK = 1 << 20


class Copies:
    """The copies of the files of one table, under ``folder``."""

    def __init__(self, folder: Path, encoding: str) -> None:
        self._folder = folder
        self._encoding = encoding
        self._made: dict[Path, tuple[Found, Path]] = {}
        self._count = 0

    def path(self, file: Found) -> Path:
        """Where DuckDB reads the file: itself where it is in UTF-8, otherwise its copy.

        Raises:
            SourceBadResponse: it is not in its encoding. SourceUnavailable: it cannot be read.
        """
        if self._encoding == "utf-8":
            return file.path
        known = self._made.get(file.path)
        if known is not None and known[0].mark == file.mark:
            return known[1]
        self._count += 1
        made = self._folder / f"{id(self)}-{self._count}.csv"
        try:
            with opened(file.path) as source, made.open("w", encoding="utf-8", newline="") as target:
                decoder = codecs.getincrementaldecoder(self._encoding)()
                while chunk := source.read(_CHUNK):
                    target.write(decoder.decode(chunk))
                target.write(decoder.decode(b"", final=True))
        except UnicodeError as error:
            made.unlink(missing_ok=True)
            raise SourceBadResponse(f"{file.shown} is not in the encoding {self._encoding}") from error
        except (OSError, EOFError) as error:
            made.unlink(missing_ok=True)
            raise SourceUnavailable(f"{file.shown} cannot be read: {type(error).__name__}") from error
        self._made[file.path] = (file, made)
        if known is not None:
            known[1].unlink(missing_ok=True)
        return made

    def keep(self, files: tuple[Found, ...]) -> None:
        """Removes the copies of all other files."""
        there = {file.path for file in files}
        for path in [path for path in self._made if path not in there]:
            with contextlib.suppress(OSError):
                self._made.pop(path)[1].unlink()


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where its name ends with ``.gz``."""
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]  # it reads bytes
