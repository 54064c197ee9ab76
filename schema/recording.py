"""Which coordinates a graph records, as the configuration says, and by which keys objects are told apart.

It checks what is written and finds what descriptions say; what is recorded of an operation is ``plan/recorded.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import GraphQLObjectType, GraphQLSchema

from resolvers import Key, NamedRef, ObjectType, Problem, SourceModel, nearest
from schema.access.coordinates import Places, check_keys
from schema.access.rules import Policy
from schema.beside import kin_of
from schema.plan.recorded import Identity, Recorded
from schema.source_types import SourceTypes


@dataclass(frozen=True, slots=True)
class Recording:
    """What is to be recorded. ``coordinates``: coordinates, patterns and tags; ``None``: whatever has a rule.

    ``keys``: type → its fields that tell its objects apart, by their GraphQL names. ``where``: where both are written.
    """

    coordinates: tuple[str, ...] | None = None
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: tuple[Key, ...] = ()


def check_recording(
    schema: GraphQLSchema, recording: Recording | None, tags: Mapping[str, Sequence[str]], *, incomplete: bool
) -> list[Problem]:
    """What of it means nothing. ``incomplete``: a source is missing, so it may wait for it."""
    if recording is None:
        return []
    written = [(key, (*recording.where, "coordinates", index)) for index, key in enumerate(recording.coordinates or ())]
    problems = check_keys(schema, written, tags, incomplete=incomplete)
    if incomplete:
        return problems
    for type_name, names in recording.keys.items():
        where = (*recording.where, "keys", type_name)
        named = schema.type_map.get(type_name)
        if not isinstance(named, GraphQLObjectType):
            problems.append(Problem(f'there is no type "{type_name}"', where, nearest(type_name, schema.type_map)))
            continue
        for name in names:
            if name not in named.fields:
                problems.append(Problem(f'"{type_name}" has no field "{name}"', where, nearest(name, named.fields)))
    return problems


def recorded(
    policy: Policy,
    recording: Recording,
    tags: Mapping[str, Sequence[str]],
    sources: Mapping[str, SourceTypes],
) -> Recorded:
    """What is recorded of a finished schema."""
    places = None if recording.coordinates is None else Places(recording.coordinates, tags, kin_of(policy.schema))
    identities = {
        (each.type, (each.source, each.row)): each
        for made in sources.values()
        for each in _identities(made, recording.keys)
    }
    return Recorded(policy.schema, policy, places, identities)


def _identities(made: SourceTypes, stated: Mapping[str, tuple[str, ...]]) -> Iterator[Identity]:
    for row, output in made.outputs.items():
        definition = made.model.types.get(row)
        if not isinstance(definition, ObjectType):
            continue
        keys: tuple[str, ...] = ()
        if not definition.of and row not in made.model.made:
            names = {shown: source for source, shown in made.field_names.get(row, {}).items()}
            keys = tuple(names[name] for name in stated.get(output.name, ()) if name in names)
            keys = keys or definition.key or _asked_by(made.model, row)
        yield Identity(output.name, tuple(key for key in keys if key in definition.fields), made.model.name, row)


def _asked_by(model: SourceModel, row: str) -> tuple[str, ...]:
    """The fields by which an operation gives the one object that has them; none where no operation is like that."""
    for operation in model.operations.values():
        if operation.by and isinstance(operation.result, NamedRef) and operation.result.name == row:
            return tuple(operation.by)
    return ()
