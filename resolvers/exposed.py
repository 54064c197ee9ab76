"""Headers of a reply as fields: an operation whose user names some gives an object with its result and its headers.

Pure: models in, models out. Which headers may be named is ``settings.py``'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from resolvers.model import Field, NamedRef, ObjectType, Operation, OutputType, Scalar, ScalarRef
from resolvers.source import EVERYTHING, LEAF, Selection

RESULT, HEADERS = "result", "headers"


def with_headers(
    operation: Operation, names: Iterable[str], taken: Iterable[str]
) -> tuple[Operation, list[OutputType]]:
    """The operation with the headers ``names`` beside its result, and the types that this takes.

    It can no longer be the target of a link by its own fields: what it gives is no longer a row.
    """
    title = operation.name[:1].upper() + operation.name[1:]
    known = set(taken)
    name = next(free for free in (f"{title}Reply", f"{title}ReplyWithHeaders") if free not in known)
    headers = {header: Field(header, ScalarRef(Scalar.STRING, nullable=True), required=False) for header in names}
    fields = {HEADERS: Field(HEADERS, NamedRef(f"{name}Headers"))}
    if operation.result is not None:
        fields = {RESULT: Field(RESULT, replace(operation.result, nullable=True)), **fields}
    made: list[OutputType] = [ObjectType(name, fields), ObjectType(f"{name}Headers", headers)]
    return replace(operation, result=NamedRef(name, nullable=True), by={}, keys=None, inside=None), made


def inside(selection: Selection) -> Selection:
    """What of the result itself is needed."""
    return EVERYTHING if selection.everything else selection.fields.get(RESULT, LEAF)


def beside(value: object, names: Iterable[str], headers: Mapping[str, str]) -> dict[str, object]:
    """The row of such an operation; ``headers``: those of the reply, names in lower case."""
    return {RESULT: value, HEADERS: {name: headers.get(name.lower()) for name in names}}
