"""An operation becomes a plan: which fields run, who may have them, and what each call must bring. Nothing runs here.

One pass over the validated operation decides access for every field, argument and input field that will really
execute, and collects for each call the selection that reaches its source. What is refused brings nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_abstract_type,
    value_from_ast_untyped,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from resolvers import EVERYTHING, LEAF, Scalar, Selection
from schema.access.principal import Principal
from schema.access.rules import Policy
from schema.plan.fields import FieldPlan, Link, ReadKey, Strawberry, plan_of
from schema.scalars import SCALARS

ResponsePath = tuple[str, ...]
"""Response keys from the root, without list indices."""

_JSON = SCALARS[Scalar.JSON]


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of the operation on one run-time type. ``selection``: what is needed of the field's own value."""

    parent: str
    name: str
    path: ResponsePath
    plan: FieldPlan
    nodes: tuple[FieldNode, ...]
    selection: Selection = LEAF


@dataclass(slots=True)
class OperationPlan:
    """``fields``: what may run, by run-time type and path. ``refused``: what may not, once per field and path."""

    fields: dict[tuple[str, ResponsePath], PlannedField] = field(default_factory=dict)
    refused: dict[ResponsePath, PlannedField] = field(default_factory=dict)


class Compiler:
    """Plans one operation for one principal."""

    def __init__(
        self,
        schema: GraphQLSchema,
        policy: Policy,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
        raw_variables: Mapping[str, object],
    ) -> None:
        self._schema = schema
        self._policy = policy
        self._operation = operation
        self._fragments = {name: FragmentDetails(definition) for name, definition in fragments.items()}
        self._variables = variables
        self._raw = dict(raw_variables)

    def plan(self, principal: Principal) -> OperationPlan:
        """The plan for ``principal``; of a mutation in which any root field is refused, every root field is."""
        root = self._schema.get_root_type(self._operation.operation)
        assert root is not None
        collected = collect_fields(self._schema, self._fragments, self._variables, root, self._operation)
        groups = {key: [detail.node for detail in details] for key, details in collected.grouped_field_set.items()}
        plan = OperationPlan()
        if self._operation.operation is OperationType.MUTATION and not all(
            self._allowed(root, nodes, principal) for nodes in groups.values()
        ):
            for key, nodes in groups.items():
                if not nodes[0].name.value.startswith("__"):
                    self._refuse(plan, root, (key,), nodes)
            groups = {key: nodes for key, nodes in groups.items() if nodes[0].name.value.startswith("__")}
        for key, nodes in groups.items():
            self._field(plan, root, (key,), nodes, principal)
        return plan

    def _field(
        self,
        plan: OperationPlan,
        parent: GraphQLObjectType,
        path: ResponsePath,
        nodes: list[FieldNode],
        principal: Principal,
    ) -> Selection:
        """Plans one field and everything below; gives what it needs of the parent's row."""
        name = nodes[0].name.value
        if name.startswith("__"):
            return LEAF
        if not self._allowed(parent, nodes, principal):
            self._refuse(plan, parent, path, nodes)
            return LEAF
        definition = parent.fields[name]
        field_plan = plan_of(definition)
        below = self._below(plan, definition.type, path, nodes, principal)
        if isinstance(field_plan, Link) and field_plan.take is not None:
            below = Selection({field_plan.take: below})
        plan.fields[parent.name, path] = PlannedField(parent.name, name, path, field_plan, tuple(nodes), below)
        if isinstance(field_plan, ReadKey):
            return Selection({field_plan.key: below})
        if isinstance(field_plan, Link):
            return Selection(dict.fromkeys(field_plan.keys, LEAF))
        return field_plan.needs if isinstance(field_plan, Strawberry) else LEAF

    def _below(
        self,
        plan: OperationPlan,
        typed: GraphQLOutputType,
        path: ResponsePath,
        nodes: list[FieldNode],
        principal: Principal,
    ) -> Selection:
        named = get_named_type(typed)
        if named is _JSON:
            return EVERYTHING
        if isinstance(named, GraphQLObjectType):
            possible: tuple[GraphQLObjectType, ...] = (named,)
        elif is_abstract_type(named):
            possible = tuple(self._schema.get_possible_types(named))
        else:
            return LEAF
        selection = LEAF
        for run_time in possible:
            details = [FieldDetails(node, None) for node in nodes]
            collected = collect_subfields(
                self._schema, self._fragments, self._variables, self._operation, run_time, details
            )
            for key, found in collected.grouped_field_set.items():
                inner = self._field(plan, run_time, (*path, key), [detail.node for detail in found], principal)
                selection = selection.merge(inner)
        return selection

    def _refuse(
        self, plan: OperationPlan, parent: GraphQLObjectType, path: ResponsePath, nodes: list[FieldNode]
    ) -> None:
        name = nodes[0].name.value
        plan.refused[path] = PlannedField(parent.name, name, path, plan_of(parent.fields[name]), tuple(nodes))

    def _allowed(self, parent: GraphQLObjectType, nodes: list[FieldNode], principal: Principal) -> bool:
        name = nodes[0].name.value
        if name.startswith("__"):
            return True
        if not self._policy.field(parent.name, name).met_by(principal):
            return False
        arguments = parent.fields[name].args
        for node in nodes[:1]:
            for argument in node.arguments or ():
                given = argument.name.value
                if not self._policy.argument(parent.name, name, given).met_by(principal):
                    return False
                value = value_from_ast_untyped(argument.value, self._raw)
                for input_type, input_field in _used(arguments[given].type, value):
                    if not self._policy.input_field(input_type, input_field).met_by(principal):
                        return False
        return True


def _used(typed: GraphQLInputType, value: object) -> Iterator[tuple[str, str]]:
    """The input fields that a value uses, as (input type, field)."""
    if isinstance(typed, GraphQLNonNull):
        yield from _used(typed.of_type, value)
    elif isinstance(typed, GraphQLList):
        for item in value if isinstance(value, list) else [value]:
            yield from _used(typed.of_type, item)
    elif isinstance(typed, GraphQLInputObjectType) and isinstance(value, Mapping):
        for name, inner in value.items():
            if name in typed.fields:
                yield typed.name, name
                yield from _used(typed.fields[name].type, inner)
