"""Values that a caller gave, as JSON says them: maps from entries, alternatives from one-of inputs, exact numbers.

It makes values that an encoder can write; writing them is the business of ``request.py``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from resolvers.errors import BadRequest
from resolvers.model import InputType, ListRef, NamedRef, TypeRef
from resolvers.rest.requests.plain import plain
from resolvers.rest.schemas.maps import KEY, VALUE
from resolvers.rest.shapes import InputShapes


@dataclass(frozen=True, slots=True)
class Inputs:
    """The input types of a source, and how they look in JSON."""

    types: Mapping[str, InputType]
    shapes: InputShapes = InputShapes()


def json_value(value: object, ref: TypeRef, inputs: Inputs, *, text: bool = False) -> object:
    """The value of an argument of type ``ref`` as JSON says it. ``text``: decimals and big integers are strings.

    Raises:
        BadRequest: a number that JSON cannot say, a key that is given twice.
    """
    if isinstance(ref, ListRef) and isinstance(value, list | tuple):
        if isinstance(ref.item, NamedRef) and ref.item.name in inputs.shapes.maps:
            return _map(value, ref.item.name, inputs)
        return [json_value(item, ref.item, inputs, text=text) for item in value]
    if isinstance(ref, NamedRef) and isinstance(value, Mapping) and ref.name in inputs.types:
        return (_chosen if ref.name in inputs.shapes.choices else _object)(value, ref.name, inputs)
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise BadRequest("JSON has no infinite numbers")
    if text and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return plain(value)
    return value


def _object(value: Mapping[str, object], name: str, inputs: Inputs) -> dict[str, object]:
    fields, texts = inputs.types[name].fields, inputs.shapes.texts
    made = {
        key: json_value(item, fields[key].type, inputs, text=(name, key) in texts) if key in fields else item
        for key, item in value.items()
    }
    more = inputs.shapes.more.get(name)
    beyond = made.pop(more, None) if more is not None else None
    if isinstance(beyond, dict):
        twice = beyond.keys() & fields.keys()
        if twice:
            raise BadRequest(f"{min(twice)} is a field of its own and cannot be one of {more}")
        made |= beyond
    return made


def _map(entries: list[object] | tuple[object, ...], name: str, inputs: Inputs) -> dict[str, object]:
    held, text = inputs.types[name].fields[VALUE].type, (name, VALUE) in inputs.shapes.texts
    made: dict[str, object] = {}
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise BadRequest("an entry needs a key")
        key = str(entry[KEY])
        if key in made:
            raise BadRequest("a key is given twice")
        made[key] = json_value(entry.get(VALUE), held, inputs, text=text)
    return made


def _chosen(value: Mapping[str, object], name: str, inputs: Inputs) -> object:
    """The one alternative that was given, with its discriminator where the caller left it out."""
    (field, given), *others = value.items()
    if others:
        raise BadRequest("exactly one alternative must be given")
    made = json_value(given, inputs.types[name].fields[field].type, inputs, text=(name, field) in inputs.shapes.texts)
    tag, values = inputs.shapes.choices[name]
    if tag and field in values and isinstance(made, dict) and tag not in made:
        made = {tag: values[field], **made}
    return made
