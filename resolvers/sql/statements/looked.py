"""What the database says of the statements of the configuration, asked once and kept for starts without it.

A statement that is not taken is told with the database's own words: this happens before anyone is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from resolvers.sql.catalogue import Catalogue
from resolvers.sql.dialects import Described, NotTaken
from resolvers.sql.routines import Parameter, bound_names, written
from resolvers.sql.statements.arguments import Stated
from resolvers.sql.statements.lexer import Written

_QUERIES = frozenset({"select", "with", "values", "table"})


@dataclass(frozen=True, slots=True)
class Looked:
    """``free``: what the database says while it finds the types of arguments itself, where it does; ``final``: what it
    says of the statement as it is run.
    """

    free: Described | None
    final: Described


@dataclass(frozen=True, slots=True)
class Draft:
    """One statement, read and not yet looked at by the database."""

    name: str
    text: Written
    arguments: Mapping[str, Stated]
    reads: bool

    def parameters(self, catalogue: Catalogue, free: Described | None) -> dict[str, Parameter]:
        """The arguments as the statement takes them. ``free``: as in ``Looked``."""
        names = bound_names(self.arguments)
        if free is None:
            return {name: stated.plain(catalogue) for name, stated in self.arguments.items()}
        return {
            name: stated.fitted(catalogue, free.parameters.get(names[name])) for name, stated in self.arguments.items()
        }


def look(connection: Connection, catalogue: Catalogue, draft: Draft) -> Looked:
    """Has the database look at a statement.

    Raises:
        NotTaken: it cannot be run.
    """
    free = None
    if catalogue.dialect.arrays:
        # What nobody tells it, the database finds by what an argument is compared with.
        uncast = {
            name: Parameter(name, parameter.column, parameter.many)
            for name, parameter in draft.parameters(catalogue, None).items()
        }
        try:
            free = _described(connection, catalogue, draft, uncast)
        except NotTaken:
            free = None
    return Looked(free, _described(connection, catalogue, draft, draft.parameters(catalogue, free)))


def _described(
    connection: Connection, catalogue: Catalogue, draft: Draft, parameters: Mapping[str, Parameter]
) -> Described:
    names = bound_names(parameters)
    values = {} if catalogue.dialect.arrays else {
        names[name]: stated.probe(parameters[name]) for name, stated in draft.arguments.items()
    }  # fmt: skip
    query = written(draft.text.pieces, parameters, arrays=catalogue.dialect.arrays)
    return catalogue.dialect.describe(connection, query, values, reads=draft.reads and draft.text.first in _QUERIES)
