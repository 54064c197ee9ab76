"""What was known of tables, kept on disk, so that they are served when their files are away at the next start.

What is kept are names and types of columns, bound to the folder, the settings and the code, and no value of a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from resolvers.files.finding import Folder, Format
from resolvers.files.scan import Column, Scan
from resolvers.files.settings import FilesSettings, FileTableSettings
from resolvers.files.table import FileTable
from resolvers.keep import Keep, code_of
from resolvers.pinned import digest_of
from resolvers.review import reviewable


class KeptTable(msgspec.Struct, frozen=True, omit_defaults=True):
    """One table. ``columns``: name, type, the type in which it is read, and whether its whole numbers are exact."""

    format: Format
    columns: tuple[tuple[str, str, str, bool], ...]
    required: tuple[str, ...] = ()
    delimiter: str = ""
    header: bool = True

    def scan(self, settings: FileTableSettings) -> Scan:
        return Scan(self.format, settings, self.delimiter, header=self.header)

    def made(self) -> tuple[Column, ...]:
        return tuple(Column(*each) for each in self.columns)


class KeptTables:
    """The tables of one source. ``folder``: where they are kept, if anywhere."""

    def __init__(self, folder: Path | None, source: str, files: Folder, settings: FilesSettings) -> None:
        self._keep: Keep | None = None
        if folder is not None:
            tables = {name: table.model_dump_json() for name, table in settings.tables.items()}
            about = msgspec.json.encode([source, str(files.root), str(files.only), tables])
            path = folder / f"files-{sha256(source.encode()).hexdigest()[:16]}.msgpack"
            self._keep = Keep(path, (code_of(Path(__file__).parent), about))

    def load(self) -> Mapping[str, KeptTable]:
        """What was kept, or nothing."""
        content = self._keep.load() if self._keep is not None else None
        try:
            return msgspec.msgpack.decode(content, type=dict[str, KeptTable]) if content is not None else {}
        except msgspec.MsgspecError:
            return {}

    def save(self, tables: Iterable[FileTable]) -> None:
        """Keeps them for the next start."""
        if self._keep is not None:
            self._keep.save(msgspec.msgpack.encode({table.name: _kept(table) for table in tables}))


def _kept(table: FileTable) -> KeptTable:
    columns = tuple((each.name, each.type, each.read, each.exact) for each in table.columns)
    scan = table.scan
    return KeptTable(scan.format, columns, tuple(sorted(table.required)), scan.delimiter, scan.header)


class _Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """``of``: the hash of what was stated of the table. ``path``: the pattern of its files, in the folder."""

    path: str
    of: str
    table: KeptTable


class _All(msgspec.Struct, frozen=True, omit_defaults=True):
    """``left_out``: files and tables that could not be served, without what stands in them."""

    tables: dict[str, _Written]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """``path``: the pattern of its files. ``alike``: whether the same is stated of it as when it was looked at."""

    path: str
    alike: bool
    table: KeptTable


def written_tables(
    tables: Iterable[FileTable], stated: Mapping[str, FileTableSettings], left_out: Iterable[str]
) -> bytes:
    """What is known of tables, by their names, as text that people can review."""
    found = {each.name: _Written(each.pattern, _stated(stated, each.name), _kept(each)) for each in tables}
    return reviewable(msgspec.json.encode(_All(found, tuple(sorted(left_out))), order="sorted"))


def read_tables(
    content: bytes, stated: Mapping[str, FileTableSettings]
) -> tuple[dict[str, WrittenTable], tuple[str, ...]]:
    """What ``written_tables`` wrote: the tables, and what was left out.

    Raises:
        ValueError: it is no such text.
    """
    found = msgspec.json.decode(content, type=_All)
    tables = {
        name: WrittenTable(each.path, each.of == _stated(stated, name), each.table)
        for name, each in found.tables.items()
    }
    return tables, found.left_out


def _stated(stated: Mapping[str, FileTableSettings], name: str) -> str:
    settings = stated.get(name, FileTableSettings())
    return digest_of(settings.model_dump_json(exclude={"key", "references"}).encode())
