"""What a caller gives for a row, as parameters of a statement: nulls apart from what is absent, values exact."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers.errors import BadRequest, Conflict
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.column import Expression
from resolvers.sql.values import Unfit
from resolvers.sql.writing.target import Target


class Values:
    """The values of rows that give the same columns. ``names``: column → the name of its parameter."""

    def __init__(self, target: Target, columns: tuple[str, ...]) -> None:
        # The parameters of VALUES and SET may not be called as a column is.
        front = "v"
        while any(name.startswith(front) for name in target.served.columns):
            front += "v"
        self.names = {name: f"{front}{index}" for index, name in enumerate(columns)}
        self.expressions: dict[str, Expression] = {
            name: target.inputs[name].keeping(parameter) for name, parameter in self.names.items()
        }

    def parameters(self, row: Mapping[str, object]) -> dict[str, object]:
        """The parameters of one row, whose values ``fitting`` gave."""
        return {parameter: row[name] for name, parameter in self.names.items()}


def fitting(catalogue: Catalogue, target: Target, row: object) -> dict[str, object]:
    """The row by columns as the driver takes it.

    Raises:
        BadRequest: a column that cannot be given, or a value that it cannot keep. Conflict: a null that it cannot be.
    """
    if not isinstance(row, Mapping):
        raise BadRequest("a row is an object")
    made: dict[str, object] = {}
    nulls: list[str] = []
    for name, value in row.items():
        column = target.inputs.get(name)
        if column is None:
            raise BadRequest(f"{target.served.name} has no column {name} that can be given")
        if value is not None:
            try:
                made[name] = column.kept(value)
            except Unfit as error:
                raise BadRequest(f"{name} {error}") from None
            continue
        made[name] = None
        if not catalogue.dialect.nullable(column, target.served.key):
            nulls.append(name)
    if nulls:
        raise Conflict("a null where none may be", extensions={"constraint": "notNull", "fields": nulls})
    return made
