"""The settings of a database source. What every source takes is inherited; URLs are read in ``address.py``."""

from __future__ import annotations

from pydantic import Field, SecretStr

from resolvers.settings import SourceSettings


class DatabaseSettings(SourceSettings):
    """A source whose catalogue is its description. ``concurrency`` is also the size of its connection pool."""

    database: SecretStr = Field(
        description="URL of the database: sqlite:///path (relative to this file), "
        "postgresql://user:password@host/name, mariadb://user:password@host/name or mysql://user:password@host/name."
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
