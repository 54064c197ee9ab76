"""An operation becomes a plan: which fields run, who may have them, and what each call must bring. Nothing runs here.

One pass over the validated operation decides access for every field, argument and input field that will really
execute, and collects for each call the selection that reaches its source. What is refused brings nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    ValueNode,
    get_named_type,
    is_abstract_type,
    value_from_ast_untyped,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

from resolvers import EVERYTHING, LEAF, Scalar, Selection
from schema.access.masks import Mask, without_values
from schema.access.need import Clause, Need, strictest
from schema.access.rules import Policy
from schema.access.settings import Refused
from schema.plan.arguments import is_filtered
from schema.plan.builder import builder
from schema.plan.entity import plan_from
from schema.plan.fields import (
    KEY_ALONE,
    ORIGIN,
    CallOperation,
    FieldPlan,
    Link,
    Made,
    Origin,
    ReadKey,
    RowType,
    Strawberry,
)
from schema.plan.layouts import laid_out, layout_of
from schema.plan.operation import Block, Entry, Fixed, OperationPlan, PlannedField, RefusedField, ResponsePath
from schema.plan.recorded import Identity, Recorded, Telling
from schema.plan.shapes import shape_of
from schema.plan.used import used_inputs
from schema.plan.variables import uses_variables
from schema.scalars import SCALARS

_JSON = SCALARS[Scalar.JSON]
_INTROSPECTION = {"__schema", "__type"}

Met = Callable[[Clause], bool]
"""Whether the callers for whom the plan is made meet a clause. All that matter are asked, met or not."""


class Compiler:
    """Plans one operation for one combination of ``@skip`` and ``@include`` and one class of access.

    ``variables`` decide the directives; ``raw_variables`` tell which guarded input fields a variable uses.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        policy: Policy,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
        raw_variables: Mapping[str, object],
        recorded: Recorded | None = None,
    ) -> None:
        self._schema = schema
        self._policy = policy
        self._operation = operation
        self._definitions = fragments
        self._fragments = {name: FragmentDetails(definition) for name, definition in fragments.items()}
        self._variables = variables
        self._raw = dict(raw_variables)
        self._fields: dict[tuple[str, ResponsePath], PlannedField] = {}
        self._refused: dict[ResponsePath, RefusedField] = {}
        self._loads: Counter[tuple[object, ...]] = Counter()
        self._introspected: list[FieldNode] = []
        self._telling = None if recorded is None else Telling(recorded)

    def plan(self, met: Met) -> OperationPlan:
        """The plan for callers who meet ``met``; of a mutation in which any root field is refused, every one is."""
        root = self._schema.get_root_type(self._operation.operation)
        assert root is not None
        collected = collect_fields(self._schema, self._fragments, self._variables, root, self._operation)
        groups = {key: [detail.node for detail in details] for key, details in collected.grouped_field_set.items()}
        stopped: Refused | None = None
        if self._operation.operation is OperationType.MUTATION:
            lacked = [clause for nodes in groups.values() for clause in self._lacked(root, nodes, met)]
            given = strictest(lacked) if lacked else None
            stopped = "null" if isinstance(given, Mask) else given
        block, _ = self._block(root, groups, (), met, KEY_ALONE, stopped)
        names = {nodes[0].name.value for nodes in groups.values()}
        return OperationPlan(
            self._operation,
            self._definitions,
            block,
            self._fields,
            tuple(self._refused.values()),
            self._loads,
            is_introspection=bool(names & _INTROSPECTION) and all(name.startswith("__") for name in names),
            introspected=tuple(self._introspected),
            told={} if self._telling is None else self._telling.told,
            filtered=tuple(planned for planned in self._fields.values() if is_filtered(planned)),
        )

    def _block(
        self,
        parent: GraphQLObjectType,
        groups: Mapping[str, list[FieldNode]],
        above: ResponsePath,
        met: Met,
        origin: Origin,
        stopped: Refused | None = None,
    ) -> tuple[Block, Selection]:
        """The fields of one type, and what they need of their parent's row. ``origin``: where that comes from.
        ``stopped``: all of them are refused so.
        """
        entries: list[Entry] = []
        needed = LEAF
        noted: Identity | None = None
        for order, (key, nodes) in enumerate(groups.items()):
            name = nodes[0].name.value
            if name.startswith("__"):
                if name in _INTROSPECTION:
                    self._introspected += nodes
                entries.append(Fixed(key, parent.name))
                continue
            path = (*above, key)
            lacked = self._lacked(parent, nodes, met)
            given = stopped or (strictest(lacked) if lacked else None)
            is_refused = given is not None and not isinstance(given, Mask)
            if self._telling is not None and self._tell(self._telling, parent, nodes, given) and not is_refused:
                noted = self._telling.recorded.identity(parent.name, origin)
            if given is not None and not isinstance(given, Mask):
                self._refused[path] = RefusedField(path, name, self._places(parent, nodes, met), given)
                entries.append(Fixed(key, None))
                continue
            planned, needs = self._field(parent, path, order, nodes, met, given, origin)
            self._fields[parent.name, path] = planned
            entries.append(planned)
            needed = needed.merge(needs)
        if noted is not None and above:
            needed = needed.merge(Selection(dict.fromkeys(noted.keys, LEAF)))
            self._mark(parent, entries, noted)
        settled = all(map(_is_settled, entries))
        made = Block(tuple(entries), builder(tuple(groups)), settled, layout_of(entries), noted if above else None)
        return made, needed

    def _tell(
        self, telling: Telling, parent: GraphQLObjectType, nodes: list[FieldNode], given: Refused | Mask | None
    ) -> bool:
        """Tells of a field and of what it is given; whether the field is recorded."""
        name, refused = nodes[0].name.value, given is not None and not isinstance(given, Mask)
        for argument in nodes[0].arguments or ():
            if telling.recorded.argument(parent.name, name, argument.name.value):
                telling.add("refused" if refused else "input", f"{parent.name}.{name}({argument.name.value}:)")
            value = value_from_ast_untyped(argument.value, self._raw)
            for used in used_inputs(parent.fields[name].args[argument.name.value].type, value):
                coordinate = telling.recorded.given(used)
                if coordinate is not None:
                    telling.add("refused" if refused else "input", coordinate)
        return telling.field(parent.name, name, "refused" if refused else "masked" if given is not None else "given")

    def _mark(self, parent: GraphQLObjectType, entries: list[Entry], noted: Identity) -> None:
        """Has the first field that is read of each object say that the object is noted."""
        for index, entry in enumerate(entries):
            if isinstance(entry, PlannedField) and not isinstance(entry.plan, Strawberry):
                entries[index] = self._fields[parent.name, entry.path] = replace(entry, marks=noted)
                return

    def _field(  # what is known of one field
        self,
        parent: GraphQLObjectType,
        path: ResponsePath,
        order: int,
        nodes: list[FieldNode],
        met: Met,
        mask: Mask | None,
        origin: Origin,
    ) -> tuple[PlannedField, Selection]:
        name = nodes[0].name.value
        definition = parent.fields[name]
        step, plan = plan_from(definition, origin)
        if isinstance(plan, Made) and plan.unseen is not None:
            plan = Made(plan.unseen(self._nowhere(get_named_type(definition.type), met)))
        shape = shape_of(definition.type)
        brought = definition.extensions.get(ORIGIN, KEY_ALONE)
        blocks, below = self._below(get_named_type(definition.type), path, nodes, met, brought)
        if isinstance(plan, Link) and plan.take is not None:
            below = Selection({plan.take: below})
        constant: Mapping[str, object] | None = None
        if not definition.args and not nodes[0].arguments:
            constant = {}
        elif not uses_variables(nodes[0]):
            with suppress(GraphQLError):  # it is raised again when the field runs, and is that field's error alone
                constant = get_argument_values(definition, nodes[0], self._variables, None, True)  # positional there
        laid = laid_out(below, plan, shape, blocks)
        planned = PlannedField(
            parent, name, path, order, definition, plan, tuple(nodes), shape, below, blocks, constant, laid,
            self._columns(plan, met), mask or self._unseen(get_named_type(definition.type), met),
        )  # fmt: skip
        needs = LEAF
        if isinstance(plan, ReadKey):
            needs = Selection({plan.key: below})
        elif isinstance(plan, Link):
            self._loads[plan.column.group] += 1
            needs = Selection(dict.fromkeys(plan.keys, LEAF))
        elif isinstance(plan, Strawberry):
            needs = plan.needs
        if step is None:
            return planned, needs
        # Another field of the same part takes the same step, and the two must find each other's rows.
        self._loads[step.column.group] += 2
        taken = replace(planned, plan=step, selection=needs, laid=needs, constant={}, below={}, mask=None)
        return replace(planned, step=taken), Selection(dict.fromkeys(step.keys, LEAF))

    def _columns(self, plan: FieldPlan, met: Met) -> Mapping[str, str]:
        """The columns of the rows that a field changes, as far as the callers may see them → their fields."""
        if not isinstance(plan, CallOperation) or plan.columns is None:
            return {}
        seen = {}
        for field, (key, coordinate) in plan.columns().items():
            owner, _, name = coordinate.partition(".")
            if self._policy.knows(owner, name) and not _unmet(self._policy.field(owner, name), met):
                seen[key] = field
        return seen

    def _unseen(self, named: GraphQLNamedType, met: Met) -> Mask | None:
        """Takes the place of those values of an enum that the callers may not see."""
        if not isinstance(named, GraphQLEnumType):
            return None
        hidden = {name for name, need in self._policy.values(named.name).items() if _unmet(need, met)}
        return without_values({named.values[name].value for name in hidden}) if hidden else None

    def _below(
        self, named: GraphQLNamedType, path: ResponsePath, nodes: list[FieldNode], met: Met, origin: Origin
    ) -> tuple[dict[str, Block], Selection]:
        if named is _JSON:
            return {}, EVERYTHING
        blocks: dict[str, Block] = {}
        selection = LEAF
        details = [FieldDetails(node, None) for node in nodes]
        for run_time in self._possible(named):
            collected = collect_subfields(
                self._schema, self._fragments, self._variables, self._operation, run_time, details
            )
            groups = {key: [detail.node for detail in found] for key, found in collected.grouped_field_set.items()}
            blocks[run_time.name], inner = self._block(run_time, groups, path, met, _concrete(named, run_time, origin))
            selection = selection.merge(inner)
        return blocks, selection

    def _nowhere(self, named: GraphQLNamedType, met: Met) -> frozenset[str]:
        """The types that a field may give and that do not exist for the callers: no field of them does."""
        return frozenset(
            each.name
            for each in self._possible(named)
            if all(
                any(clause.refused == "hidden" for clause in _unmet(self._policy.field(each.name, name), met))
                for name in each.fields
            )
        )

    def _possible(self, named: GraphQLNamedType) -> tuple[GraphQLObjectType, ...]:
        if isinstance(named, GraphQLObjectType):
            return (named,)
        return tuple(self._schema.get_possible_types(named)) if is_abstract_type(named) else ()

    def _lacked(self, parent: GraphQLObjectType, nodes: list[FieldNode], met: Met) -> list[Clause]:
        """What the callers lack to use a field with its arguments."""
        name = nodes[0].name.value
        if name.startswith("__"):
            return []
        lacked = _unmet(self._policy.field(parent.name, name), met)
        arguments = parent.fields[name].args
        for argument in nodes[0].arguments or ():
            given = argument.name.value
            lacked += _unmet(self._policy.argument(parent.name, name, given), met)
            value = value_from_ast_untyped(argument.value, self._raw)
            for used in used_inputs(arguments[given].type, value):
                lacked += _unmet(self._policy.used(*used), met)
        return lacked

    def _places(self, parent: GraphQLObjectType, nodes: list[FieldNode], met: Met) -> tuple[Node, ...]:
        """Where the document asks for what is refused: the field itself, an argument, or a part of one."""
        name = nodes[0].name.value
        if not _unmet(self._policy.field(parent.name, name), met):
            for argument in nodes[0].arguments or ():
                given = argument.name.value
                if _unmet(self._policy.argument(parent.name, name, given), met):
                    return (argument,)
                typed = parent.fields[name].args[given].type
                if not self._meets(typed, argument.value, met):
                    return (self._part(typed, argument, met),)
        return tuple(nodes)

    def _meets(self, typed: GraphQLInputType, value: ValueNode, met: Met) -> bool:
        given = value_from_ast_untyped(value, self._raw)
        return all(not _unmet(self._policy.used(*used), met) for used in used_inputs(typed, given))

    def _part(self, typed: GraphQLInputType, node: ArgumentNode | ObjectFieldNode, met: Met) -> Node:
        """The innermost field of an input that is written in the document and that the callers may not have; the
        argument or field that is given where a variable has it.
        """
        named = get_named_type(typed)
        values = node.value.values if isinstance(node.value, ListValueNode) else (node.value,)
        for value in values:
            if not isinstance(value, ObjectValueNode) or not isinstance(named, GraphQLInputObjectType):
                continue
            for field in value.fields:
                inner = named.fields[field.name.value].type
                if _unmet(self._policy.used(named.name, field.name.value), met) or not self._meets(
                    inner, field.value, met
                ):
                    return self._part(inner, field, met)
        return node


def _concrete(named: GraphQLNamedType, run_time: GraphQLObjectType, origin: Origin) -> Origin:
    """The origin of those rows of a field that are of a run-time type."""
    resolve = getattr(named, "resolve_type", None)
    return resolve.origin(run_time.name) if isinstance(resolve, RowType) else origin


def _unmet(need: Need, met: Met) -> list[Clause]:
    return [clause for clause in need.clauses if not met(clause)]


def _is_settled(entry: Entry) -> bool:
    if isinstance(entry, Fixed):
        return True
    return (
        entry.step is None and isinstance(entry.plan, ReadKey) and all(block.settled for block in entry.below.values())
    )
