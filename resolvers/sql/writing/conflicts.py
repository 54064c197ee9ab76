"""What a database refused becomes an error of ours, which names the kind of constraint and the columns that it is on.

Neither a value of a row nor a word of the database goes further; which columns the caller may see is decided above.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, Table
from sqlalchemy.exc import DBAPIError

from resolvers.errors import BadRequest, Conflict, IsthmusError, SourceRejected
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.dialects import Clash, Forbidden, Unkept, Violation, identifiers
from resolvers.sql.writing.target import Target


def stale() -> Conflict:
    """The row does not fulfil any more what the caller took for granted."""
    return Conflict("ifMatch does not hold", extensions={"constraint": "stale", "fields": []})


def clashed(catalogue: Catalogue, error: Exception) -> bool:
    """Whether the database undid a change since another one came between."""
    return isinstance(error, DBAPIError) and isinstance(catalogue.dialect.refusal(error), Clash)


def refused(catalogue: Catalogue, target: Target, error: Exception, *, told: bool) -> IsthmusError:
    """The error to raise for what a driver complained about; ``told``: the caller hears what a change broke."""
    refusal = catalogue.dialect.refusal(error) if isinstance(error, DBAPIError) else None
    if isinstance(refusal, Violation) and not told:
        return Conflict()  # which constraint it was would tell of rows that the caller does not see
    if isinstance(refusal, Violation):
        fields = _fields(target, refusal)
        return Conflict(refusal.kind, extensions={"constraint": refusal.kind, "fields": fields})
    if isinstance(refusal, Clash):
        return Conflict("another change came between", extensions={"constraint": "concurrent", "retryable": True})
    if isinstance(refusal, Unkept):
        return BadRequest("a value does not fit its column")
    if isinstance(refusal, Forbidden):
        return SourceRejected("the database does not let it be changed so")
    return catalogue.dialect.failure(error)


def _fields(target: Target, violation: Violation) -> list[str]:
    """The columns of this table that the constraint is on; none where it is another table's."""
    if violation.table and violation.table != target.table.name:
        return []
    found = violation.columns or _of_constraint(target.table, violation.constraint, violation.kind == "check")
    return [name for name in target.served.columns if name in set(found)]


def _of_constraint(table: Table, name: str, checks: bool) -> Iterable[str]:  # noqa: FBT001  # which of two sets
    if not name:
        return ()
    if checks:
        checked = [item for item in table.constraints if isinstance(item, CheckConstraint)]
        condition = next((str(item.sqltext) for item in checked if item.name == name), name)
        named = identifiers(condition)
        return [column.name for column in table.columns if column.name.lower() in named]
    keyed: list[Any] = [*table.constraints, *table.indexes]
    for item in keyed:
        if item.name == name and not isinstance(item, CheckConstraint):
            return [column.name for column in item.columns]
    return ()
