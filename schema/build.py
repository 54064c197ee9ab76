"""The order in which a graph is assembled, and nothing else: models → names → types → links → schema → access.

Every reference of the configuration is checked here; all problems are collected before any is raised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
)

from resolvers import (
    LEAF,
    WRITES_ARE_OFF,
    Coding,
    ConfigurationError,
    Lifetime,
    Problem,
    Selection,
    Shaped,
    ShapeSettings,
    Source,
    SourceModel,
    UnionType,
    nearest,
)
from schema.access.clauses import check_clauses
from schema.access.coordinates import check_places
from schema.access.rules import Policy, open_nulls
from schema.access.settings import AccessSettings
from schema.access.visible import visible
from schema.cost import check_prices
from schema.covered import check_joins, check_needs, unreached
from schema.described import tell
from schema.entities import EntityBuilder, named_by_parts
from schema.entity_settings import EntitySettings
from schema.extension import AddedField, Extension
from schema.federation import FEDERATED, Federation, subgraph_sdl
from schema.former import Former
from schema.graph import Executor, Graph
from schema.kept import keep
from schema.keyed import tell_columns
from schema.lifetimes import check_lifetimes, lay_lifetimes
from schema.limits import OperationLimits
from schema.link_settings import Filtered, LinkSettings
from schema.links import LinkBuilder
from schema.masked import any_masked, check_values, wears_masks
from schema.namer import living
from schema.naming import Pins, Renamed
from schema.plan.entity import HOME
from schema.plan.fields import PLAN, Strawberry, plan_of
from schema.plan.handwritten import Guarded
from schema.plan.recorded import Recorded
from schema.plan.reference import is_hand_written
from schema.reached import reached
from schema.recording import Recording, check_recording, recorded
from schema.responses import Responses
from schema.row_rules import close, guarded_types, row_rules
from schema.shape import shape
from schema.shaped_inputs import left_behind
from schema.shaping import bared, enums_of, shaped
from schema.source_types import SourceTypes, owners, spelled
from schema.types import TypeBuilder
from schema.unified import PLACEHOLDER, UnifiedSchema

_READS = "say writes: true at the source, or operations: { NAME: { effect: read } } for those that change nothing"


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """What the configuration says about the graph. ``missing``: sources that could not be read → the reason."""

    links: Mapping[str, LinkSettings] = field(default_factory=dict)
    entities: Mapping[str, EntitySettings] = field(default_factory=dict)
    access: AccessSettings = field(default_factory=lambda: AccessSettings(default="anonymous"))
    prefixes: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, Pins] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    """Coordinate that is renamed → why its old name is deprecated, where that is served too."""
    hide: Sequence[str] = ()
    shape: Mapping[str, ShapeSettings] = field(default_factory=dict)
    describe: Mapping[str, str] = field(default_factory=dict)
    deprecate: Mapping[str, str] = field(default_factory=dict)
    extensions: Sequence[Extension] = ()
    limits: OperationLimits = field(default_factory=OperationLimits)
    missing: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False
    """Whether some of what the file says was left out, so that types may be reached by nothing for that reason."""
    executor: Executor = "columns"
    subgraph: bool = False
    """Whether it is served to a router of a federation too."""
    recording: Recording | None = None
    responses: Callable[[str], Responses] | None = None
    """Where whole answers are kept, by the name of a view; ``None``: nowhere."""
    lifetimes: Mapping[str, Lifetime] = field(default_factory=dict)
    """Type, or Type.field → for how long answers are kept."""


@dataclass(frozen=True, slots=True)
class Built:
    """The graph, and what readers of ``check`` should know: names given up because another thing bears them."""

    graph: Graph
    renamed: tuple[Renamed, ...]
    given: Mapping[str, Pins] = field(default_factory=dict)
    """Source → the names of its things, before any is changed by ``rename``."""
    filtered: tuple[Filtered, ...] = ()
    """Whether filters go through each link of the configuration."""
    notes: tuple[str, ...] = ()
    """What else is sound, and perhaps not what was meant."""
    subgraph: str = ""
    """The schema that a router composes; empty where it is served to none."""
    spelled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Source → coordinate of a field of its types → how the source itself spells the field."""
    written: Mapping[str, Mapping[str, Sequence[Coding]]] = field(default_factory=dict)
    """Source → name, as it spells it itself → how values under that name are written, as ``shape`` says."""


def build(sources: Mapping[str, Source], settings: GraphSettings) -> Built:
    """Assembles the graph over ``sources``, whose order is the order of precedence for names.

    Raises:
        ConfigurationError: with every reference that is wrong.
    """
    unified = UnifiedSchema(settings.extensions)
    former = Former(settings.rename, settings.hide, {name: each.parts for name, each in settings.entities.items()})
    if settings.shape:
        sources = _shaped(unified, sources, settings, former)
    types = _typed(unified, sources, settings)
    links, entities = _joined(unified, types, settings, former)
    federation = Federation(entities.keys()) if settings.subgraph else None
    types.queries |= {} if federation is None else federation.fields()
    _complete(unified, types, sources, unreached=settings.partial)
    schema = unified.graphql
    problems = [fault for change in types.arguments for fault in change.faults]
    problems += [] if problems else keep(schema, types.kept)
    if problems:
        raise ConfigurationError(map(former.explain, problems))
    problems = check_places(schema, settings.access, incomplete=bool(settings.missing))
    problems += check_clauses(settings.access, lambda places: bool(settings.missing) or any_masked(schema, places))
    incomplete = bool(settings.missing)
    problems += tell(schema, settings.describe, settings.deprecate, incomplete=incomplete)
    problems += check_recording(schema, settings.recording, settings.access.tags, incomplete=incomplete)
    problems += check_prices(schema, settings.limits.cost, incomplete=incomplete)
    problems += check_lifetimes(schema, settings.lifetimes, incomplete=incomplete or settings.partial)
    if problems:
        raise ConfigurationError(map(former.explain, problems))
    lay_lifetimes(schema, settings.lifetimes)
    policy = Policy(schema, settings.access, wears_masks)
    problems = check_joins(policy, links.joined) + check_needs(policy, types, settings.extensions)
    problems += check_values(schema, policy)
    problems += bared(sources, types, settings.access, schema)
    if not (settings.missing or settings.partial):
        problems += unreached(policy, types, links.joined, settings.extensions)
    rules, faults = row_rules(schema, types, settings.access, entities.every(), links.waiting)
    problems += map(former.explain, faults)
    if problems:
        raise ConfigurationError(problems)
    entities.guard(guarded_types(types, rules))
    close(schema, policy, types, settings.access, rules, links.joined)
    open_nulls(schema, policy)
    _guard(schema, types)
    if federation is not None:
        hidden = frozenset(clause for clause in policy.every if clause.refused == "hidden")
        known = visible(schema, policy, hidden) if hidden else schema  # whoever asks for the text is told no more
        federation.sdl = subgraph_sdl(known, policy, federation.keys, _made(types), settings.access.tags)
    views = {}
    for name, view in settings.access.views.items():
        seen = Policy(schema, settings.access, wears_masks, view)
        check_joins(seen, links.joined)  # what is wrong with them was told above
        close(schema, seen, types, settings.access, rules, links.joined)
        views[name] = Graph(
            unified,
            seen,
            rules,
            sources,
            settings.limits,
            settings.executor,
            None,
            _recorded(seen, types, settings),
            settings.responses(name) if settings.responses is not None else None,
        )
    told = _recorded(policy, types, settings)
    return Built(
        Graph(
            unified,
            policy,
            rules,
            sources,
            settings.limits,
            settings.executor,
            views,
            told,
            settings.responses("") if settings.responses is not None else None,
        ),
        (*types.names.renamed, *types.root_names.renamed),
        types.given,
        tuple(links.filtered),
        (*entities.notes, *left_behind(types, settings.rename)),
        "" if federation is None else federation.sdl,
        {name: spelled(made) for name, made in types.sources.items()},
        {name: source.written for name, source in sources.items() if isinstance(source, Shaped)},
    )


def _typed(unified: UnifiedSchema, sources: Mapping[str, Source], settings: GraphSettings) -> TypeBuilder:
    """The types of all sources, under the names that they have without the configuration's own."""
    reserved = FEDERATED if settings.subgraph else frozenset()
    types = TypeBuilder(
        unified.hand_written_names() | reserved,
        unified.hand_written_roots() | reserved,
        prefixes=settings.prefixes,
        pins=living(settings.pins, [source.model for source in sources.values()]),
    )
    for source in sources.values():
        types.add(source.model)
    return types


def _shaped(
    unified: UnifiedSchema, sources: Mapping[str, Source], settings: GraphSettings, former: Former
) -> Mapping[str, Source]:
    """The sources in the values that the configuration says: coordinates are looked up among the types as the
    descriptions have them, under their names in the end. What is wrong with these names is told where a coordinate
    is, which it may be the cause of, and later otherwise.

    Raises:
        ConfigurationError: with every coordinate that is wrong.
    """
    types = _typed(unified, sources, settings)
    incomplete = bool(settings.missing)
    named = shape(types, settings.rename, settings.hide, {}, incomplete=incomplete)
    made, problems = shaped(sources, types, settings.shape, incomplete=incomplete)
    if problems:
        enums = enums_of(settings.shape)
        wrong = [each for each in named if str(each.where[1]).partition(".")[0] not in enums]
        unborn = {settings.rename.get(str(each.where[1])) for each in wrong}
        own = [each for each in problems if each.lacks.rpartition(".")[2] not in unborn]
        raise ConfigurationError(map(former.explain, [*wrong, *own]))
    return made


def _joined(
    unified: UnifiedSchema, types: TypeBuilder, settings: GraphSettings, former: Former
) -> tuple[LinkBuilder, EntityBuilder]:
    """Types get the names that the configuration says, and fields that lead from one source to another.

    Raises:
        ConfigurationError: with every reference that is wrong.
    """
    problems = shape(types, settings.rename, settings.hide, settings.keep, incomplete=bool(settings.missing))
    problems = [named_by_parts(problem, settings.entities) for problem in problems]
    entities = EntityBuilder(types, settings.missing)
    entities.unite(settings.entities)
    tell_columns(types)
    links = LinkBuilder(types, settings.limits.filter_keys, entities.unfinished())
    entities.connect(links)
    problems += entities.problems
    for coordinate, link in settings.links.items():
        links.add(coordinate, link, settings.missing)
    taken = {made.coordinate for made in links.joined}
    for source_types in types.sources.values():
        for relation in source_types.model.relations:
            links.relate(source_types, relation, taken)
    problems += [problem for problem in links.problems if not entities.explains(problem)]
    problems += _unmade(types, settings)
    problems += _add_fields(unified, types, settings, {made.coordinate for made in links.joined})
    if problems:
        raise ConfigurationError(map(former.explain, problems))
    return links, entities


def _made(types: TypeBuilder) -> set[str]:
    """The types that the gateway made, which others of its kind have as well."""
    return {made.outputs[key].name for made in types.sources.values() for key in made.model.made if key in made.outputs}


def _recorded(policy: Policy, types: TypeBuilder, settings: GraphSettings) -> Recorded | None:
    """What an audit is told of; ``None`` where there is none."""
    if settings.recording is None:
        return None
    return recorded(policy, settings.recording, settings.access.tags, types.sources)


def _unmade(types: TypeBuilder, settings: GraphSettings) -> list[Problem]:
    """What ``rename`` and ``hide`` say of fields that no join made."""
    return [] if settings.missing else [later.otherwise for later in types.joins.values()]


def _complete(unified: UnifiedSchema, types: TypeBuilder, sources: Mapping[str, Source], *, unreached: bool) -> None:
    """Puts all fields into one schema. ``unreached``: types that no field gives as well.

    Raises:
        ConfigurationError: there are none, or the schema is not valid.
    """
    empty = not (types.queries or types.mutations or unified.hand_written_roots() - {PLACEHOLDER})
    if empty and not any(_declares_nothing(source.model) for source in sources.values()):
        raise ConfigurationError([_nothing(source.model) for source in sources.values()])
    more = _implementations(types)
    if unreached:
        more = list({each.name: each for made in types.sources.values() for each in made.outputs.values()}.values())
    faults = unified.complete(types.queries, types.mutations, more, list(sources))
    if faults:
        raise ConfigurationError(Problem(fault) for fault in faults)


def _declares_nothing(model: SourceModel) -> bool:
    """A description that is read well and only tells how the system calls others (webhooks): nothing is missing."""
    return model.kind == "openapi" and model.declared == 0


def _nothing(model: SourceModel) -> Problem:
    """Why a source that was read gives nothing to serve."""
    where = ("sources", model.name)
    reasons = Counter(item.reason for item in model.left_out if not item.degraded)
    if not reasons:
        things = {"database": ("tables or views", "name others with schemas"), "files": ("tables", "")}
        thing, mend = things.get(model.kind, ("operations", ""))
        return Problem(f"there are no {thing} in it", where, mend)
    reason, count = reasons.most_common(1)[0]
    what = f"none of its {model.declared} operations can be served; {count} of them: {reason}"
    return Problem(what, where, _READS if reason == WRITES_ARE_OFF else "")


def _implementations(types: TypeBuilder) -> list[GraphQLNamedType]:
    """Types that are reached only through an interface; any other type that no field returns is left unbuilt."""
    kin: dict[str, list[GraphQLNamedType]] = {}
    for made in types.sources.values():
        for name, definition in made.model.types.items():
            if name in made.outputs and not isinstance(definition, UnionType):
                for interface in definition.interfaces:
                    if interface in made.outputs:
                        kin.setdefault(made.outputs[interface].name, []).append(made.outputs[name])
    found: dict[str, GraphQLNamedType] = {}
    for interface in reached([*types.queries.values(), *types.mutations.values()], kin) if kin else ():
        found |= {each.name: each for each in kin.get(interface, ())}
    return list(found.values())


def _add_fields(unified: UnifiedSchema, types: TypeBuilder, settings: GraphSettings, joined: set[str]) -> list[Problem]:
    problems = []
    by_type: dict[str, list[AddedField]] = {}
    for extension in settings.extensions:
        for added in extension.added:
            by_type.setdefault(added.type_name, []).append(added)
    homes = owners(types.sources)
    for type_name, fields in by_type.items():
        if type_name in homes:
            linked = {each.partition(".")[2] for each in joined if each.partition(".")[0] == type_name}
            problems += _add_to(type_name, fields, homes[type_name], linked, unified, types)
        elif not settings.missing:
            what = f'an extension adds to the type "{type_name}", which does not exist'
            problems.append(Problem(what, ("extensions",), nearest(type_name, homes)))
    return problems


def _add_to(
    type_name: str,
    fields: Sequence[AddedField],
    homes: Sequence[tuple[SourceTypes, str]],
    linked: set[str],
    unified: UnifiedSchema,
    types: TypeBuilder,
) -> list[Problem]:
    """Adds ``fields`` to one type. ``homes``: the sources that have it, its key there; ``linked``: names of its links.

    A field of an entity starts from the first of its parts that has all it needs.
    """
    problems = []
    spelled = {
        (made.model.name, key): {shown: each for each, shown in made.field_names.get(key, {}).items()}
        for made, key in homes
    }
    known = list(dict.fromkeys(name for names in spelled.values() for name in names))
    starts = []
    for added in fields:
        for need in added.needs:
            if need not in known:
                what = f'{type_name}.{added.name} needs "{need}", which is no field of "{type_name}"'
                problems.append(Problem(what, ("extensions",), nearest(need, known)))
        start = next((origin for origin, names in spelled.items() if names.keys() >= set(added.needs)), None)
        if start is None and not problems:
            what = f"{type_name}.{added.name} needs fields of several parts of the entity, and starts from one of them"
            problems.append(Problem(what, ("extensions",), "make a field for each part"))
        starts.append(start or next(iter(spelled)))
    made = unified.added_fields(fields)
    twice = sorted({*known, *linked} & set(made))
    if twice or len(made) != len(fields):
        what = f"an extension adds {type_name}.{(twice or [fields[-1].name])[0]}, which exists already"
        return [*problems, Problem(what, ("extensions",), "choose another name")]
    # Strawberry may have turned the Python name into camel case; the order is kept.
    for (name, definition), added, start in zip(made.items(), fields, starts, strict=True):
        needs = Selection({spelled[start][need]: LEAF for need in added.needs if need in spelled[start]})
        definition.extensions = {**definition.extensions, PLAN: Strawberry(needs, added.batch), HOME: start}
        types.more.setdefault(type_name, []).append(_one(name, definition))
    return problems


def _one(name: str, definition: GraphQLField) -> Callable[[], dict[str, GraphQLField]]:
    return lambda: {name: definition}


def _guard(schema: GraphQLSchema, types: TypeBuilder) -> None:
    """Puts every hand-written resolver behind the plan, and shows it its generated parent by GraphQL names."""
    for named in schema.type_map.values():
        if named.name.startswith("__") or not isinstance(named, GraphQLObjectType):
            continue
        for definition in named.fields.values():
            if is_hand_written(definition):
                assert definition.resolve is not None
                shown = None
                if HOME in definition.extensions:
                    source, key = definition.extensions[HOME]
                    shown = {name: each for each, name in types.sources[source].field_names.get(key, {}).items()}
                plan = plan_of(definition)
                needs = frozenset(plan.needs.fields) if isinstance(plan, Strawberry) else frozenset()
                definition.resolve = Guarded(definition.resolve, shown, needs)


def type_count(schema: GraphQLSchema) -> int:
    """How many types of its own a schema has."""
    kinds = (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType, GraphQLInputObjectType, GraphQLEnumType)
    return sum(isinstance(item, kinds) and not item.name.startswith("__") for item in schema.type_map.values())
