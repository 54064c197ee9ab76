"""How an operation takes keys, one or many in a call, and how they are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from resolvers.members import row_fields
from resolvers.model import Argument, ListRef, ManyKeys, NamedRef, Operation, SourceModel, TypeRef
from resolvers.problem import Problem, nearest, offered
from resolvers.settings import OperationSettings
from resolvers.stated.fault import Fault, no_field, path_of


def keyed(model: SourceModel, operation: Operation, stated: OperationSettings) -> tuple[Operation, Problem | None]:
    """The operation with what is stated of its keys alone, by who made it; a statement that does not fit is told."""
    try:
        return compared(model, with_keys(model, operation, stated), stated), None
    except Fault as fault:
        return operation, fault.problem


def with_keys(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    if stated.keys is None and stated.by is None and stated.max_keys is None:
        return operation
    known = operation.keys
    if stated.keys is None and known is not None and not known.argument:
        if stated.by is not None:
            raise Fault(f'"{operation.name}" can be asked by any of its fields already', "by", mend="remove it")
        return replace(operation, keys=replace(known, max_keys=stated.max_keys or known.max_keys))
    if stated.keys is None and known is None:
        if stated.max_keys is not None:
            what = "max_keys says how many keys one call takes, and keys does not say where they go"
            raise Fault(what, "max_keys", mend="add keys, or remove max_keys")
        return replace(operation, keys=None, by=_single(model, operation, stated.by or {}))
    if stated.keys is not None:
        path = path_of(stated.keys, "keys")
    else:
        assert known is not None
        path = known.argument
    if known is not None and stated.keys is None and stated.by is None:
        return replace(operation, keys=replace(known, max_keys=stated.max_keys or known.max_keys))
    item = _key_item(model, operation, path)
    if stated.by is not None:
        by = _parts(model, operation, item, stated.by)
    elif known is not None and path == known.argument:
        by = dict(known.by)
    else:
        mend = _by_line(model, item)
        raise Fault("keys needs by: the field of the result that holds the key", "keys", mend=mend)
    most = stated.max_keys or (known.max_keys if known is not None else None)
    return replace(operation, keys=ManyKeys(path, by) if most is None else ManyKeys(path, by, most))


def compared(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    """All parts of the key alike, or each by the field of the result that holds it."""
    if not isinstance(stated.compare, dict):
        return replace(operation, compare=frozenset(stated.compare) or operation.compare)
    if operation.rows is not None:
        what = "the columns of a table say themselves how they are compared, and what is said beside goes for all"
        raise Fault(what, "compare", mend="write a list, such as compare: [number]")
    fields = row_fields(model, operation)
    for name in stated.compare:
        if name not in fields:
            raise no_field(model, operation, name, "compare", name)
    return replace(operation, compare_by={name: frozenset(said) for name, said in stated.compare.items()})


def _by_line(model: SourceModel, item: TypeRef) -> str:
    """What to add where nothing says which fields of the result are the key."""
    members = model.inputs[item.name].fields if isinstance(item, NamedRef) and item.name in model.inputs else None
    return "add by" if members is None else f"add by: {{ {', '.join(f'FIELD: {name}' for name in members)} }}"


def _single(model: SourceModel, operation: Operation, by: str | Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(by, str):
        required = [name for name, argument in operation.arguments.items() if argument.required]
        if by in operation.arguments:
            by = {by: by}
        elif len(required) == 1:
            by = {by: required[0]}
        else:
            what = f'"{operation.name}" has no argument "{by}"'
            raise Fault(what, "by", mend=nearest(by, operation.arguments) or f"write by: {{ {by}: its argument }}")
    fields = row_fields(model, operation)
    for field, argument in by.items():
        if field not in fields:
            raise no_field(model, operation, field, "by")
        if argument not in operation.arguments:
            what = f'"{operation.name}" has no argument "{argument}"'
            raise Fault(what, "by", field, mend=offered(argument, operation.arguments))
    return dict(by)


def _parts(model: SourceModel, operation: Operation, item: TypeRef, by: str | Mapping[str, str]) -> Mapping[str, str]:
    members = model.inputs[item.name].fields if isinstance(item, NamedRef) and item.name in model.inputs else None
    if isinstance(by, str):
        by = {by: "" if members is None else by}
    fields = row_fields(model, operation)
    if members is None and len(by) != 1:
        raise Fault("each key is one plain value, so by names one field", "by")
    for field, member in by.items():
        if field not in fields:
            raise no_field(model, operation, field, "by")
        if members is None and member:
            raise Fault(f'each key is one plain value and has no part "{member}"', "by", mend=f"write by: {field}")
        if members is not None and member not in members:
            raise Fault(f'a key has no part "{member}"', "by", mend=offered(member, members))
    return dict(by)


def _key_item(model: SourceModel, operation: Operation, path: tuple[str, ...]) -> TypeRef:
    members: Mapping[str, Argument] = operation.arguments
    ref: TypeRef | None = None
    for index, name in enumerate(path):
        if name not in members:
            what = f'"{".".join(path[:index])}" has no member "{name}"'
            what = what if index else f'"{operation.name}" has no argument "{name}"'
            raise Fault(what, "keys", mend=offered(name, members))
        ref = members[name].type
        inner = model.inputs.get(ref.name) if isinstance(ref, NamedRef) else None
        members = inner.fields if inner is not None else {}
    if not isinstance(ref, ListRef):
        inside = [name for name, member in members.items() if isinstance(member.type, ListRef)]
        mend = f'did you mean "{".".join((*path, inside[0]))}"' if inside else "name the argument that takes a list"
        raise Fault(f'"{".".join(path)}" does not take a list', "keys", mend=mend)
    if isinstance(ref.item, ListRef):
        raise Fault(f'"{".".join(path)}" takes a list of lists', "keys")
    return ref.item
