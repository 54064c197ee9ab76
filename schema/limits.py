"""Limits on the shape of an operation, counted after fragments are expanded and before anything is validated or run.

Sizes are computed with memory per fragment, so an operation that would expand without end is refused without being
expanded. Then the comparisons are counted that validation would make (GraphQL section 5.3.2, Field Selection Merging):
fields of one response name at one place are compared each with each, so their number counts squared. Limits on bytes,
time and places belong to the edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
)
from pydantic import Field

from resolvers import LimitExceeded, Settings
from schema.cost import CostSettings


class OperationLimits(Settings):
    """How large one operation may be. The standard introspection query passes the defaults."""

    max_document_bytes: int = Field(65_536, gt=0, description="Longest document, in bytes of UTF-8.")
    max_tokens: int = Field(2000, gt=0, description="Most lexical tokens in a document; parsing stops there.")
    max_depth: int = Field(15, gt=0, description="Deepest nesting of fields, and of lists and objects in arguments.")
    max_fields: int = Field(1000, gt=0, description="Most fields after fragments are expanded.")
    max_aliases: int = Field(30, gt=0, description="Most aliases after fragments are expanded.")
    max_root_fields: int = Field(20, gt=0, description="Most fields at the root.")
    max_directives: int = Field(50, gt=0, description="Most directives after fragments are expanded.")
    max_comparisons: int = Field(
        5000,
        gt=0,
        description="Most pairs that validation compares: fields of one response name at one place, and fragments "
        "spread at one place.",
    )
    max_operations: int = Field(
        10, gt=0, description="Most operations in a document; explorers send all that is written, and run one of them."
    )
    max_mutation_fields: int = Field(
        5, gt=0, description="Most fields at the root of a mutation, so that no request tries many things at once."
    )
    max_errors: int = Field(10, gt=0, description="Most request errors that are reported.")
    max_objects: int = Field(100_000, gt=0, description="Most objects in one answer.")
    max_failures: int = Field(50, gt=0, description="Most errors of fields that are told; the others are counted.")
    filter_depth: int = Field(
        2,
        ge=0,
        le=5,
        description="Most relations to many rows inside each other in one filter: what some, every and none ask is "
        "asked of each row above them.",
    )
    filter_keys: int = Field(
        1000,
        gt=0,
        le=10_000,
        description="Most different keys by which one filter on a link to another source may be answered.",
    )
    document_cache_entries: int = Field(2000, gt=0, description="Most operations whose plans are kept.")
    document_cache_bytes: int = Field(64 << 20, gt=0, description="Memory for those plans, in bytes, as estimated.")
    cost: CostSettings | None = Field(
        None, description="What operations cost, and may cost; absent: nothing is counted."
    )


@dataclass(slots=True)
class _Size:
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    width: int = 0
    """Fields at the level itself, with those that fragments bring to it."""


class _Measure:
    def __init__(self, document: DocumentNode, limits: OperationLimits) -> None:
        self.fragments = {
            item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
        }
        self.known: dict[str, _Size | None] = {}
        self.limits = limits

    def of(self, selection_set: SelectionSetNode, level: int = 0) -> _Size:
        if level > self.limits.max_depth * 4:
            raise LimitExceeded(f"the operation is nested deeper than {self.limits.max_depth}")
        total = _Size()
        for node in selection_set.selections:
            if isinstance(node, FragmentSpreadNode):
                inner, own, fields = self.fragment(node.name.value, level + 1), 0, 0
            elif isinstance(node, FieldNode):
                self.arguments(node.arguments)
                below = node.selection_set
                inner = _Size() if below is None else self.of(below, level + 1)
                if node.name.value in {"__schema", "__type"}:
                    inner = replace(inner, depth=0)  # the depth of introspection has a validation rule of its own
                own, fields = 1, 1
                total.width += 1
                total.aliases += node.alias is not None
            else:
                assert isinstance(node, InlineFragmentNode)
                inner, own, fields = self.of(node.selection_set, level + 1), 0, 0
            if not isinstance(node, FieldNode):
                total.width += inner.width
            total.depth = max(total.depth, inner.depth + own)
            total.fields += inner.fields + fields
            total.aliases += inner.aliases
            total.directives += inner.directives + self.directives(node.directives)
        return total

    def whole(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> _Size:
        """The size of an operation or a fragment with all that it spreads, its own directives and defaults too."""
        size = self.of(definition.selection_set)
        size.directives += self.directives(definition.directives)
        for variable in definition.variable_definitions or ():
            size.directives += self.directives(variable.directives)
            if variable.default_value is not None:
                self.value(variable.default_value, 0)
        return size

    def directives(self, nodes: Sequence[DirectiveNode] | None) -> int:
        for node in nodes or ():
            self.arguments(node.arguments)
        return len(nodes or ())

    def arguments(self, nodes: Sequence[ArgumentNode] | None) -> None:
        for node in nodes or ():
            self.value(node.value, 0)

    def fragment(self, name: str, level: int) -> _Size:
        if name not in self.known:
            self.known[name] = None  # under way: meeting it again is a cycle, which validation reports
            definition = self.fragments.get(name)
            self.known[name] = _Size() if definition is None else self.of(definition.selection_set, level)
        return self.known[name] or _Size()

    def value(self, node: ValueNode, depth: int) -> None:
        if depth > self.limits.max_depth:
            raise LimitExceeded(f"an argument is nested deeper than {self.limits.max_depth}")
        if isinstance(node, ListValueNode):
            for item in node.values:
                self.value(item, depth + 1)
        elif isinstance(node, ObjectValueNode):
            for field in node.fields:
                self.value(field.value, depth + 1)


_Places = list[tuple[SelectionSetNode, frozenset[str]]]
"""Selection sets that become one, and the fragments that each stands in."""


class _Comparisons:
    """Counts the pairs of one document. Distinct names are never compared: they cost nothing here."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], limits: OperationLimits) -> None:
        self.fragments = fragments
        self.limits = limits
        self.pairs = 0
        # What operations share is walked once for each, so many small ones could still add up to a long walk.
        self.steps = 10 * limits.max_fields
        self.reached: set[str] = set()

    def count(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> None:
        """Adds the pairs of one definition with all that it spreads."""
        inside: frozenset[str] = frozenset()
        if isinstance(definition, FragmentDefinitionNode):
            inside = frozenset({definition.name.value})
        waiting: list[_Places] = [[(definition.selection_set, inside)]]
        while waiting:
            waiting += self.level(waiting.pop())

    def level(self, places: _Places) -> list[_Places]:
        """Counts what meets at one place, and gives the places below it."""
        weights: dict[str, list[int]] = {}
        below: dict[str, _Places] = {}
        spread = 0
        waiting = list(places)
        while waiting:
            selection_set, inside = waiting.pop()
            for node in selection_set.selections:
                self.step()
                if isinstance(node, FieldNode):
                    name = (node.alias or node.name).value
                    weights.setdefault(name, []).append(1 + sum(_nodes(each.value) for each in node.arguments or ()))
                    if node.selection_set is not None:
                        below.setdefault(name, []).append((node.selection_set, inside))
                elif isinstance(node, InlineFragmentNode):
                    waiting.append((node.selection_set, inside))
                elif isinstance(node, FragmentSpreadNode):
                    spread += 1
                    fragment = self.fragments.get(node.name.value)
                    if fragment is not None and node.name.value not in inside:  # else validation reports it
                        self.reached.add(node.name.value)
                        waiting.append((fragment.selection_set, inside | {node.name.value}))
        self.add(spread * (spread - 1) // 2)
        for each in weights.values():
            self.add((len(each) - 1) * sum(each) // 2)  # the mean weight of two, for every two
        return list(below.values())

    def add(self, pairs: int) -> None:
        self.pairs += pairs
        if self.pairs > self.limits.max_comparisons:
            raise LimitExceeded(f"validation needs more than {self.limits.max_comparisons} comparisons of fields")

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise LimitExceeded(f"all operations together have more than {10 * self.limits.max_fields} selections")


def _nodes(value: ValueNode) -> int:
    """How many values a value holds, itself among them."""
    if isinstance(value, ListValueNode):
        return 1 + sum(_nodes(item) for item in value.values)
    if isinstance(value, ObjectValueNode):
        return 1 + sum(_nodes(field.value) for field in value.fields)
    return 1


def _check_comparisons(
    definitions: Sequence[OperationDefinitionNode | FragmentDefinitionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
    limits: OperationLimits,
) -> None:
    comparisons = _Comparisons(fragments, limits)
    for definition in definitions:
        if isinstance(definition, OperationDefinitionNode):
            comparisons.count(definition)
    for definition in definitions:
        if isinstance(definition, FragmentDefinitionNode) and definition.name.value not in comparisons.reached:
            comparisons.count(definition)  # nobody spreads it, and it is validated all the same


def _changes(definition: OperationDefinitionNode | FragmentDefinitionNode) -> bool:
    return isinstance(definition, OperationDefinitionNode) and definition.operation is OperationType.MUTATION


def check_size(document: DocumentNode, limits: OperationLimits) -> None:
    """Refuses a document any of whose operations is larger than allowed.

    Raises:
        LimitExceeded: names the limit.
    """
    measure = _Measure(document, limits)
    definitions = [
        item for item in document.definitions if isinstance(item, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    operations = [item for item in definitions if isinstance(item, OperationDefinitionNode)]
    if len(operations) > limits.max_operations:
        raise LimitExceeded(f"the document has more than {limits.max_operations} operations")
    for definition in definitions:
        size = measure.whole(definition)
        for found, allowed, what in (
            (size.depth, limits.max_depth, "levels of nesting"),
            (size.fields, limits.max_fields, "fields"),
            (size.aliases, limits.max_aliases, "aliases"),
            (size.directives, limits.max_directives, "directives"),
            (
                size.width if isinstance(definition, OperationDefinitionNode) else 0,
                limits.max_root_fields,
                "root fields",
            ),
            (
                size.width if _changes(definition) else 0,
                limits.max_mutation_fields,
                "root fields in a mutation",
            ),
        ):
            if found > allowed:
                raise LimitExceeded(f"the operation has more than {allowed} {what}")
    _check_comparisons(definitions, measure.fragments, limits)
