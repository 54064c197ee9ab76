"""The SQL in which DuckDB reads the files of one table: a table function, and the columns of it.

Names and paths are quoted here and nowhere else. Nothing that a caller says comes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from resolvers.files.finding import Format
from resolvers.files.settings import FileTableSettings
from resolvers.files.types import form_of

_GLOB = re.compile(r"([*?\[])")
_BUFFER_BYTES = 4_000_000
_LINE_BYTES = 1_000_000


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. ``type``: its type in DuckDB, before ``form_of``; ``read``: that in which a text file is
    read. ``exact``: of whole numbers, that their texts are as numbers are written, without leading zeros.
    """

    name: str
    type: str
    read: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Rejects:
    """``table`` and ``scans``: temporary tables that the broken lines of a CSV file are told in."""

    table: str
    scans: str


@dataclass(frozen=True, slots=True)
class Group:
    """Files with the same columns in the same order. ``names``: those of CSV files; ``types``: of the other files."""

    paths: tuple[str, ...]
    names: tuple[str, ...]
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scan:
    """How the files of one table are read. ``delimiter``: as it was stated or told by a first line."""

    format: Format
    settings: FileTableSettings
    delimiter: str = ","
    header: bool = True

    def lenient(self) -> Scan:
        """The same, which leaves out broken lines."""
        return replace(self, settings=self.settings.model_copy(update={"broken_lines": "skip"}))

    def select(self, groups: Sequence[Group], columns: Sequence[Column], rejects: Rejects | None = None) -> str:
        """A SELECT of the columns, of all files; where a file lacks one, it has no values."""
        return " UNION ALL ".join(self._group(group, columns, rejects) for group in groups)

    def _group(self, group: Group, columns: Sequence[Column], rejects: Rejects | None) -> str:
        shown = ", ".join(f"{self._shown(group, column)} AS {name(column.name)}" for column in columns)
        return f"SELECT {shown} FROM {self.function(group, columns, rejects)}"  # noqa: S608  # names and paths are quoted

    def function(self, group: Group, columns: Iterable[Column], rejects: Rejects | None = None) -> str:
        """The table function that reads a group of files."""
        paths = "[" + ", ".join(text(_GLOB.sub(r"[\1]", path)) for path in group.paths) + "]"
        if self.format == "parquet":
            return f"read_parquet({paths}, hive_partitioning=false)"
        read = {column.name: column.read for column in columns}
        if self.format == "json":
            given = ", ".join(f"{text(each)}: {text(read[each])}" for each in read if each in group.types)
            options = f"format='newline_delimited', columns={{{given}}}" if given else "format='newline_delimited'"
            return f"read_json({paths}, {options}, hive_partitioning=false)"
        return f"read_csv({paths}, {self._csv(group.names, read, rejects)})"

    def _csv(self, names: Sequence[str], read: Mapping[str, str], rejects: Rejects | None) -> str:
        settings = self.settings
        given = ", ".join(f"{text(each)}: {text(read.get(each, 'VARCHAR'))}" for each in names)
        options = [
            "auto_detect=false",
            f"columns={{{given}}}",
            f"header={'true' if self.header else 'false'}",
            f"skip={settings.skip}",
            f"delim={text(self.delimiter)}",
            f"quote={text(settings.quote)}",
            f"escape={text(settings.quote)}",
            f"decimal_separator={text(settings.decimal)}",
            f"nullstr=[{', '.join(text(each) for each in settings.nulls)}]",
            "strict_mode=true",
            "hive_partitioning=false",
            f"max_line_size={_LINE_BYTES}",
            f"buffer_size={_BUFFER_BYTES}",
        ]
        if settings.date_format is not None:
            options.append(f"dateformat={text(settings.date_format)}")
        if settings.datetime_format is not None:
            options.append(f"timestampformat={text(settings.datetime_format)}")
        if rejects is not None:
            options.append(f"store_rejects=true, rejects_table={text(rejects.table)}")
            options.append(f"rejects_scan={text(rejects.scans)}, rejects_limit=0")
        elif settings.broken_lines == "skip":
            options.append("ignore_errors=true")
        return ", ".join(options)

    def _shown(self, group: Group, column: Column) -> str:
        form = form_of(column.type)
        if column.name not in (group.names if self.format == "csv" else group.types):
            return f"CAST(NULL AS {column.type})" if form.select == "{}" else form.select.format("NULL")
        quoted = name(column.name)
        if self.format == "parquet":
            there = group.types[column.name]
            return form.select.format(quoted if there == column.type else self._converted(quoted, there, column.type))
        return form.select.format(self._converted(quoted, column.read, column.type, exact=column.exact))

    def _converted(self, value: str, there: str, wanted: str, *, exact: bool = False) -> str:
        """A value of the type ``there`` as one of the type ``wanted``; an error where it would be another value."""
        if there == wanted or (there, wanted) == ("BIGINT", "INTEGER"):
            return value
        if wanted.startswith("DECIMAL") and not there.startswith("DECIMAL"):
            return self._decimal(value if there == "VARCHAR" else f"CAST({value} AS VARCHAR)", wanted)
        if there == "VARCHAR" and wanted == "DATE" and self.settings.date_format is not None:
            return f"CAST(strptime({value}, {text(self.settings.date_format)}) AS DATE)"
        if there == "VARCHAR" and wanted == "TIMESTAMP" and self.settings.datetime_format is not None:
            return f"strptime({value}, {text(self.settings.datetime_format)})"
        if wanted in {"INTEGER", "BIGINT"} and there in {"VARCHAR", "DOUBLE", "FLOAT"}:
            return _whole(value, exact=exact)
        return f"CAST({value} AS {wanted})"

    def _decimal(self, value: str, wanted: str) -> str:
        """A decimal of its text. A cast rounds, so more digits than it keeps are an error."""
        scale = int(wanted.rpartition(",")[2].strip(" )"))
        separator = self.settings.decimal if self.format == "csv" else "."
        plain = value if separator == "." else f"replace({value}, {text(separator)}, '.')"
        at = f"instr({value}, {text(separator)})"
        return (
            f"CASE WHEN {at} > 0 AND length({value}) - {at} > {scale} "
            f"THEN CAST(error('more than {scale} digits after the point') AS {wanted}) "
            f"ELSE CAST({plain} AS {wanted}) END"
        )


def _whole(value: str, *, exact: bool) -> str:
    """A whole number. A cast rounds 1.5 and takes 007 for 7."""
    made = f"CAST({value} AS BIGINT)"
    fits = (
        f"CAST({made} AS VARCHAR) = {value}" if exact else f"CAST({value} AS DOUBLE) = floor(CAST({value} AS DOUBLE))"
    )
    return f"CASE WHEN {value} IS NULL OR {fits} THEN {made} ELSE CAST(error('no whole number') AS BIGINT) END"
