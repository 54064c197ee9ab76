"""A source's model becomes GraphQL types, inputs and enums, and its operations become root fields with their plans.

Types are graphql-core's own with lazy fields: a description of thousands of types costs only what is used. Links
between sources are made in ``links.py``; rules are laid over the finished schema in ``access/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    Argument,
    Change,
    Effect,
    EnumType,
    Field,
    InputType,
    InterfaceType,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Problem,
    ScalarRef,
    SourceModel,
    TypeRef,
    UnionType,
)
from schema.filters import DISTINCT, GROUP_BY, GROUP_ORDER, HAVING, LIMIT, MIRROR, OFFSET, ORDER_BY, WHERE
from schema.joined_arguments import ArgumentChange
from schema.kept import Kept
from schema.namer import KINDS, Namer, model_places
from schema.naming import Pins, enum_values
from schema.plan.fields import ORIGIN, PLAN, CallOperation, FieldPlan, Origin, ReadKey, RowType, is_row
from schema.row_inputs import RowInputs, columns_of
from schema.scalars import SCALARS
from schema.shared import shapes
from schema.source_types import SourceTypes, concrete, row_of

RowArguments = Literal["all", "filter", "none"]
"""Which arguments of rows a field takes: all; all but the page; none, since it gives one row."""


MoreFields = Callable[[], dict[str, GraphQLField]]
Finish = Callable[[dict[str, GraphQLField]], dict[str, GraphQLField]]


@dataclass(frozen=True, slots=True)
class _Shared:
    """A type that the gateway made and whatever source has its like uses too. ``spelled``: names of its fields."""

    made: GraphQLNamedType
    spelled: dict[str, str]


@dataclass(frozen=True, slots=True)
class Later:
    """What is said of a field that joins may make: its new name, empty where it is hidden. ``otherwise``: the problem
    where none makes it.
    """

    new: str
    otherwise: Problem


class TypeBuilder:
    """Builds the types of all sources into one set of names. ``more``: GraphQL type → fields that joins add to it;
    ``joins``: (source, type, field) → what is said of such a field.
    """

    def __init__(
        self,
        taken: set[str],
        taken_roots: set[str],
        *,
        prefixes: Mapping[str, str],
        pins: Mapping[str, Pins] | None = None,
    ) -> None:
        self._namer = Namer(taken, taken_roots, prefixes=prefixes, pins=pins)
        self.names, self.root_names = self._namer.names, self._namer.root_names
        self.given: dict[str, Pins] = {}
        """The names that each source was given, before any is changed by ``rename``."""
        self.sources: dict[str, SourceTypes] = {}
        self.queries: dict[str, GraphQLField] = {}
        self.mutations: dict[str, GraphQLField] = {}
        self.more: dict[str, list[MoreFields]] = {}
        self.joins: dict[tuple[str, str, str], Later] = {}
        self.arguments: list[ArgumentChange] = []
        """What is said of arguments of fields that joins add; done with when a schema is made."""
        self.kept: list[Kept] = []
        """The old names that are served beside the new, once everything is named."""
        self.promises: dict[str, list[GraphQLInterfaceType]] = {}
        """GraphQL type → the interfaces that it implements beside its own."""
        self.finish: dict[str, Finish] = {}
        """GraphQL type → what makes its fields out of those that it would have."""
        self._shared: dict[str, _Shared] = {}
        self.rows = RowInputs(self.names)

    def add(self, model: SourceModel) -> None:
        """Takes a source in; the order of calls is the order of precedence for names."""
        made = SourceTypes(model)
        self.sources[model.name] = made
        shared = shapes(model)
        named = self._namer.types(model, shared, {shape: each.made.name for shape, each in self._shared.items()})
        for name, enum in model.enums.items():
            made.enums[name] = _enum(named["enum", name], enum)
        for name, definition in model.types.items():
            shape, called = shared.get(("type", name), ""), named["type", name]
            known = self._shared.get(shape)
            if known is not None:
                made.outputs[name], made.field_names[name] = known.made, known.spelled
                continue
            made.outputs[name] = self._output(made, called, name, definition)
            if shape:
                self._shared[shape] = _Shared(made.outputs[name], made.field_names[name])
        for name, input_type in model.inputs.items():
            shape, called = shared.get(("input", name), ""), named["input", name]
            known = self._shared.get(shape)
            if known is not None:
                made.inputs[name] = cast("GraphQLInputObjectType", known.made)
                made.input_names[called] = known.spelled
                continue
            made.inputs[name] = self._input(made, called, name, input_type)
            if shape:
                self._shared[shape] = _Shared(made.inputs[name], made.input_names[called])
        roots = self._namer.roots(model)
        for name, operation in model.operations.items():
            root = made.roots[name] = roots[name]
            made.argument_names[name] = self._namer.arguments(model.name, root, operation)
            changed = operation.change
            plan = CallOperation(model.name, operation, None if changed is None else columns_of(made, changed.rows))
            target = self.queries if operation.effect is Effect.READ else self.mutations
            target[root] = self.field_for(made, operation, plan, self.result(made, operation), rows="all")
        places = model_places(model)
        common = {named[thing] for thing in shared}
        self.given[model.name] = Pins(
            {places["operation", name]: root for name, root in roots.items()},
            *(
                {
                    places[kind, key]: called
                    for (each, key), called in named.items()
                    if each == kind and (each, key) not in shared
                }
                for kind in KINDS
            ),
            fields={
                (owner, name): spelled
                for owner, each in (
                    *((named["type", key], each) for key, each in made.field_names.items()),
                    *made.input_names.items(),
                )
                if owner not in common
                for name, spelled in each.items()
                if spelled != name
            },
            arguments={
                (roots[operation], name): spelled
                for operation, each in made.argument_names.items()
                for name, spelled in each.items()
                if spelled != name
            },
            made={shape: named[thing] for thing, shape in shared.items()},
        )

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
        extensions: dict[str, object] = {PLAN: plan, ORIGIN: origin_in(made, operation.result)}
        if operation.change is not None:
            condition = self._condition(made, operation, operation.change, arguments)
            arguments = condition | arguments if operation.change.conditional else arguments | condition
            extensions[MIRROR] = made.outputs[operation.change.rows]
        return GraphQLField(
            result,
            args=arguments,
            description=operation.description or None,
            deprecation_reason=operation.deprecated,
            extensions=extensions,
        )

    def _condition(
        self, made: SourceTypes, operation: Operation, change: Change, beside: Mapping[str, GraphQLArgument]
    ) -> dict[str, GraphQLArgument]:
        """The argument that says which rows are changed, or what must still hold of one."""
        if not change.condition:
            return {}
        name = change.condition
        while name in beside:
            name = f"{name}_"
        where = self.rows.where(made, change.rows, operation)
        return {name: GraphQLArgument(GraphQLNonNull(where) if change.conditional else where, out_name=WHERE)}

    def _arguments(
        self, made: SourceTypes, operation: Operation, *, rows: RowArguments, without: frozenset[str]
    ) -> dict[str, GraphQLArgument]:
        names = made.argument_names[operation.name]
        arguments = {
            names[argument.name]: GraphQLArgument(
                self.input_type(made, argument),
                default_value=Undefined if argument.default is None else argument.default,
                description=argument.description or None,
                deprecation_reason=argument.deprecated,
                out_name=argument.name,
            )
            for name, argument in operation.arguments.items()
            if name not in without and (operation.name, argument.name) not in made.unasked
        }
        if rows != "none" and operation.rows is not None and operation.change is None:
            row = row_of(operation)
            if rows == "all" and operation.rows.groupable and not operation.aggregate_of:
                arguments |= self._distinct(made, row, operation)
            if operation.rows.filterable:
                arguments["where"] = GraphQLArgument(self.rows.where(made, row, operation), out_name=WHERE)
            if operation.aggregate_of:
                if operation.rows.groupable:
                    columns = GraphQLList(GraphQLNonNull(self.rows.column(made, row, operation)))
                    arguments["groupBy"] = GraphQLArgument(columns, out_name=GROUP_BY)
                arguments["having"] = GraphQLArgument(self.rows.having(made, row, operation), out_name=HAVING)
                by = GraphQLList(GraphQLNonNull(self.rows.group_order(made, row, operation)))
                arguments["orderBy"] = GraphQLArgument(by, out_name=GROUP_ORDER)
            elif operation.rows.orderable:
                order = GraphQLList(GraphQLNonNull(self.rows.order(made, row, operation)))
                arguments["orderBy"] = GraphQLArgument(order, out_name=ORDER_BY)
            if rows == "all" and isinstance(operation.result, ListRef):
                arguments["limit"] = GraphQLArgument(GraphQLInt, out_name=LIMIT, description="At most so many rows.")
                arguments["offset"] = GraphQLArgument(GraphQLInt, out_name=OFFSET, description="After so many rows.")
        return arguments

    def _distinct(self, made: SourceTypes, row: str, operation: Operation) -> dict[str, GraphQLArgument]:
        if not (isinstance(operation.result, ListRef) or operation.connection_of):
            return {}
        columns = GraphQLList(GraphQLNonNull(self.rows.column(made, row, operation)))
        said = "Of the rows that are equal in these fields only the first, by orderBy."
        return {"distinct": GraphQLArgument(columns, out_name=DISTINCT, description=said)}

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

    def input_type(self, made: SourceTypes, argument: Argument) -> GraphQLInputType:
        """The type of an argument or of an input field, which may be left out where it is not required."""
        typed = self._input_ref(made, argument.type)
        if isinstance(typed, GraphQLNonNull) and not argument.required:
            return cast("GraphQLInputType", typed.of_type)
        return typed

    def _output(self, made: SourceTypes, name: str, key: str, definition: OutputType) -> GraphQLNamedType:
        description = definition.description or None
        if isinstance(definition, UnionType):
            return GraphQLUnionType(
                name,
                lambda: [
                    cast("GraphQLObjectType", made.outputs[member])
                    for member in definition.members
                    if member in made.outputs
                ],
                resolve_type=_run_time_type(made, key),
                description=description,
            )
        spelled = self._namer.fields(made.model.name, name, definition.fields)
        made.field_names[key] = spelled

        def told() -> GraphQLNamedType | None:
            return made.outputs.get(definition.of) if isinstance(definition, ObjectType) else None

        def fields() -> dict[str, GraphQLField]:
            told_of = told()
            items = definition.fields.items()
            own = {spelled[key]: self.own_field(made, item) for key, item in items if key in spelled}
            if told_of is not None:
                names = made.field_names.get(cast("ObjectType", definition).of, {})  # a union has none
                for field, item in items:
                    if field in spelled and item.of in names:
                        own[spelled[field]].extensions[MIRROR] = f"{told_of.name}.{names[item.of]}"
            for more in self.more.get(output.name, ()):
                own |= more()
            return self._finished(output.name, own)

        def interfaces() -> list[GraphQLInterfaceType]:
            own = [
                cast("GraphQLInterfaceType", made.outputs[interface])
                for interface in definition.interfaces
                if interface in made.outputs
            ]
            return [*own, *self.promises.get(output.name, ())]

        if isinstance(definition, InterfaceType):
            output: GraphQLInterfaceType | GraphQLObjectType = GraphQLInterfaceType(
                name, fields, interfaces, resolve_type=_run_time_type(made, key), description=description
            )
        else:
            told_of = told()
            extensions = {} if told_of is None else {MIRROR: told_of}
            output = GraphQLObjectType(
                name, fields, interfaces, is_type_of=is_row, description=description, extensions=extensions
            )
        return output

    def _finished(self, name: str, fields: dict[str, GraphQLField]) -> dict[str, GraphQLField]:
        """The fields of a type as they are in the end."""
        finish = self.finish.get(name)
        fields = fields if finish is None else finish(fields)
        for change in self.arguments:
            change.apply(name, fields)
        return fields

    def own_field(self, made: SourceTypes, item: Field) -> GraphQLField:
        """A field that is read from the row."""
        typed = self.output_ref(made, item.type)
        return GraphQLField(
            typed if item.required else nullable(typed),
            description=item.description or None,
            deprecation_reason=item.deprecated,
            extensions={PLAN: ReadKey(item.name), ORIGIN: origin_in(made, item.type)},
        )

    def _input(self, made: SourceTypes, name: str, key: str, definition: InputType) -> GraphQLInputObjectType:
        if definition.row_of:
            return self._row_input(made, name, key, definition)
        given = list(definition.fields.values())
        names = made.input_names[name] = self._namer.fields(made.model.name, name, [item.name for item in given])

        def fields() -> dict[str, GraphQLInputField]:
            return {
                names[argument.name]: GraphQLInputField(
                    self.input_type(made, argument),
                    default_value=Undefined if argument.default is None else argument.default,
                    description=argument.description or None,
                    deprecation_reason=argument.deprecated,
                    out_name=argument.name,
                )
                for argument in given
                if argument.name in names
            }

        return GraphQLInputObjectType(
            name, fields, is_one_of=definition.one_of, description=definition.description or None
        )

    def _row_input(self, made: SourceTypes, name: str, row_key: str, definition: InputType) -> GraphQLInputObjectType:
        """Values for the fields of a row: named as they are, absent where they are hidden, under the same rules."""
        columns = columns_of(made, definition.row_of)

        def fields() -> dict[str, GraphQLInputField]:
            return {
                field: GraphQLInputField(
                    self.input_type(made, definition.fields[key]),
                    description=definition.fields[key].description or None,
                    out_name=key,
                    extensions={MIRROR: mirror},
                )
                for field, (key, mirror) in columns().items()
                if key in definition.fields and (row_key, key) not in made.unwritten
            }

        return GraphQLInputObjectType(name, fields, description=definition.description or None)


def nullable(typed: GraphQLOutputType) -> GraphQLOutputType:
    """The type without its outer non-null."""
    return cast("GraphQLOutputType", typed.of_type) if isinstance(typed, GraphQLNonNull) else typed


def origin_in(made: SourceTypes, ref: TypeRef | None) -> Origin:
    """Where the rows in a value of a type come from."""
    while isinstance(ref, ListRef):
        ref = ref.item
    return made.model.name, ref.name if isinstance(ref, NamedRef) else ""


def _run_time_type(made: SourceTypes, abstract: str) -> RowType:
    def of(name: object) -> str | None:
        found = made.outputs.get(name) if isinstance(name, str) else None
        return found.name if found is not None else None

    def origin(name: str) -> Origin:
        kinds = concrete(made.model, abstract)
        return made.model.name, next((key for key in kinds if of(key) == name), "")

    return RowType(of, origin)


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
