"""``Routine``: a statement of the configuration or a function of the database, ready to be run for an operation.

How it came about is known to who made it; ``running.py`` runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import TextClause

from resolvers.model import EnumType, LeftOut, ObjectType, Operation, Scalar, SourceModel
from resolvers.source import Call
from resolvers.sql.column import Reader, SqlColumn
from resolvers.sql.reading import Statement
from resolvers.sql.routines.parameters import Parameter
from resolvers.sql.routines.types import tidied

Gives: TypeAlias = Literal["one", "many", "value", "values", "affected", "nothing"]


@dataclass(frozen=True, slots=True)
class Result:
    """A column of the result: ``name`` as the database has it. ``shown``: the scalar that its values are shown as."""

    name: str
    column: SqlColumn
    shown: Scalar

    def reader(self) -> Reader:
        """What turns a driver's value, which is not null, into that of the neutral form."""
        read, shown = self.column.reader(), self.shown
        if read is None:
            return lambda value: tidied(shown, value)
        return lambda value: tidied(shown, read(value))


@dataclass(frozen=True, slots=True)
class Routine:
    """``write``: the arguments that were given → the statement, whose parameters ``names`` tells. ``gives``: one row,
    many, the one value of one row, that of many, how many rows were changed, or nothing. ``results``: the columns of a
    row, by their names. ``wire``: the journal's line. ``select``: makes the statement of a call whose rows the caller
    filters and orders, in place of ``write``. ``table``: the type of the table whose rows it gives, empty where
    they are of a type of its own.
    """

    name: str
    parameters: Mapping[str, Parameter]
    names: Mapping[str, str]
    write: Callable[[Collection[str]], TextClause]
    gives: Gives
    results: Sequence[Result]
    wire: str
    select: Callable[[Call], Statement] | None = None
    table: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A routine and the operation that it answers, with the types that this takes."""

    operation: Operation
    routine: Routine
    types: Mapping[str, ObjectType]
    enums: Mapping[str, EnumType]


@dataclass(frozen=True, slots=True)
class Routines:
    """``model``: with the operations of all ``by_name``."""

    model: SourceModel
    by_name: Mapping[str, Routine]
    left_out: tuple[LeftOut, ...] = ()
