"""How a function or a procedure is called in SQL: identifiers from the catalogue, quoted, and every value bound."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs
from sqlalchemy import Column, TextClause, quoted_name
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.sql.functions import Function

from resolvers.errors import BadRequest
from resolvers.source import Call
from resolvers.sql.catalogue import Access, Catalogue, Served
from resolvers.sql.dialects import DeclaredArgument, DeclaredRoutine
from resolvers.sql.reading import Statement, statement
from resolvers.sql.routines import Mark, Parameter, Pieces, Result, bound_names, written

_ROWS = "isthmus_rows"
_PLACE = "isthmus_value"


@dataclass(frozen=True, slots=True)
class Called:
    """``named``: argument → the name that it has as a field's argument; ``spoken``: how identifiers are quoted."""

    routine: DeclaredRoutine
    named: Mapping[int, str]
    parameters: Mapping[str, Parameter]
    spoken: SqlDialect
    arrays: bool

    def statement(self, results: tuple[Result, ...]) -> Callable[[Collection[str]], TextClause]:
        """The statement that calls it with the arguments that are given."""

        def write(given: Collection[str]) -> TextClause:
            pieces = self._pieces(results, given)
            return written(pieces, self.parameters, arrays=self.arrays)

        return write

    def rows(self, operation: str, served: Served, catalogue: Catalogue) -> Callable[[Call], Statement]:
        """The statement of a call that filters and orders the rows of the table ``served`` that it gives."""
        types = [Column(name, each.column.type) for name, each in served.columns.items()]
        names = bound_names(self.parameters)

        def select(call: Call) -> Statement:
            given = self._given(call.arguments.keys())
            values = {
                names[name]: self.parameters[name].value(call.arguments.get(name, self.parameters[name].default))
                for name in given
            }
            made: list[Any] = [
                written(pieces, self.parameters, arrays=self.arrays).bindparams(
                    **{names[name]: values[names[name]] for name in _marks(pieces)}
                )
                for pieces in self._arguments(given)
            ]
            packages = (quoted_name(self.routine.schema, quote=True),) if self.routine.schema else ()
            called: Any = Function(quoted_name(self.routine.name, quote=True), *made, packagenames=packages)
            table = called.table_valued(*types, name=_ROWS)
            columns = {name: replace(each, column=table.c[name]) for name, each in served.columns.items()}
            own = replace(served, table=table, columns=columns)
            known = replace(catalogue, access={**catalogue.access, operation: Access(own)})
            asked = structs.replace(call, operation=operation, arguments={})
            found = statement(known, asked)
            return replace(found, wire=f"FUNCTION {self.routine.full_name}{found.wire.partition(served.name)[2]}")

        return select

    def _pieces(self, results: tuple[Result, ...], given: Collection[str]) -> Pieces:
        routine = self.routine
        inside: list[str | Mark] = [f"{self._name()}("]
        for index, pieces in enumerate(self._arguments(self._given(given), outs=routine.procedure)):
            inside += [*([", "] if index else []), *pieces]
        inside.append(")")
        if routine.procedure:
            return ("CALL ", *inside)
        if not routine.columns and not routine.many:
            if routine.value is None or not results:
                return ("SELECT ", *inside)
            front, _, back = self._shown(results[0], _PLACE).partition(_PLACE)
            return (f"SELECT {front}", *inside, f'{back} AS "value"')
        quote = self._quoted
        if not routine.columns:
            return ("SELECT ", self._shown(results[0], f'{_ROWS}."value"'), " FROM ", *inside, f' AS {_ROWS}("value")')
        shown = ", ".join(
            f"{self._shown(result, f'{_ROWS}.{quote(result.name)}')} AS {quote(result.name)}" for result in results
        )
        nothing = "" if routine.many else f" WHERE NOT ({_ROWS} IS NULL)"
        return ("SELECT ", shown, " FROM ", *inside, f" AS {_ROWS}{nothing}")

    @staticmethod
    def _shown(result: Result, what: str) -> str:
        if not result.column.degraded:
            return what
        return f"to_jsonb({what})" if result.column.scalar.value == "JSON" else f"CAST({what} AS text)"

    def _given(self, given: Collection[str]) -> set[str]:
        """The arguments that are passed: all but those that the database has a value for and nobody gave."""
        passed = set()
        left = ""
        for index, argument in enumerate(self.routine.arguments):
            name = self.named.get(index)
            if name is None:
                continue
            if name in given or not argument.optional:
                if left and not self._by_name():
                    raise BadRequest(f"{name} cannot be given without {left}")
                passed.add(name)
            else:
                left = name
        return passed

    def _by_name(self) -> bool:
        """Whether arguments can be passed in any order, and some be left out."""
        return self.arrays and all(argument.name for argument in self.routine.arguments)

    def _arguments(self, given: Collection[str], *, outs: bool = False) -> list[Pieces]:
        made: list[Pieces] = []
        for index, argument in enumerate(self.routine.arguments):
            front = f"{self._quoted(argument.name)} => " if self._by_name() else ""
            name = self.named.get(index)
            if name in given and name is not None:
                made.append((front, Mark(name)) if front else (Mark(name),))
            elif argument.out and outs:
                made.append((f"{front}NULL",))
        return made

    def _name(self) -> str:
        routine = self.routine
        return ".".join(self._quoted(part) for part in (routine.schema, routine.name) if part)

    def _quoted(self, name: str) -> str:
        return str(self.spoken.identifier_preparer.quote_identifier(name))


def _marks(pieces: Pieces) -> list[str]:
    return [piece.name for piece in pieces if isinstance(piece, Mark)]


def argument_names(arguments: tuple[DeclaredArgument, ...]) -> dict[int, str]:
    """Position → the name of each argument that a caller gives; one without a name is called by its position."""
    names: dict[int, str] = {}
    for index, argument in enumerate(arguments):
        if argument.out:
            continue
        name = argument.name or f"argument{index + 1}"
        while name in names.values():
            name += "_"
        names[index] = name
    return names
