"""``Target``: what an operation writes to, and the names of the arguments that it takes; made once for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from resolvers.model import Verb
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import SqlColumn

AFFECTED, RETURNING = "affected", "returning"
"""The members of what is given by operations on many rows."""


@dataclass(frozen=True, slots=True)
class Target:
    """``by``: the columns of the key that names one row, which are arguments of the same names; empty for operations
    that insert and those on many rows.

    ``takes``: the argument with the row, the rows or the values to set; ``on``: the one that names the unique key of an
    upsert. ``inputs``: the columns that a caller may give values to; ``required``: those that a new row cannot do
    without. ``keys``: what ``on`` may say → the columns of that key.
    """

    served: Served
    table: Table
    verb: Verb
    many: bool
    inputs: Mapping[str, SqlColumn]
    required: frozenset[str]
    by: tuple[str, ...] = ()
    takes: str = ""
    on: str = ""
    keys: Mapping[str, tuple[str, ...]] | None = None


def inputs(served: Served) -> dict[str, SqlColumn]:
    """The columns that a caller may give values to: not those whose values the database alone makes."""
    return {
        name: column for name, column in served.columns.items() if not _is_made(column.column) and column.writable()
    }


def required(catalogue: Catalogue, served: Served) -> frozenset[str]:
    """The columns that a new row cannot do without: no null may stand there, and the database has no value for them."""
    dialect = catalogue.dialect
    return frozenset(
        name
        for name, column in served.columns.items()
        if not (_is_made(column.column) or column.generated)
        and not dialect.nullable(column, served.key)
        and not dialect.fills(column, served.key)
    )


def _is_made(column: Column[Any]) -> bool:
    """GENERATED ALWAYS AS an expression or AS IDENTITY (ISO/IEC 9075-2, 11.4)."""
    return column.computed is not None or (column.identity is not None and bool(column.identity.always))


def keys_of(catalogue: Catalogue, served: Served) -> list[tuple[str, ...]]:
    """The columns of the primary key, then those of the other unique keys that rows can be asked by.

    A key that the configuration states, and the database does not keep, is none: nothing is written by it.
    """
    of_table = [access for access in catalogue.access.values() if access.served.name == served.name]
    found = [access.by for access in of_table if access.by and not access.stated]
    return sorted(set(found), key=lambda by: (by != served.key, by))
