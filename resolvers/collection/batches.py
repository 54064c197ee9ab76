"""Which reads take many keys in one call, told by the argument's name and type and by the field that answers it.

Recognising only; that a guess does no harm is seen to where results are matched (``batch.py``).
"""

from __future__ import annotations

import re

from resolvers.collection.envelope import path_of, row_of
from resolvers.collection.words import IDENTITY, SIZE, plain, singular
from resolvers.keys import agree
from resolvers.model import (
    Argument,
    Field,
    ListRef,
    ManyKeys,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
    unwrapped,
)

_COMMA = re.compile(r"\bcommas?\b|\bcsv\b", re.IGNORECASE)
_MOST = re.compile(r"\b(?:up to|at most|max(?:imum)?(?: of)?:?|limit(?:ed to| of))\s+(\d{1,5})\b", re.IGNORECASE)
_IN_ADDRESS = 50
"""Keys in one address, where nothing says how many: 50 UUIDs stay far below the 8,000 bytes that servers take."""
_IN_BODY = 100
_PREFIXES = ("filter", "by")


def keys_of(model: SourceModel, operation: Operation) -> tuple[ManyKeys, str] | None:
    """How the operation takes many keys, and the signs of it; ``None`` where it does not, or not for sure.

    A list that may be cut short without a way to go on is refused: what is missing there may well exist.
    """
    opened = unwrapped(operation)
    row = row_of(model, opened.result)
    if row is None or not isinstance(opened.result, ListRef):
        return None
    bounded = any(plain(name) in SIZE for name in operation.arguments)
    if bounded and operation.paging is None:
        return None
    found = [item for path, argument in _candidates(model, operation) if (item := _keys(row, path, argument))]
    if not found:
        return None
    return min(found, key=lambda item: item[0])[1:]


def key_of(model: SourceModel, operation: Operation) -> tuple[dict[str, str], str] | None:
    """Which field of its one object a read is asked by, where the argument names it together with the object.

    ``GET /companies/{companyId}`` answers a company by its ``id``.
    """
    opened = unwrapped(operation)
    row = row_of(model, opened.result)
    required = [argument for argument in operation.arguments.values() if argument.required]
    if row is None or isinstance(opened.result, ListRef) or len(required) != 1:
        return None
    (argument,) = required
    segments = path_of(operation)
    at_end = len(segments) > 1 and segments[-1] == f"{{{argument.name}}}"
    owners = {plain(row.name)} | ({singular(plain(segments[-2]))} if at_end else set())
    for identity in IDENTITY:
        field = next((field for field in row.fields.values() if plain(field.name) == identity), None)
        if field is None or plain(argument.name) not in {f"{owner}{identity}" for owner in owners}:
            continue
        kinds = (argument.type, field.type)
        if all(isinstance(ref, ScalarRef) for ref in kinds):
            return {field.name: argument.name}, f'answers one by its "{field.name}": {argument.name} names it'
    return None


def _candidates(model: SourceModel, operation: Operation) -> list[tuple[tuple[str, ...], Argument]]:
    found: list[tuple[tuple[str, ...], Argument]] = []
    for name, argument in operation.arguments.items():
        found.append(((name,), argument))
        if isinstance(argument.type, NamedRef) and argument.type.name in model.inputs and name == "body":
            found += [((name, key), item) for key, item in model.inputs[argument.type.name].fields.items()]
    return found


def _keys(row: ObjectType, path: tuple[str, ...], argument: Argument) -> tuple[int, ManyKeys, str] | None:
    """``ManyKeys`` for one argument, behind its rank: an identity comes before any other field."""
    listed = isinstance(argument.type, ListRef)
    item: TypeRef = argument.type.item if isinstance(argument.type, ListRef) else argument.type
    if not isinstance(item, ScalarRef) or (not listed and item.scalar is not Scalar.STRING):
        return None
    field = _answered(row, plain(argument.name), listed=listed)
    if field is None or not isinstance(field.type, ScalarRef):
        return None
    kinds = {item.scalar, field.type.scalar}
    if listed and not agree(item.scalar, field.type.scalar, frozenset()):
        return None
    if not listed and (_COMMA.search(argument.description) is None or not kinds - {Scalar.FLOAT, Scalar.JSON}):
        return None
    said = _MOST.search(argument.description)
    most = argument.bounds.max_items or (int(said[1]) if said else 0)
    most = max(1, most or (_IN_BODY if len(path) > 1 else _IN_ADDRESS))
    rank = 0 if plain(field.name) in IDENTITY else 1
    shape = "a list" if listed else "a list joined by commas"
    sign = f'takes many keys: "{".".join(path)}" is {shape}, and the results have "{field.name}"'
    keys = ManyKeys(path, {field.name: ""}, most, separator="" if listed else ",", guessed=True)
    return rank, keys, f"{sign}; at most {most} at once"


def _answered(row: ObjectType, word: str, *, listed: bool) -> Field | None:
    """The field of the result that an argument of this name asks for."""
    for prefix in _PREFIXES:
        if word.startswith(prefix) and plain(word[len(prefix) :]):
            word = word[len(prefix) :]
    word = word.removesuffix("in") if word.endswith(("idin", "idsin")) else word
    one = singular(word)
    if one == word and not (listed and word in IDENTITY):
        return None  # it does not say that it takes many
    fields = {plain(name): field for name, field in row.fields.items()}
    own = plain(row.name)
    if one in fields and (one in IDENTITY or one.endswith(("id", "key", "code", "number", "sku", "uuid"))):
        return fields[one]
    for identity in IDENTITY:
        if one == f"{own}{identity}" and identity in fields:
            return fields[identity]
    return None
