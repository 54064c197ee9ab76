"""Inputs that need themselves: no value of such a type has an end, so what leads back is not required of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from resolvers.model import InputType, NamedRef


def relaxed(inputs: Mapping[str, InputType]) -> dict[str, InputType]:
    """The same inputs; a field that an endless value would need is optional in them."""
    endless = _endless(inputs)
    made = dict(inputs)
    for name in endless:
        given = inputs[name]
        fields = dict(given.fields)
        for field, needed in _needs(given):
            if needed in endless and _leads_to(needed, name, inputs, endless):
                fields[field] = replace(fields[field], required=False)
        made[name] = replace(given, fields=fields)
    return made


def _needs(given: InputType) -> Iterator[tuple[str, str]]:
    """The fields without which a value cannot be given, and the inputs that they have."""
    for name, field in given.fields.items():
        if field.required and not given.one_of and isinstance(field.type, NamedRef) and not field.type.nullable:
            yield name, field.type.name


def _endless(inputs: Mapping[str, InputType]) -> set[str]:
    """The inputs of which no value has an end: those that are left when all others were found to have one."""
    needs = {name: {needed for _, needed in _needs(given) if needed in inputs} for name, given in inputs.items()}
    waiting: dict[str, list[str]] = {}
    for name, each in needs.items():
        for needed in each:
            waiting.setdefault(needed, []).append(name)
    ended = [name for name, each in needs.items() if not each]
    left = set(inputs) - set(ended)
    while ended:
        for name in waiting.get(found := ended.pop(), ()):
            needs[name].discard(found)
            if not needs[name] and name in left:
                left.discard(name)
                ended.append(name)
    return left


def _leads_to(start: str, end: str, inputs: Mapping[str, InputType], within: set[str]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            waiting += [needed for _, needed in _needs(inputs[name]) if needed in within]
    return False
