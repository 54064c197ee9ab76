"""A source's model becomes GraphQL types, inputs and enums, and its operations become root fields with their plans.

Types are graphql-core's own with lazy fields: a description of thousands of types costs only what is used. Links
between sources are made in ``links.py``; rules are laid over the finished schema in ``access/``.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    Undefined,
)

from resolvers import (
    LONGEST,
    Argument,
    Effect,
    EnumType,
    Field,
    InputType,
    InterfaceType,
    ListRef,
    NamedRef,
    Naming,
    ObjectType,
    Operation,
    OutputType,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
    UnionType,
    shortened,
)
from schema.filters import LIMIT, OFFSET, ORDER_BY, WHERE, Columns, Filters, order_type, where_type
from schema.naming import RESERVED_TYPES, Names, Pins, camel, enum_values, members, pascal
from schema.plan.fields import PLAN, CallOperation, FieldPlan, ReadKey, RowType, is_row
from schema.scalars import SCALARS

RowArguments = Literal["all", "filter", "none"]
"""Which arguments of rows a field takes: all; all but the page; none, since it gives one row."""

Kind = Literal["type", "input", "enum"]
KINDS: tuple[Kind, ...] = ("type", "input", "enum")

_REQUEST = re.compile(r"(?<=[a-z0-9])(Request|Body|Payload|Params|Parameters|Dto|DTO|RequestBody)$")

MoreFields = Callable[[], dict[str, GraphQLField]]


@dataclass(slots=True)
class SourceTypes:
    """What became of one source: its model names → GraphQL types, and its operations → root field names."""

    model: SourceModel
    outputs: dict[str, GraphQLNamedType] = dataclasses.field(default_factory=dict)
    inputs: dict[str, GraphQLInputObjectType] = dataclasses.field(default_factory=dict)
    enums: dict[str, GraphQLEnumType] = dataclasses.field(default_factory=dict)
    field_names: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """GraphQL type → source's field name → GraphQL field name."""
    input_names: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """The same of input types."""
    roots: dict[str, str] = dataclasses.field(default_factory=dict)


class TypeBuilder:
    """Builds the types of all sources into one set of names. ``more``: GraphQL type → fields that joins add to it."""

    def __init__(
        self,
        taken: set[str],
        taken_roots: set[str],
        *,
        prefixes: Mapping[str, str],
        pins: Mapping[str, Pins] | None = None,
    ) -> None:
        self._pins = dict(pins or {})
        reserved = RESERVED_TYPES | taken | {"OrderDirection"} | {f"{scalar}Filter" for scalar in Scalar}
        self.names = Names(
            reserved,
            {
                name: [*each.types.values(), *each.inputs.values(), *each.enums.values()]
                for name, each in self._pins.items()
            },
        )
        self.root_names = Names(taken_roots, {name: each.operations.values() for name, each in self._pins.items()})
        self.given: dict[str, Pins] = {}
        """The names that each source was given, before any is changed by ``rename``."""
        self.sources: dict[str, SourceTypes] = {}
        self.queries: dict[str, GraphQLField] = {}
        self.mutations: dict[str, GraphQLField] = {}
        self.more: dict[str, list[MoreFields]] = {}
        self._prefixes = prefixes
        self._filters = Filters()
        self._wheres: dict[tuple[str, str], GraphQLInputObjectType] = {}
        self._orders: dict[tuple[str, str], GraphQLInputObjectType] = {}

    def add(self, model: SourceModel) -> None:
        """Takes a source in; the order of calls is the order of precedence for names."""
        made = SourceTypes(model)
        self.sources[model.name] = made
        named = self._named(model)
        for name, enum in model.enums.items():
            made.enums[name] = _enum(named["enum", name], enum)
        for name, definition in model.types.items():
            made.outputs[name] = self._output(made, named["type", name], definition)
        for name, input_type in model.inputs.items():
            made.inputs[name] = self._input(made, named["input", name], input_type)
        roots = self._roots(model)
        for name, operation in model.operations.items():
            root = made.roots[name] = roots[name]
            plan = CallOperation(model.name, operation)
            target = self.queries if operation.effect is Effect.READ else self.mutations
            target[root] = self.field_for(made, operation, plan, self.result(made, operation), rows="all")
        places = model_places(model)
        self.given[model.name] = Pins(
            {places["operation", name]: root for name, root in roots.items()},
            *({places[kind, key]: named[kind, key] for each, key in named if each == kind} for kind in KINDS),
            fields={
                (owner, name): spelled
                for names in (made.field_names, made.input_names)
                for owner, each in names.items()
                for name, spelled in each.items()
                if spelled != camel(name)
            },
        )

    def _named(self, model: SourceModel) -> dict[tuple[Kind, str], str]:
        """A name for every type, input and enum of a source; they share one namespace."""
        prefix = self._prefixes.get(model.name, "")
        front = prefix[:1].upper() + prefix[1:]
        wanted: dict[tuple[Kind, str], Naming] = {}
        places = model_places(model)
        definitions: Mapping[Kind, Mapping[str, OutputType | InputType | EnumType]] = {
            "type": model.types, "input": model.inputs, "enum": model.enums,
        }  # fmt: skip
        for kind, each in definitions.items():
            for key, definition in each.items():
                own = definition.naming or Naming(key, (definition.name,))
                names, rank = own.names, own.rank
                if kind == "input":
                    rank += int(not names[0].endswith("Input"))
                    names = _as_input(names)
                wanted[kind, key] = Naming(places[kind, key], names, rank)
        pins = self._pins.get(model.name, Pins())
        kept = {"type": pins.types, "input": pins.inputs, "enum": pins.enums}
        pinned = {
            (kind, key): kept[kind][place.place] for (kind, key), place in wanted.items() if place.place in kept[kind]
        }

        def options(naming: Naming) -> Iterator[str]:
            for name in naming.names:
                ending = "Input" if name.endswith("Input") else ""
                for short in shortened(pascal(name.removesuffix(ending)), LONGEST - len(ending)):
                    yield front + short + ending

        return self.names.give(model.name, wanted, pinned, options, pascal_case=True)

    def _roots(self, model: SourceModel) -> dict[str, str]:
        """A name for the root field of every operation of a source."""
        prefix = self._prefixes.get(model.name, "").lower()
        wanted: dict[str, Naming] = {}
        places = model_places(model)
        for key, operation in model.operations.items():
            own = operation.naming or Naming(key, (operation.name,))
            wanted[key] = Naming(places["operation", key], own.names, own.rank)
        pins = self._pins.get(model.name, Pins()).operations
        pinned = {key: pins[each.place] for key, each in wanted.items() if each.place in pins}

        def options(naming: Naming) -> Iterator[str]:
            for name in naming.names:
                for short in shortened(camel(name)):
                    yield prefix + short[:1].upper() + short[1:] if prefix else short

        return self.root_names.give(model.name, wanted, pinned, options, pascal_case=False)

    def result(self, made: SourceTypes, operation: Operation) -> GraphQLOutputType:
        """The type of a field that calls the operation; always nullable, so that a failure never nulls a parent."""
        if operation.result is None:
            return GraphQLBoolean
        return nullable(self.output_ref(made, operation.result))

    def field_for(
        self,
        made: SourceTypes,
        operation: Operation,
        plan: FieldPlan,
        result: GraphQLOutputType,
        *,
        rows: RowArguments,
        without: frozenset[str] = frozenset(),
    ) -> GraphQLField:
        """A field that calls the operation; ``without``: arguments that something else fills."""
        arguments = self._arguments(made, operation, rows=rows, without=without)
        return GraphQLField(
            result,
            args=arguments,
            description=operation.description or None,
            deprecation_reason=operation.deprecated,
            extensions={PLAN: plan},
        )

    def _arguments(
        self, made: SourceTypes, operation: Operation, *, rows: RowArguments, without: frozenset[str]
    ) -> dict[str, GraphQLArgument]:
        given = [argument for name, argument in operation.arguments.items() if name not in without]
        arguments = {
            name: GraphQLArgument(
                self._input_type(made, argument),
                default_value=Undefined if argument.default is None else argument.default,
                description=argument.description or None,
                deprecation_reason=argument.deprecated,
                out_name=argument.name,
            )
            for argument, name in zip(given, members(item.name for item in given).values(), strict=True)
        }
        if rows != "none" and operation.rows is not None and isinstance(operation.result, ListRef):
            row = cast("NamedRef", operation.result.item).name
            if operation.rows.filterable:
                arguments["where"] = GraphQLArgument(self._where(made, row, operation), out_name=WHERE)
            if operation.rows.orderable:
                order = GraphQLList(GraphQLNonNull(self._order(made, row, operation)))
                arguments["orderBy"] = GraphQLArgument(order, out_name=ORDER_BY)
            if rows == "all":
                arguments["limit"] = GraphQLArgument(GraphQLInt, out_name=LIMIT, description="At most so many rows.")
                arguments["offset"] = GraphQLArgument(GraphQLInt, out_name=OFFSET, description="After so many rows.")
        return arguments

    def _where(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLInputObjectType:
        key = (made.model.name, row)
        if key not in self._wheres:
            name = self.names.take(f"{made.outputs[row].name}Where", made.model.name, pascal_case=True)
            definition = cast("ObjectType", made.model.types[row])
            assert operation.rows is not None
            filters = {
                column: filter_type
                for column, item in definition.fields.items()
                if column in operation.rows.filterable and (filter_type := self._filter(made, item.type)) is not None
            }
            self._wheres[key] = where_type(name, _columns(made, row), filters)
        return self._wheres[key]

    def _filter(self, made: SourceTypes, ref: TypeRef) -> GraphQLInputObjectType | None:
        if isinstance(ref, ScalarRef):
            return None if ref.scalar is Scalar.JSON else self._filters.of_scalar(ref.scalar)
        if isinstance(ref, NamedRef) and ref.name in made.enums:
            enum = made.enums[ref.name]
            return self._filters.of_leaf(
                f"{made.model.name}.{ref.name}", lambda: self._filter_name(made, enum), enum, None
            )
        return None

    def _filter_name(self, made: SourceTypes, enum: GraphQLEnumType) -> str:
        return self.names.take(f"{enum.name}Filter", made.model.name, pascal_case=True)

    def _order(self, made: SourceTypes, row: str, operation: Operation) -> GraphQLInputObjectType:
        key = (made.model.name, row)
        if key not in self._orders:
            name = self.names.take(f"{made.outputs[row].name}OrderBy", made.model.name, pascal_case=True)
            assert operation.rows is not None
            self._orders[key] = order_type(name, _columns(made, row), operation.rows.orderable)
        return self._orders[key]

    def output_ref(self, made: SourceTypes, ref: TypeRef) -> GraphQLOutputType:
        """The GraphQL type of a result, non-null where the reference is not nullable."""
        inner: GraphQLOutputType
        if isinstance(ref, ScalarRef):
            inner = SCALARS[ref.scalar]
        elif isinstance(ref, ListRef):
            inner = GraphQLList(self.output_ref(made, ref.item))
        else:
            inner = cast("GraphQLOutputType", made.outputs.get(ref.name) or made.enums[ref.name])
        return inner if ref.nullable else GraphQLNonNull(cast("GraphQLObjectType", inner))

    def _input_ref(self, made: SourceTypes, ref: TypeRef) -> GraphQLInputType:
        inner: GraphQLInputType
        if isinstance(ref, ScalarRef):
            inner = SCALARS[ref.scalar]
        elif isinstance(ref, ListRef):
            inner = GraphQLList(self._input_ref(made, ref.item))
        else:
            inner = made.inputs.get(ref.name) or made.enums[ref.name]
        return inner if ref.nullable else GraphQLNonNull(cast("GraphQLInputObjectType", inner))

    def _input_type(self, made: SourceTypes, argument: Argument) -> GraphQLInputType:
        typed = self._input_ref(made, argument.type)
        if isinstance(typed, GraphQLNonNull) and not argument.required:
            return cast("GraphQLInputType", typed.of_type)
        return typed

    def _output(self, made: SourceTypes, name: str, definition: OutputType) -> GraphQLNamedType:
        description = definition.description or None
        if isinstance(definition, UnionType):
            return GraphQLUnionType(
                name,
                lambda: [
                    cast("GraphQLObjectType", made.outputs[member])
                    for member in definition.members
                    if member in made.outputs
                ],
                resolve_type=_run_time_type(made),
                description=description,
            )
        spelled = self._members(made.model.name, name, definition.fields)
        made.field_names[name] = spelled

        def fields() -> dict[str, GraphQLField]:
            items = definition.fields.items()
            own = {spelled[key]: self._own_field(made, item) for key, item in items if key in spelled}
            for more in self.more.get(output.name, ()):
                own |= more()
            return own

        def interfaces() -> list[GraphQLInterfaceType]:
            return [
                cast("GraphQLInterfaceType", made.outputs[interface])
                for interface in definition.interfaces
                if interface in made.outputs
            ]

        if isinstance(definition, InterfaceType):
            output: GraphQLInterfaceType | GraphQLObjectType = GraphQLInterfaceType(
                name, fields, interfaces, resolve_type=_run_time_type(made), description=description
            )
        else:
            output = GraphQLObjectType(name, fields, interfaces, is_type_of=is_row, description=description)
        return output

    def _members(self, source: str, owner: str, names: Iterable[str]) -> dict[str, str]:
        """The names of the fields of one type. ``owner``: its GraphQL name."""
        pins = self._pins[source].fields if source in self._pins else {}
        kept = {name: pins[owner, name] for name in names if (owner, name) in pins} if pins else {}
        return members(names, kept)

    def _own_field(self, made: SourceTypes, item: Field) -> GraphQLField:
        typed = self.output_ref(made, item.type)
        return GraphQLField(
            typed if item.required else nullable(typed),
            description=item.description or None,
            deprecation_reason=item.deprecated,
            extensions={PLAN: ReadKey(item.name)},
        )

    def _input(self, made: SourceTypes, name: str, definition: InputType) -> GraphQLInputObjectType:
        given = list(definition.fields.values())
        names = made.input_names[name] = self._members(made.model.name, name, [item.name for item in given])

        def fields() -> dict[str, GraphQLInputField]:
            return {
                names[argument.name]: GraphQLInputField(
                    self._input_type(made, argument),
                    default_value=Undefined if argument.default is None else argument.default,
                    description=argument.description or None,
                    deprecation_reason=argument.deprecated,
                    out_name=argument.name,
                )
                for argument in given
            }

        return GraphQLInputObjectType(
            name, fields, is_one_of=definition.one_of, description=definition.description or None
        )


def model_places(model: SourceModel) -> dict[tuple[str, str], str]:
    """(kind, key) → what the description calls each thing of a source; the key where two share one place."""
    things: list[tuple[str, str, str]] = [
        (kind, key, item.naming.place if item.naming is not None else key)
        for kind, each in (
            ("operation", model.operations), ("type", model.types), ("input", model.inputs), ("enum", model.enums),
        )
        for key, item in each.items()
    ]  # fmt: skip
    count = Counter((kind, place) for kind, _, place in things)
    return {(kind, key): place if count[kind, place] == 1 else f"{place} {key}" for kind, key, place in things}


def living(pins: Mapping[str, Pins], models: Iterable[SourceModel]) -> dict[str, Pins]:
    """The pins without those of things that a source does not have any more: their names are free again.

    A source that could not be read keeps all of its names until it comes back.
    """
    kept = dict(pins)
    for model in models:
        if model.name not in pins:
            continue
        own = pins[model.name]
        there: dict[str, set[str]] = {}
        for (kind, _), place in model_places(model).items():
            there.setdefault(kind, set()).add(place)
        kinds = (("operation", own.operations), ("type", own.types), ("input", own.inputs), ("enum", own.enums))
        found = [{place: each[place] for place in each.keys() & there.get(kind, set())} for kind, each in kinds]
        kept[model.name] = Pins(*found, fields=own.fields)
    return kept


def _as_input(names: Sequence[str]) -> tuple[str, ...]:
    """The names of an input end in ``Input``: ``CreateOrderRequest`` → ``CreateOrderInput``."""
    made: list[str] = []
    for name in names:
        made += [name] if name.endswith("Input") else [f"{_REQUEST.sub('', name)}Input", f"{name}Input"]
    return tuple(dict.fromkeys([*made, *(f"{name}DataInput" for name in names[:1])]))


def nullable(typed: GraphQLOutputType) -> GraphQLOutputType:
    """The type without its outer non-null."""
    return cast("GraphQLOutputType", typed.of_type) if isinstance(typed, GraphQLNonNull) else typed


def _columns(made: SourceTypes, row: str) -> Columns:
    """The columns of a row type as they are named in the end: renamed where they are, absent where they are hidden."""

    def columns() -> dict[str, tuple[str, str]]:
        owner = made.outputs[row].name
        return {field: (key, f"{owner}.{field}") for key, field in made.field_names[owner].items()}

    return columns


def _run_time_type(made: SourceTypes) -> RowType:
    def of(name: object) -> str | None:
        found = made.outputs.get(name) if isinstance(name, str) else None
        return found.name if found is not None else None

    return RowType(of)


def _enum(name: str, definition: EnumType) -> GraphQLEnumType:
    spelled = enum_values([str(item.value) for item in definition.values])
    return GraphQLEnumType(
        name,
        {
            key: GraphQLEnumValue(item.value, description=item.description or None, deprecation_reason=item.deprecated)
            for key, item in zip(spelled, definition.values, strict=True)
        },
        description=definition.description or None,
    )
