"""Arguments on their way to a source: what GraphQL calls null and the source calls absent.

An optional argument whose type is not nullable is nullable in GraphQL; a null given for it means that it was left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from resolvers import Argument, ListRef, NamedRef, SourceModel, TypeRef


def present(arguments: Mapping[str, object], declared: Mapping[str, Argument], model: SourceModel) -> dict[str, object]:
    """The arguments without nulls that their declaration cannot take, at every depth of input types."""
    return {
        name: _value(value, declared[name].type, model) if name in declared else value
        for name, value in arguments.items()
        if value is not None or name not in declared or declared[name].type.nullable
    }


def _value(value: object, ref: TypeRef, model: SourceModel) -> object:
    if isinstance(value, list) and isinstance(ref, ListRef):
        return [_value(item, ref.item, model) for item in value]
    if isinstance(value, Mapping) and isinstance(ref, NamedRef) and ref.name in model.inputs:
        return present(value, model.inputs[ref.name].fields, model)
    return value
