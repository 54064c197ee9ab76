"""Records of the audit log, read again from files, compressed ones too: one at a time, what is no record is counted.

What they add up to is the business of others.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import orjson

MAX_LINE_BYTES = 4_194_304
_OUTCOMES = frozenset({"given", "masked", "refused", "failed", "input"})


@dataclass(frozen=True, slots=True)
class Record:
    """One operation. ``who``: issuer and subject. ``objects``: type → how many were shown."""

    time: datetime
    who: str
    client: str
    operation: str
    coordinates: Mapping[str, Sequence[str]]
    objects: Mapping[str, int]
    status: int


@dataclass(slots=True)
class Reading:
    """``bad``: lines that are no record. ``lost``: records that the gateway could not write. ``doubted``:
    requests whose credential was refused. ``listed``: coordinates
    that were recorded at all.
    """

    bad: int = 0
    lost: int = 0
    doubted: int = 0
    broken: list[str] = field(default_factory=list)
    listed: dict[str, None] = field(default_factory=dict)
    unlisted: int = 0

    def records(self, files: Sequence[Path]) -> Iterator[Record]:
        """Every operation of the files, in their order.

        Raises:
            OSError: a file cannot be read.
        """
        for path in files:
            with path.open("rb") as opened:
                try:
                    for line in _lines(_plain(opened)):
                        yield from self._record(line)
                except (EOFError, zlib.error, gzip.BadGzipFile):
                    self.broken.append(path.name)

    def _record(self, line: bytes | None) -> Iterator[Record]:
        if line is not None and not line.strip():
            return
        try:
            told: Any = orjson.loads(line) if line is not None else {}
        except orjson.JSONDecodeError:
            told = {}
        match told:
            case {"event": "operation", "time": str(when)}:
                made = _made(told, when)
                if made is not None:
                    yield made
                    return
                self.bad += 1
            case {"event": "unauthenticated", "reason": str()}:
                self.doubted += 1
            case {"event": "lost", "count": int(count)}:
                self.lost += count
            case {"event": "recording", "coordinates": list(listed)}:
                self.listed.update((each, None) for each in listed if isinstance(each, str))
                more = told.get("more")
                self.unlisted = max(self.unlisted, more if isinstance(more, int) else 0)
            case _:
                self.bad += 1


def _plain(opened: io.BufferedReader) -> io.BufferedReader:
    start = opened.read(2)
    opened.seek(0)
    if start != b"\x1f\x8b":
        return opened
    return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=opened)))


def _lines(buffered: io.BufferedReader) -> Iterator[bytes | None]:
    """The lines; ``None`` for each that is longer than any record."""
    while line := buffered.readline(MAX_LINE_BYTES):
        if len(line) < MAX_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while (rest := buffered.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield None


def _made(told: Mapping[str, object], when: str) -> Record | None:
    try:
        time = datetime.fromisoformat(when)
    except ValueError:
        return None
    coordinates, objects = told.get("coordinates"), told.get("objects")
    if time.tzinfo is None or not isinstance(coordinates, dict) or not isinstance(objects, dict):
        return None
    subject, issuer, status = told.get("subject"), told.get("issuer"), told.get("status")
    who = "anonymous" if subject is None else f"{subject} ({issuer})" if issuer else str(subject)
    client = _member(told.get("client"), "name")
    named = _member(told.get("operation"), "name")
    digest = _member(told.get("operation"), "sha256")
    return Record(
        time.astimezone(UTC),
        who,
        client or "(no client)",
        _member(told.get("operation"), "id") or named or (f"sha256:{digest[:12]}" if digest else "(unnamed)"),
        {key: [each for each in found if isinstance(each, str)] for key, found in coordinates.items()
         if key in _OUTCOMES and isinstance(found, list)},
        {name: count for name, found in objects.items()
         if isinstance(found, dict) and isinstance(count := found.get("count"), int)},
        status if isinstance(status, int) else 0,
    )  # fmt: skip


def _member(value: object, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
