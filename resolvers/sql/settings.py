"""The settings of a database source. What every source takes is inherited; URLs are read in ``address.py``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, SecretStr, model_validator

from resolvers.located import Located, Move
from resolvers.model import Comparison
from resolvers.settings import Settings, SourceSettings


def _several(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    made = (columns,) if isinstance(columns, str) else columns
    if not made or len(set(made)) < len(made):
        needed = "name at least one column, and none of them twice"
        raise ValueError(needed)
    return made


Columns = Annotated[str | tuple[str, ...], AfterValidator(_several)]


_LOCAL = re.compile(r"(?<=^sqlite:///)[^/].*|(?<=[?&]ssl_ca=)[^&]+")


def _in_url(url: str, move: Move) -> str:
    return _LOCAL.sub(lambda found: move(found[0]), url)


DatabaseUrl = Annotated[SecretStr, Located(within=_in_url)]
"""Its file of SQLite, or the file of authorities in it, starts at the folder of the file that states it."""


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


class ArgumentSettings(Settings):
    """An argument of a statement, where its type alone does not say it all."""

    type: str = Field(description="Its type, as GraphQL writes it: DateTime!, [ID!]!, the name of an enum.")
    default: JsonValue = Field(None, description="What it is when it is not given.")
    description: str = Field("", description="What it means, for readers of the schema.")


Shape = str | dict[str, str]
_GIVES = "the name of a table whose rows they are, or the columns with their types."


class ReturnsSettings(Settings):
    """What a statement gives, where the database does not say it: exactly one of these."""

    one: Shape | None = Field(None, description=f"One row or null: {_GIVES}")
    many: Shape | None = Field(None, description=f"A list of rows: {_GIVES}")
    value: str | None = Field(None, description="The type of the one column of the one row.")

    @model_validator(mode="after")
    def _just_one(self) -> ReturnsSettings:
        if sum(given is not None for given in (self.one, self.many, self.value)) != 1:
            raise ValueError("returns needs exactly one of one, many and value")
        return self


class StatementSettings(Settings):
    """A statement of SQL as a field."""

    sql: str = Field(min_length=1, description="One statement; :name is an argument, whose value is bound.")
    arguments: dict[str, str | ArgumentSettings] = Field(
        default_factory=dict, description="The arguments of the field: name → type, as GraphQL writes it."
    )
    returns: Literal["one", "many", "value", "affected"] | ReturnsSettings | None = Field(
        None,
        description="What it gives. one, many and value alone: the database says the types (PostgreSQL); affected: how "
        "many rows were changed.",
    )
    effect: Literal["read", "write"] = Field(
        "read",
        description="read: a Query field, in a transaction that the database keeps read-only; write: a Mutation field, "
        "where writes allows it.",
    )
    description: str = Field("", description="What the field means, for readers of the schema.")
    keys: str | None = Field(None, description="The argument that takes many keys, so that links ask once for all.")
    by: str | dict[str, str] | None = Field(
        None, description="The column that holds the key, or columns and the arguments that take one key."
    )
    max_keys: int | None = Field(None, gt=0, description="Most keys in one call.")
    compare: tuple[Comparison, ...] = Field((), description="How its keys are compared.")


class RowsSettings(SourceSettings):
    """What every source takes that is asked in SQL, whatever answers it."""

    max_rows: int = Field(
        10_000, gt=0, description="Most rows of one statement; more is an error, never a part of them."
    )
    cursor_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Any text of at least 32 characters that cursors are sealed with: they are good in every process "
        "that has it. Without it each process seals with a key of its own, and its cursors end with it.",
    )


class DatabaseSettings(RowsSettings):
    """A source whose catalogue is its description. ``concurrency`` is also the size of its connection pool."""

    max_wait_s: float = Field(
        1.0,
        gt=0,
        le=300,
        description="Longest wait for a turn while concurrency statements run, in seconds; then SOURCE_UNAVAILABLE.",
        # Statements take milliseconds: where none ended in a second, they wait for a lock or the database hangs.
    )
    database: DatabaseUrl = Field(
        description="URL of the database: sqlite:///path (relative to this file), "
        "postgresql://user:password@host/name, mariadb://user:password@host/name or mysql://user:password@host/name."
    )
    replicas: tuple[DatabaseUrl, ...] = Field(
        (),
        description="URLs of copies of the database that are read instead of it. Changes, what an operation reads "
        "after its own changes, and the catalogue stay with the database itself; so do reads that no copy answers.",
    )
    max_lag_s: float | None = Field(
        None, gt=0, description="PostgreSQL: a replica that is further behind than this is not read."
    )
    schemas: tuple[str, ...] = Field(
        (), description="Schemas whose tables and views are served; empty: the database's default schema."
    )
    tables: dict[str, TableSettings] = Field(
        default_factory=dict,
        description="What the database does not say about tables and views: keys and foreign keys, by their names.",
    )
    functions: bool | tuple[str, ...] = Field(
        False,
        description="Functions and procedures of the database that are served: all that can be (true), or those whose "
        "names these are (shell patterns). Those that may change something are served where writes allows it.",
    )
    statements: dict[str, StatementSettings] = Field(
        default_factory=dict, description="Statements of SQL that are served as fields, by the names of these."
    )
