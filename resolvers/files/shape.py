"""Which columns one file has: named by the header of a CSV file, told by DuckDB of other files.

What their values are is not looked at here.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from resolvers.errors import SourceBadResponse, SourceUnavailable
from resolvers.files.copies import opened
from resolvers.files.finding import Found
from resolvers.files.scan import Column, Group, Scan
from resolvers.files.settings import FileTableSettings

_DELIMITERS = ",;\t|"
_VALUE = re.compile(r"\s*[+-]?[0-9][0-9.,:/ TZ+-]*\s*")
_LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one file, in its order. ``types``: by name, of files that declare them. ``renamed``: what was made
    of names that were missing or there twice.
    """

    names: tuple[str, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    renamed: tuple[str, ...] = ()

    def group(self, paths: Sequence[Path]) -> Group:
        return Group(tuple(str(path) for path in paths), self.names, dict(self.types))


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a CSV file, and what follows from it."""

    fields: tuple[str, ...]
    delimiter: str


def head(file: Found, path: Path, settings: FileTableSettings, delimiter: str | None) -> Head:
    """Reads the first line of a CSV file, of which ``path`` is a copy in UTF-8 or the file itself.

    Raises:
        SourceUnavailable: it cannot be read. SourceBadResponse: it is empty, no text, or its first line is broken.
    """
    csv.field_size_limit(_LONGEST_LINE)
    try:
        with opened(path) as raw, codecs.getreader("utf-8-sig")(raw) as lines:
            for _ in range(settings.skip):
                lines.readline(_LONGEST_LINE)
            first = lines.readline(_LONGEST_LINE)
            if not first.strip("\r\n"):
                raise SourceBadResponse(f"{file.shown} is empty, or begins with an empty line")
            told = delimiter or _delimiter(first, settings.quote)
            rest = iter(lambda: lines.readline(_LONGEST_LINE), "")
            reader = csv.reader(chain([first], rest), delimiter=told, quotechar=settings.quote, strict=True)
            fields = tuple(next(reader))
    except UnicodeError as error:
        what = f"{file.shown} is not in UTF-8: say its encoding, such as windows-1252"
        raise SourceBadResponse(what) from error
    except (csv.Error, StopIteration) as error:
        raise SourceBadResponse(f"the first line of {file.shown} is broken") from error
    except (OSError, EOFError) as error:
        raise SourceUnavailable(f"{file.shown} cannot be read: {type(error).__name__}") from error
    return Head(fields, told)


def _delimiter(line: str, quote: str) -> str:
    """The character that stands most often in a line, outside of quotes."""
    plain = re.sub(rf"{re.escape(quote)}[^{re.escape(quote)}]*{re.escape(quote)}", "", line)
    return max(_DELIMITERS, key=plain.count)


def looks_like_a_row(fields: Sequence[str]) -> bool:
    """Whether a first line names no columns: one of its fields is a number, a date or a time."""
    return any(_VALUE.fullmatch(each) for each in fields)


def csv_shape(found: Head, settings: FileTableSettings, *, header: bool) -> Shape:
    """The columns of a CSV file.

    Raises:
        SourceBadResponse: it has not as many as are named.
    """
    if not header:
        names = settings.columns or tuple(f"column{number}" for number in range(1, len(found.fields) + 1))
        if len(names) != len(found.fields):
            raise SourceBadResponse(f"its lines have {len(found.fields)} fields, and columns names {len(names)}")
        given: Sequence[str] = names
    else:
        given = [each.strip() for each in found.fields]
    free_names: list[str] = []
    renamed: list[str] = []
    taken: set[str] = set()
    for number, each in enumerate(given, 1):
        free = each or f"column{number}"
        count = 2
        while free.casefold() in taken:
            free, count = f"{each or f'column{number}'}_{count}", count + 1
        taken.add(free.casefold())
        free_names.append(free)
        if free != each:
            renamed.append(f'column {number} ("{each}") is called {free}')
    return Shape(tuple(free_names), renamed=tuple(renamed))


def declared_shape(scan: Scan, cursor: Any, paths: Sequence[Path], *, whole: bool) -> Shape:
    """The columns of Parquet files, or of JSON lines by their values (``whole``: of all of them), and their types."""
    everything: tuple[Column, ...] = ()
    function = scan.function(Group(tuple(str(path) for path in paths), (), {}), everything)
    options = ", union_by_name=true)" if scan.format == "parquet" else ", sample_size=-1)" if whole else ")"
    rows = cursor.execute(f"DESCRIBE SELECT * FROM {function[:-1]}{options}").fetchall()  # noqa: S608  # paths are quoted
    found = {row[0]: row[1] for row in rows}
    return Shape(tuple(found), found)
