"""Links that descriptions hint at: OpenAPI ``links`` objects, and fields that bear the name of another object's key.

They are suggestions for a person to read, each with its evidence, and never made by themselves. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resolvers.collection.envelope import path_of, row_of
from resolvers.collection.words import IDENTITY, plain, singular
from resolvers.keys import agree
from resolvers.model import (
    Effect,
    Field,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    SourceModel,
    is_view,
    unwrapped,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A link that may be meant: field ``name`` on ``type`` of ``source`` answered by ``operation`` of ``target``.

    ``match``: the parent's fields → the result's fields (or, with ``by_argument``, the arguments that take them), all
    by the sources' own names. ``evidence`` is a sentence for a reader. ``stated``: the description itself says so.
    """

    source: str
    type: str
    name: str
    target: str
    operation: str
    match: tuple[tuple[str, str], ...]
    many: bool
    evidence: str
    by_argument: bool = False
    stated: bool = False


def suggest(models: Mapping[str, SourceModel]) -> list[Suggestion]:
    """What the models hint at, each field at most once; within one source before across sources."""
    found: dict[tuple[str, str, str], Suggestion] = {}
    targets = {name: list(_targets(model)) for name, model in models.items()}
    for name, model in models.items():
        for item in _declared(model):
            found.setdefault((item.source, item.type, item.name), item)
        order = [name, *(other for other in models if other != name)]
        for item in _by_name(model, [(each, target) for each in order for target in targets[each]]):
            found.setdefault((item.source, item.type, item.name), item)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Target:
    """An operation that answers objects of one kind by their key. ``argument`` takes the key where it takes one."""

    operation: Operation
    row: ObjectType
    field: str
    argument: str
    rank: int


def _targets(model: SourceModel) -> Iterator[_Target]:
    if model.has_tables:
        for operation in model.operations.values():
            row = row_of(model, operation.result)
            if row is not None and len(row.key) == 1 and operation.rows is not None and operation.keys is not None:
                yield _Target(operation, row, row.key[0], "", 0)
        return
    for operation in model.operations.values():
        opened = unwrapped(operation)
        row = row_of(model, opened.result)
        if operation.effect is not Effect.READ or row is None or is_view(operation):
            continue
        required = [argument.name for argument in operation.arguments.values() if argument.required]
        keys = operation.keys
        if keys is not None and len(keys.by) == 1 and set(required) <= set(keys.argument[:1]):
            (field,) = keys.by
            if _identifies(row, field):
                yield _Target(operation, row, field, "", 0)
        elif len(required) == 1 and not isinstance(opened.result, ListRef):
            field = _answering(row, required[0], operation)
            if field:
                yield _Target(operation, row, field, required[0], 1)


def _answering(row: ObjectType, argument: str, operation: Operation) -> str:
    """The field of the result that a required argument asks for, empty where none is its key."""
    stated = next((field for field, name in operation.by.items() if name == argument), "")
    if stated:
        return stated if _identifies(row, stated) else ""
    word = plain(argument)
    named = {f"{plain(row.name)}{identity}": identity for identity in IDENTITY}
    for field in row.fields:
        if _identifies(row, field) and plain(field) in {word, named.get(word)}:
            return field
    return ""


def _identifies(row: ObjectType, field: str) -> bool:
    own = {*IDENTITY, *(f"{plain(row.name)}{identity}" for identity in IDENTITY), plain(row.name) + "number"}
    return field in row.key or plain(field) in own


def _by_name(model: SourceModel, targets: list[tuple[str, _Target]]) -> Iterator[Suggestion]:
    """Fields such as ``customerId`` and ``customer_ids`` where ``Customer`` can be asked by ``id``."""
    named: dict[str, list[tuple[str, _Target]]] = {}
    for source, target in targets:
        for owner in _called(target):
            named.setdefault(f"{owner}{_key(target)}", []).append((source, target))
    joined = {(relation.type, key) for relation in model.relations for key, _ in relation.match}
    for type_name, definition in model.types.items():
        if not isinstance(definition, ObjectType) or definition.of:
            continue  # what tells of rows as a whole has no row to lead to
        for field in definition.fields.values():
            scalar, listed = _scalar(field)
            word = plain(field.name)
            word = singular(word) if listed else word
            fitting = [item for item in named.get(word, ()) if _agrees(scalar, item[1])]
            if not fitting or (type_name, field.name) in joined:
                continue
            source, target = min(fitting, key=lambda item: item[1].rank)
            if source == model.name and target.row is definition and target.field == field.name:
                continue
            name = _shortened(field.name, listed=listed)
            if not name or name in definition.fields:
                continue
            how = "many at once" if not target.argument else "one by one"
            evidence = (
                f"{field.name} bears the name of {target.row.name}'s {target.field}, "
                f"by which {target.operation.name} is asked {how}"
            )
            by_argument = target.field not in target.row.fields
            match = ((field.name, target.argument if by_argument else target.field),)
            yield Suggestion(
                model.name, type_name, name, source, target.operation.name, match, listed, evidence, by_argument
            )


def _called(target: _Target) -> set[str]:
    """What the objects are called: by their type, and by the path under which one of them lies."""
    literal = [part for part in path_of(target.operation) if not part.startswith("{")]
    return {singular(plain(target.row.name)), *(singular(plain(part.partition(".")[0])) for part in literal[-1:])}


def _key(target: _Target) -> str:
    word, own = plain(target.field), plain(target.row.name)
    return word.removeprefix(own) or word


def _shortened(name: str, *, listed: bool) -> str:
    """``customer_id`` → ``customer``; ``customerIds`` → ``customers``."""
    for word in IDENTITY:
        for ending in (f"_{word}", f"-{word}", word.capitalize(), word.upper(), f"_{word.capitalize()}"):
            for behind in ("s", "") if listed else ("",):
                if name.endswith(f"{ending}{behind}") and len(name) > len(ending) + len(behind):
                    return name[: -len(ending) - len(behind)].rstrip("_-") + behind
    return ""


def _agrees(scalar: Scalar | None, target: _Target) -> bool:
    field = target.row.fields.get(target.field)
    kind = _scalar(field)[0] if field is not None else None
    compare = target.operation.compare | target.operation.compare_by.get(target.field, frozenset())
    return scalar is not None and kind is not None and agree(scalar, kind, compare)


def row_name(operation: Operation) -> str | None:
    """The model's name of the type that an operation's rows have, seen through its envelope."""
    ref = unwrapped(operation).result
    while isinstance(ref, ListRef):
        ref = ref.item
    return ref.name if isinstance(ref, NamedRef) else None


def _scalar(field: Field) -> tuple[Scalar | None, bool]:
    ref = field.type
    item = ref.item if isinstance(ref, ListRef) else ref
    return (item.scalar if isinstance(item, ScalarRef) else None), isinstance(ref, ListRef)


def _declared(model: SourceModel) -> Iterator[Suggestion]:
    """The ``links`` objects of a document (OpenAPI 3.1 section 4.8.20), where each is one key of one operation."""
    for hint in model.hints:
        operation, target = model.operations.get(hint.operation), model.operations.get(hint.target)
        if operation is None or target is None or target.effect is not Effect.READ:
            continue
        row = row_of(model, unwrapped(operation).result)
        given = row_of(model, unwrapped(target).result)
        required = {name for name, item in target.arguments.items() if item.required}
        if row is None or given is None or not required <= {argument for argument, _ in hint.match}:
            continue
        # Only members of the row itself can be matched; what lies deeper is another type's.
        wrapped = unwrapped(operation).at
        paths = [
            (argument, path[len(wrapped) :] if path[: len(wrapped)] == wrapped else path)
            for argument, path in hint.match
        ]
        if not all(len(path) == 1 and path[0] in row.fields for _, path in paths):
            continue
        answered = {name: field for field, name in target.by.items()}
        by_argument = not all(argument in answered for argument, _ in paths)
        match = tuple((path[0], argument if by_argument else answered[argument]) for argument, path in paths)
        many = isinstance(unwrapped(target).result, ListRef)
        evidence = f'the document links {hint.operation} to {hint.target} as "{hint.name}"'
        yield Suggestion(
            model.name, row.name, hint.name, model.name, target.name, match, many, evidence,
            by_argument=by_argument, stated=True,
        )  # fmt: skip
