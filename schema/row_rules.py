"""What rules on rows need of a schema that is built, and what they ask of it: links that they go through, root fields
whose arguments they are on, coordinates that are closed to callers who do not see all rows.

How rules are read and what they do to rows is in ``access/rows/``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)

from resolvers import Effect, KeyPart, NamedRef, ObjectType, Operation, Problem, Scalar, SourceModel
from schema.access.coordinates import Places
from schema.access.rows import LinkTo, Parts, Reader, RowRules, read_row_rules
from schema.access.rules import Policy
from schema.access.settings import AccessSettings
from schema.beside import kin_of
from schema.link_settings import Joined
from schema.plan.entity import HOME, Entity
from schema.plan.fields import KEY_ALONE, CallOperation, Link, plan_of
from schema.source_types import SourceTypes
from schema.types import TypeBuilder

Roots = Mapping[tuple[str, str], tuple[SourceTypes, Operation]]


def row_rules(
    schema: GraphQLSchema,
    types: TypeBuilder,
    settings: AccessSettings,
    entities: Iterable[Entity],
    waiting: Collection[str],
) -> tuple[RowRules, list[Problem]]:
    """The rules on rows. Where one may hide a row, or a value of one, null may stand in the schema. ``waiting``: the
    coordinates of links whose source is missing.
    """
    rules, problems = RowRules({}, {}, {}), list[Problem]()
    every = [rule for key in settings.rules for rule in settings.alternatives(key)]
    if any(rule.rows is not None or rule.min_group is not None for rule in every):
        reader = Reader(types.sources, types.rows.related, _links(schema), waiting)
        united = {each.name: _parts(types, each, reader) for each in entities}
        rules, problems = read_row_rules(schema, settings, types.sources, _roots(schema, types), reader, united)
        if not problems:
            _open(schema, types, rules)
            _open_counts(types, rules)
    return rules, problems


def _parts(types: TypeBuilder, entity: Entity, reader: Reader) -> Parts:
    """The parts of an entity, as rules on its rows are read for them."""
    steps = {}
    for (origin, to), step in entity.steps.items():
        if origin != KEY_ALONE:
            steps[origin, to] = LinkTo(step.column, step.keys, plain=True, home=origin)
    origins = list(entity.parts)
    first = steps[origins[0], origins[0]].column.match.parts
    alike = {each for each in origins if all(map(_alike, first, steps[each, each].column.match.parts))}
    made = {(source, key): (types.sources[source], key) for source, key in origins}
    fields = entity.keys[origins[0]]
    told = {each: tuple(zip(fields, written, strict=True)) for each, written in entity.parts.items()}
    # Without the first part nobody knows how the key is written: what another makes of it may be the opposite.
    judging = frozenset() if entity.waits and not entity.has_first else frozenset({origins[0], *alike})
    return Parts(made, steps, judging, told, entity.key, reader, waits=entity.waits)


_WHOLE, _TEXTS = {Scalar.INT, Scalar.BIG_INT}, {Scalar.STRING, Scalar.ID}


def _alike(mine: KeyPart, other: KeyPart) -> bool:
    """Whether two parts write a field of the key in one way, so that a condition on it means one thing to both."""
    both = {mine.target, other.target}
    return both <= _WHOLE or (both <= _TEXTS and not (mine.compare or other.compare))


def guarded_types(types: TypeBuilder, rules: RowRules) -> frozenset[str]:
    """The types of which a rule may hide rows, or values of them."""
    held = {*rules.on_rows(), *((source, key) for source, key, _, _ in rules.on_fields())}
    return frozenset(types.sources[source].outputs[key].name for source, key in held)


def close(
    schema: GraphQLSchema,
    policy: Policy,
    types: TypeBuilder,
    settings: AccessSettings,
    rules: RowRules,
    joined: Sequence[Joined],
) -> None:
    """Closes to callers for whom rules on rows hold whatever tells of a field's values in all rows, filters through
    joins that compare it too, and whatever changes rows that nobody looks at, where no rule of its own says who may.
    """
    for source, key, name, rule in rules.on_fields():
        made = types.sources[source]
        owner = made.outputs[key].name
        field = made.field_names[key][name]
        joins = [each for each in joined if f"{owner}.{field}" in each.compares and not each.declassify]
        held, refused = [rule.settings], rule.settings.refused or settings.refused
        for told in ((owner, field), *(_split(join.coordinate) for join in joins)):
            for coordinate in list(policy.mirrors(told)):
                policy.need_whole(coordinate, held, refused, rule.key)
            policy.need_whole_keys(told, held, refused, rule.key)
    stated = Places(settings.rules, settings.tags, kin_of(schema))
    for (root, name), (made, operation) in _roots(schema, types).items():
        on_source = rules.on(made.model.name)
        looked_after = operation.change is not None or operation.effect is Effect.READ
        if on_source and not looked_after and not stated.of(f"{root}.{name}"):
            held = [rule.settings for rule in on_source]
            policy.need_whole((root, name), held, settings.refused, on_source[0].key)


def _split(coordinate: str) -> tuple[str, str]:
    owner, _, name = coordinate.partition(".")
    return owner, name


def _roots(schema: GraphQLSchema, types: TypeBuilder) -> Roots:
    return {
        (root.name, name): (types.sources[plan.source], plan.operation)
        for root in (schema.query_type, schema.mutation_type)
        if root is not None
        for name, field in root.fields.items()
        if isinstance(plan := plan_of(field), CallOperation)
    }


def _fields(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType | GraphQLInterfaceType, str, GraphQLField]]:
    for named in schema.type_map.values():
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) and not named.name.startswith("__"):
            for name, field in named.fields.items():
                yield named, name, field


def _links(schema: GraphQLSchema) -> dict[str, LinkTo]:
    found: dict[str, LinkTo] = {}
    for named, name, field in _fields(schema):
        plan = plan_of(field)
        if isinstance(plan, Link):
            plain = not (plan.column.many or plan.key_list or plan.take is not None)
            home = field.extensions[HOME]
            found[f"{named.name}.{name}"] = LinkTo(plan.column, plan.keys, plain, home)
    return found


def _open(schema: GraphQLSchema, types: TypeBuilder, rules: RowRules) -> None:
    """Wherever a row may be hidden, or a value of one, null may stand."""
    hidden = {types.sources[source].outputs[key].name for source, key in rules.on_rows()}
    values = set()
    for source, key, name, _ in rules.on_fields():
        made = types.sources[source]
        values.add((made.outputs[key].name, made.field_names[key][name]))
    for named, name, field in _fields(schema):
        inside = get_named_type(field.type)
        possible = schema.get_possible_types(inside) if is_abstract_type(inside) else [inside]
        kin = {named.name}
        if isinstance(named, GraphQLInterfaceType):
            kin |= {each.name for each in schema.get_possible_types(named)}
        opened = any(each.name in hidden for each in possible) or any((each, name) in values for each in kin)
        if opened and isinstance(field.type, GraphQLNonNull):
            field.type = field.type.of_type


def _open_counts(types: TypeBuilder, rules: RowRules) -> None:
    """How many rows a source says that there are is null for callers who do not see all of them."""
    for source in {source for source, _ in rules.on_rows()}:
        made = types.sources[source]
        for operation in made.model.operations.values():
            paging = operation.paging
            for path in (paging.total_at, paging.pages_at) if paging is not None else ():
                owner, name = _last(made.model, operation, path)
                output = made.outputs.get(owner)
                if isinstance(output, GraphQLObjectType) and name in made.field_names[owner]:
                    field = output.fields[made.field_names[owner][name]]
                    if isinstance(field.type, GraphQLNonNull):
                        field.type = field.type.of_type


def _last(model: SourceModel, operation: Operation, path: tuple[str, ...]) -> tuple[str, str]:
    """The type and the field at the end of a path through the reply of an operation; empty where it leads nowhere."""
    inside = path[len(operation.at) :]
    if not inside or path[: len(operation.at)] != operation.at:
        return "", ""
    ref = operation.result
    owner = ""
    for name in inside:
        owner = ref.name if isinstance(ref, NamedRef) else ""
        definition = model.types.get(owner)
        if not isinstance(definition, ObjectType) or name not in definition.fields:
            return "", ""
        ref = definition.fields[name].type
    return owner, inside[-1]
