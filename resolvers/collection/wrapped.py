"""Reads of SOAP that take many keys in one call, told where there is no doubt: all that is asked for is one list of
plain values, and all that is answered is one list of objects with a field of that very name.

Lists lie inside wrappers there, at both ends. Which key belongs to which object is proved by that field when a call is
answered (``resolvers/batch.py``).
"""

from __future__ import annotations

from dataclasses import replace

from resolvers.model import (
    Effect,
    Inside,
    ListRef,
    ManyKeys,
    NamedRef,
    ObjectType,
    Operation,
    ScalarRef,
    SourceModel,
    TypeRef,
)
from resolvers.naming import singular

_DEEPEST = 4
"""Envelopes lie in each other at most so deep: a body, a result, a list, an item."""
_MANY = 100


def wrapped_keys(model: SourceModel, operation: Operation) -> Operation:
    """The operation with what it shows; itself where it shows nothing."""
    if operation.effect is not Effect.READ or operation.keys is not None:
        return operation
    asked, answered = _asked(model, operation), _answered(model, operation)
    if asked is None or answered is None:
        return operation
    path, scalar, names = asked
    inside, row = answered
    field = next((field for field in row.fields.values() if field.name.casefold() in names), None)
    if field is None or not isinstance(field.type, ScalarRef) or field.type.scalar is not scalar.scalar:
        return operation
    sign = f'takes many keys: "{".".join(path)}" is a list, and the results have "{field.name}"'
    return replace(
        operation,
        inside=inside if inside.at else None,
        keys=ManyKeys(path, {field.name: ""}, _MANY, guessed=True),
        evidence=(*operation.evidence, f"{sign}; at most {_MANY} at once"),
    )


def _asked(model: SourceModel, operation: Operation) -> tuple[tuple[str, ...], ScalarRef, set[str]] | None:
    """The path to the one list of plain values that is needed, its items, and the names that they may have."""
    needed = [argument for argument in operation.arguments.values() if argument.required]
    if len(operation.arguments) != 1 or len(needed) > 1:
        return None
    (argument,) = operation.arguments.values()
    path = [argument.name]
    while isinstance(argument.type, NamedRef):
        given = model.inputs.get(argument.type.name)
        if given is None or given.one_of or len(given.fields) != 1 or len(path) == _DEEPEST:
            return None
        (argument,) = given.fields.values()
        path.append(argument.name)
    if not isinstance(argument.type, ListRef) or not isinstance(argument.type.item, ScalarRef):
        return None
    names = {each.casefold() for name in path for each in (name, singular(name))}
    return tuple(path), argument.type.item, names


def _answered(model: SourceModel, operation: Operation) -> tuple[Inside, ObjectType] | None:
    """Where the one list of objects lies in the reply."""
    at: list[str] = []
    ref: TypeRef | None = operation.result
    nullable = False
    while isinstance(ref, NamedRef):
        found = model.types.get(ref.name)
        if not isinstance(found, ObjectType) or len(found.fields) != 1 or len(at) == _DEEPEST:
            return None
        (field,) = found.fields.values()
        at.append(field.name)
        nullable = nullable or ref.nullable or not field.required
        ref = field.type
    if not isinstance(ref, ListRef) or not isinstance(ref.item, NamedRef):
        return None
    row = model.types.get(ref.item.name)
    if not isinstance(row, ObjectType):
        return None
    return Inside(tuple(at), replace(ref, nullable=ref.nullable or nullable)), row
