"""What lies inside a reply or a row: members with their paths, and what to say where one is not there.

It reads a model and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from resolvers.model import (
    Field,
    InterfaceType,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    SourceModel,
    TypeRef,
    unwrapped,
)
from resolvers.problem import nearest, offered

_DEEPEST = 3


def inside(model: SourceModel, ref: TypeRef | None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, TypeRef]]:
    """The members of a reply with their paths, those that lie less deep first."""
    while isinstance(ref, ListRef):
        ref = ref.item
    fields = {} if ref is None else fields_of(model, ref)
    for name, field in fields.items():
        yield ".".join((*path, name)), field.type
    if len(path) < _DEEPEST:
        for name, field in fields.items():
            yield from inside(model, field.type, (*path, name))


def member_near(model: SourceModel, above: str, fields: Mapping[str, Field], name: str) -> str:
    """How to mend that ``above`` has no such member: the nearest one, or one that lies deeper."""
    near = nearest(name, fields)
    if near:
        return near
    prefix = f"{above}." if above else ""
    for first, field in fields.items():
        for path, _ in inside(model, field.type, (first,)):
            if path.endswith(f".{name}"):
                return f'did you mean "{prefix}{path}"'
    return offered(name, [f"{prefix}{each}" for each in fields])


def where_lists_lie(model: SourceModel, operation: Operation) -> str:
    opened = unwrapped(operation)
    lists = [path for path, ref in inside(model, opened.result) if isinstance(ref, ListRef)]
    return f"state at: {'.'.join((*opened.at, lists[0]))}" if len(lists) == 1 else "state at: where the list lies"


def row_fields(model: SourceModel, operation: Operation) -> Mapping[str, Field]:
    result = unwrapped(operation).result
    return {} if result is None else fields_of(model, result)


def fields_of(model: SourceModel, ref: TypeRef) -> Mapping[str, Field]:
    while isinstance(ref, ListRef):
        ref = ref.item
    found = model.types.get(ref.name) if isinstance(ref, NamedRef) else None
    return found.fields if isinstance(found, ObjectType | InterfaceType) else {}
