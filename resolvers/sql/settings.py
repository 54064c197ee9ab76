"""The settings of a database source. What every source takes is inherited; URLs are read in ``address.py``."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from resolvers.settings import Settings, SourceSettings


def _several(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    made = (columns,) if isinstance(columns, str) else columns
    if not made or len(set(made)) < len(made):
        needed = "name at least one column, and none of them twice"
        raise ValueError(needed)
    return made


Columns = Annotated[str | tuple[str, ...], AfterValidator(_several)]


class ReferenceSettings(Settings):
    """A foreign key that the database does not declare: of a view, or of a table that was made without it."""

    columns: Columns = Field(description="The columns that refer: one, or a list of them.")
    table: str = Field(description="The table or view that they refer to, with its schema where the database tells it.")
    to: Columns | None = Field(
        None, description="The columns there, in the same order; the key of that table when absent."
    )


class SearchSettings(Settings):
    """How the texts of a table or view are searched as a whole, by an index of the database."""

    columns: Columns = Field(description="The columns of texts that are searched together: one, or a list of them.")
    language: str | None = Field(
        None,
        pattern=r"^[a-z_]+$",
        description="PostgreSQL: the text search configuration, such as english; simple when absent.",
    )
    vector: str | None = Field(
        None, description="PostgreSQL: the column of type tsvector that was made of the columns, where there is one."
    )
    index: str | None = Field(None, description="SQLite: the FTS5 table that has the columns by row number.")


class TableSettings(Settings):
    """What the database does not say about a table or view."""

    key: Columns | None = Field(
        None, description="The column, or the list of columns, by which its rows are told apart (of a view)."
    )
    references: tuple[ReferenceSettings, ...] = Field((), description="Foreign keys that lead from it.")
    search: SearchSettings | None = Field(None, description="How its texts are searched: where takes search then.")


class DatabaseSettings(SourceSettings):
    """A source whose catalogue is its description. ``concurrency`` is also the size of its connection pool."""

    database: SecretStr = Field(
        description="URL of the database: sqlite:///path (relative to this file), "
        "postgresql://user:password@host/name, mariadb://user:password@host/name or mysql://user:password@host/name."
    )
    replicas: tuple[SecretStr, ...] = Field(
        (),
        description="URLs of copies of the database that are read instead of it. Changes, what an operation reads "
        "after its own changes, and the catalogue stay with the database itself; so do reads that no copy answers.",
    )
    max_lag_s: float | None = Field(
        None, gt=0, description="PostgreSQL: a replica that is further behind than this is not read."
    )
    max_rows: int = Field(
        10_000, gt=0, description="Most rows of one statement; more is an error, never a part of them."
    )
    cursor_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Any text of at least 32 characters that cursors are sealed with: they are good in every process "
        "that has it. Without it each process seals with a key of its own, and its cursors end with it.",
    )
    schemas: tuple[str, ...] = Field(
        (), description="Schemas whose tables and views are served; empty: the database's default schema."
    )
    tables: dict[str, TableSettings] = Field(
        default_factory=dict,
        description="What the database does not say about tables and views: keys and foreign keys, by their names.",
    )
