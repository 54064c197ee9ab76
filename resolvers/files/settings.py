"""The settings of a source of files: where they lie, and what they do not say about themselves.

What every source that is asked in SQL takes is inherited; how files are found is decided in ``finding.py``.
"""

from __future__ import annotations

import codecs
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, field_validator, model_validator

from resolvers.located import Located
from resolvers.sql import RowsSettings, TableSettings

ColumnType: TypeAlias = Literal[
    "String", "Int", "BigInt", "Float", "Decimal", "Boolean", "Date", "DateTime", "Time", "UUID", "JSON"
]


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        needed = "it is the name of an encoding, such as utf-8, windows-1252 or utf-16"
        raise ValueError(needed) from None


def _inside(path: str) -> str:
    parts = path.replace("\\", "/").split("/")
    if not path or path.startswith(("/", "~")) or ".." in parts:
        needed = "it is a path inside the folder, without .. and without a leading /"
        raise ValueError(needed)
    return path


Inside = Annotated[str, AfterValidator(_inside)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Character = Annotated[str, Field(min_length=1, max_length=1)]


class FileTableSettings(TableSettings):
    """One table: its files, and what they do not say."""

    path: Inside | None = Field(
        None,
        description="File in the folder, or a pattern (deliveries/*.csv, **/*.parquet) whose files are one table; the "
        "file of the table's name when absent.",
    )
    delimiter: Character | None = Field(
        None, description="What parts the fields of a CSV file; told by its first line when absent."
    )
    quote: Character = Field('"', description="What fields are quoted with; doubled, it stands for itself.")
    header: bool | None = Field(
        None, description="Whether the first line names the columns; true when absent, unless it looks like a row."
    )
    columns: tuple[str, ...] = Field((), description="Names of the columns of a CSV file without a header.")
    skip: int = Field(0, ge=0, le=10_000, description="Lines before the header, which are passed over.")
    encoding: Encoding = Field("utf-8", description="Encoding of the text, such as windows-1252 or utf-16.")
    decimal: Literal[".", ","] = Field(".", description="The decimal separator of numbers in a CSV file.")
    date_format: str | None = Field(
        None, min_length=2, description='How dates are written, as strptime has it: "%d.%m.%Y"; ISO 8601 when absent.'
    )
    datetime_format: str | None = Field(
        None, min_length=2, description="How dates with a time are written, likewise; ISO 8601 when absent."
    )
    nulls: tuple[str, ...] = Field(("",), min_length=1, description="Texts that stand for no value.")
    types: dict[str, ColumnType] = Field(
        default_factory=dict, description="Types of columns, where what their values look like says it wrongly."
    )
    broken_lines: Literal["refuse", "skip"] = Field(
        "refuse",
        description="refuse: a query that meets a broken line of a CSV file is an error; skip: the line is left out, "
        "counted and told in the log.",
    )

    @model_validator(mode="after")
    def _fits(self) -> FileTableSettings:
        if self.columns and self.header is not False:
            message = "columns needs header: false"
            raise ValueError(message)
        if self.quote == self.delimiter:
            message = "delimiter and quote cannot be the same character"
            raise ValueError(message)
        return self


class FilesSettings(RowsSettings):
    """A source whose files are its description. Needs isthmus[files]."""

    files: Annotated[str, Located()] = Field(
        min_length=1,
        description="A folder, or one file (CSV, Parquet, JSON lines; CSV and JSON lines also as .gz), relative to "
        "this file. Needs isthmus[files].",
    )
    tables: dict[str, FileTableSettings] = Field(
        default_factory=dict,
        description="The tables, by their names; every file of the folder is one when absent.",
    )
    concurrency: int = Field(
        4, gt=0, le=100, description="Most statements under way at once; further ones wait their turn."
    )
    memory_mb: int = Field(
        256, ge=64, description="Most memory for all statements, in MB; what needs more goes on in temporary files."
    )
    threads: int = Field(2, gt=0, le=64, description="Most threads that read files, for all statements together.")
    temp_mb: int = Field(10_000, gt=0, description="Most temporary files of statements at once, in MB.")
    sample_rows: int | None = Field(
        None, gt=0, description="Rows whose values tell the types of the columns of a CSV file; all when absent."
    )

    @field_validator("writes")
    @classmethod
    def _read_only(cls, writes: bool | tuple[str, ...]) -> bool | tuple[str, ...]:  # noqa: FBT001  # pydantic's
        if writes:
            message = "files are never written: leave it out"
            raise ValueError(message)
        return writes
