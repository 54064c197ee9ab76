"""Joins of one database: a table once more in a statement, and the condition that leads to it."""

from __future__ import annotations

from sqlalchemy import and_

from resolvers.predicate import Join
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Expression


def joined(catalogue: Catalogue, served: Served, join: Join, called: str) -> tuple[Served, Expression]:
    """The table that a join leads to, under the name ``called``, and the condition: columns are compared as the
    database itself compares those of a foreign key.

    Raises:
        BadRequest: there is no such list, or no such column.
    """
    there = catalogue.rows(join.operation, called)
    pairs = [(served.column(mine).column, there.column(theirs).column) for mine, theirs in join.match]
    return there, and_(*(mine == theirs for mine, theirs in pairs))
