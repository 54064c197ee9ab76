"""What DuckDB complains about, as an error of the tree: which file and which line, never what stands there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from resolvers.errors import SourceBadResponse, SourceError, SourceFault, SourceTimeout, SourceUnavailable
from resolvers.files.finding import Found

_LINE = re.compile(r"CSV Error on Line: (\d+)|at byte \d+ in line (\d+)|in line (\d+)")
_FILE = re.compile(r'file = (\S.*)$|file "([^"]+)"|File \'([^\']+)\'', re.MULTILINE)
_KINDS = (
    ("InterruptException", SourceTimeout, "the statement was interrupted"),
    ("OutOfMemoryException", SourceFault, "its memory ran out: raise memory_mb or temp_mb"),
    ("PermissionException", SourceUnavailable, "a file is outside of the folder"),
    ("ConversionException", SourceBadResponse, "a value does not have the type of its column"),
    ("InvalidInputException", SourceBadResponse, "a file is broken"),
    ("BinderException", SourceBadResponse, "the columns of a file are others"),
    ("IOException", SourceUnavailable, "a file cannot be read"),
    ("OutOfRangeException", SourceBadResponse, "a number is too large"),
    ("SerializationException", SourceBadResponse, "a file is broken"),
    ("InvalidTypeException", SourceBadResponse, "a value does not have the type of its column"),
    ("DataError", SourceBadResponse, "a value does not have the type of its column"),
)


def failure(duckdb: Any, error: Exception, files: Sequence[Found]) -> SourceError:
    """The error to raise. Its detail names the file and the line, where they are told, and no value."""
    for name, kind, words in _KINDS:
        known = getattr(duckdb, name, None)
        if known is not None and isinstance(error, known):
            return kind(words + place(str(error), files))
    return SourceFault(type(error).__name__)


def place(said: str, files: Sequence[Found]) -> str:
    """`` (deliveries.csv line 3)``, as far as it is told."""
    file = next((group for found in [_FILE.search(said)] if found for group in found.groups() if group), "")
    line = next((group for found in [_LINE.search(said)] if found for group in found.groups() if group), "")
    shown = next((each.shown for each in files if str(each.path) == file), "")
    words = " ".join(each for each in (shown, f"line {line}" if line else "") if each)
    return f" ({words})" if words else ""
