"""Root fields that name a row of a table by columns: which columns their arguments tell of.

Who asks for a row by a value learns whether a row has it, as a filter tells. What rules make of it is not
decided here.
"""

from __future__ import annotations

from collections.abc import Mapping

from resolvers import Effect, NamedRef, Operation
from schema.filters import MIRROR
from schema.source_types import SourceTypes
from schema.types import TypeBuilder


def tell_columns(types: TypeBuilder) -> None:
    """Notes the ``Type.field`` at every such argument. Names are settled by now."""
    for made in types.sources.values():
        for operation in made.model.operations.values():
            row, columns = _named_by(made, operation)
            root = made.roots.get(operation.name)
            if root is None or not columns or row not in made.outputs:
                continue
            owner = made.outputs[row].name
            fields = types.queries if operation.effect is Effect.READ else types.mutations
            for argument in fields[root].args.values():
                field = made.field_names[row].get(columns.get(argument.out_name or "", ""))
                if field is not None:
                    argument.extensions = {MIRROR: f"{owner}.{field}"}


def _named_by(made: SourceTypes, operation: Operation) -> tuple[str, Mapping[str, str]]:
    """The type of the row, and argument → column; nothing where rows are not named so."""
    result, change = operation.result, operation.change
    if not made.model.has_tables or not isinstance(result, NamedRef):
        return "", {}
    if change is None:
        return result.name, {argument: column for column, argument in operation.by.items()}
    if change.verb not in {"update", "delete"} or change.conditional:
        return "", {}
    members = made.model.types[change.rows]
    inputs = made.model.inputs
    named = {
        name: name
        for name, argument in operation.arguments.items()
        if name in getattr(members, "fields", {})
        and not (isinstance(argument.type, NamedRef) and argument.type.name in inputs)
    }
    return change.rows, named
