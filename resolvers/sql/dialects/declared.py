"""``DeclaredRoutine``: a function or a procedure as a catalogue tells of it, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.sql.dialects.described import TypeName


@dataclass(frozen=True, slots=True)
class DeclaredArgument:
    """``name``: empty where it has none. ``optional``: the database has a value for it. ``out``: it is given back and
    takes nothing.
    """

    name: str
    type: TypeName
    optional: bool = False
    out: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredRoutine:
    """``schema``: empty for the default one. ``reads``: the database says that it changes nothing. ``strict``: it gives
    nothing where an argument is null. ``many``: it gives rows, or a list of values. ``columns``: those of its rows;
    ``value``: the one value that it gives instead, or the values of the list. Both are empty where it gives nothing.
    ``table``: schema (as above) and name of the table whose rows they are. ``refused``: why it cannot be served.
    """

    schema: str
    name: str
    procedure: bool
    reads: bool
    arguments: tuple[DeclaredArgument, ...] = ()
    strict: bool = False
    many: bool = False
    columns: tuple[tuple[str, TypeName], ...] = ()
    value: TypeName | None = None
    table: tuple[str, str] | None = None
    comment: str = ""
    refused: str = ""

    @property
    def full_name(self) -> str:
        """Its name as the source has it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name
