"""Limits on the shape of an operation, counted after fragments are expanded and before anything is validated or run.

Sizes are computed with memory per fragment, so an operation that would expand without end is refused without being
expanded. Limits on bytes, time and places belong to the edge.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    SelectionSetNode,
    ValueNode,
)
from pydantic import Field

from resolvers import LimitExceeded, Settings


class OperationLimits(Settings):
    """How large one operation may be. The standard introspection query passes the defaults."""

    max_document_bytes: int = Field(65_536, gt=0, description="Longest document, in bytes of UTF-8.")
    max_tokens: int = Field(2000, gt=0, description="Most lexical tokens in a document; parsing stops there.")
    max_depth: int = Field(15, gt=0, description="Deepest nesting of fields, and of lists and objects in arguments.")
    max_fields: int = Field(1000, gt=0, description="Most fields after fragments are expanded.")
    max_aliases: int = Field(30, gt=0, description="Most aliases after fragments are expanded.")
    max_root_fields: int = Field(20, gt=0, description="Most fields at the root.")
    max_directives: int = Field(50, gt=0, description="Most directives after fragments are expanded.")
    max_errors: int = Field(10, gt=0, description="Most request errors that are reported.")
    document_cache_entries: int = Field(2000, gt=0, description="Most operations whose plans are kept.")
    document_cache_bytes: int = Field(64 << 20, gt=0, description="Memory for those plans, in bytes, as estimated.")


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


def check_size(document: DocumentNode, limits: OperationLimits) -> None:
    """Refuses a document any of whose operations is larger than allowed.

    Raises:
        LimitExceeded: names the limit.
    """
    measure = _Measure(document, limits)
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            continue
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
        ):
            if found > allowed:
                raise LimitExceeded(f"the operation has more than {allowed} {what}")
