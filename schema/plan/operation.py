"""The data of a planned operation: a tree of fields by run-time type. It decides nothing and runs nothing.

A plan belongs to a document, an operation name, the booleans of its ``@skip`` and ``@include`` and one class of
access; it holds no value of a request, so requests of many callers share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import TypeAlias

from graphql import FieldNode, FragmentDefinitionNode, GraphQLField, GraphQLObjectType, Node, OperationDefinitionNode

from resolvers import LEAF, Layout, Selection
from schema.access.masks import Mask
from schema.access.settings import Refused
from schema.plan.builder import Build
from schema.plan.fields import CallOperation, FieldPlan, Link, ReadKey
from schema.plan.recorded import Identity, Told
from schema.plan.shapes import Shape

ResponsePath = tuple[str, ...]
"""Response keys from the root, without list indices."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A response key whose value is the same for every object: ``__typename``, or the null of a refused field."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True, eq=False)
class PlannedField:
    """One field of the operation on one run-time type.

    ``selection``: what is needed of the field's own value; ``laid``: the same for rows that stand in the answer.
    ``below``: the fields of its objects, by their run-time type. ``constant``: its arguments where no variable occurs
    in them. ``columns``: of one that changes rows, those columns that the caller may see → their fields. ``mask``: what
    of its values may be shown.
    """

    parent: GraphQLObjectType
    name: str
    path: ResponsePath
    order: int
    definition: GraphQLField
    plan: FieldPlan
    nodes: tuple[FieldNode, ...]
    shape: Shape
    selection: Selection = LEAF
    below: Mapping[str, Block] = field(default_factory=dict)
    constant: Mapping[str, object] | None = None
    laid: Selection = LEAF
    columns: Mapping[str, str] = field(default_factory=dict)
    mask: Mask | None = None
    marks: Identity | None = None
    """Of the first field of a block of which objects are noted: how they are told apart."""
    step: PlannedField | None = None
    """The link to the rows that ``plan`` is for, where the parent's row comes from another part of an entity."""

    @property
    def told(self) -> str:
        """The coordinate, and the operation of a source that answers it."""
        coordinate = f"{self.parent.name}.{self.name}"
        if self.step is not None:
            return self.step.told
        if isinstance(self.plan, CallOperation):
            return f"{coordinate} ({self.plan.source}.{self.plan.operation.name})"
        if isinstance(self.plan, Link):
            return f"{coordinate} ({self.plan.column.source}.{self.plan.column.operation.name})"
        return coordinate

    @property
    def key(self) -> str:
        return self.path[-1]


Entry: TypeAlias = "Fixed | PlannedField"


@dataclass(frozen=True, slots=True)
class Block:
    """The fields of one object type at one place, in the order of the response; ``build`` makes objects of columns.

    ``settled``: all is read from the row, so one row gives one object wherever it stands, and nothing is added later.
    ``layout``: how a row of a source would look that stands in the answer itself; ``None`` where none could.
    """

    entries: tuple[Entry, ...]
    build: Build
    settled: bool = False
    layout: Layout | None = None
    noted: Identity | None = None
    """Set where one of the fields is recorded: how the objects of it are told apart."""
    unchecked: tuple[tuple[PlannedField, ReadKey], ...] = field(init=False)
    """The fields that are read from the row, and whose values a layout leaves as they are."""
    waiting: tuple[PlannedField, ...] = field(init=False)
    """The fields that are not read from the row at hand, but from one of another part of an entity, or not from any."""

    def __post_init__(self) -> None:
        members = repeat(None) if self.layout is None else self.layout.members
        unchecked: list[tuple[PlannedField, ReadKey]] = []
        waiting: list[PlannedField] = []
        for entry, member in zip(self.entries, members, strict=False):
            if not isinstance(entry, PlannedField):
                continue
            if entry.step is not None or not isinstance(entry.plan, ReadKey):
                waiting.append(entry)
            elif member is None or member.kind == "any":
                unchecked.append((entry, entry.plan))
        object.__setattr__(self, "unchecked", tuple(unchecked))
        object.__setattr__(self, "waiting", tuple(waiting))


@dataclass(frozen=True, slots=True)
class RefusedField:
    """A field that the caller may not use, or not so: ``nodes`` say where the document asks for what is refused, and
    ``given`` what is given instead.
    """

    path: ResponsePath
    field: str
    nodes: tuple[Node, ...]
    given: Refused


@dataclass(frozen=True, slots=True)
class OperationPlan:
    """``fields``: what may run, by run-time type and path. ``refused``: what may not, once per path.

    ``loads``: how many links of the operation load from each group of columns.

    ``is_introspection``: only ``__schema``, ``__type`` and ``__typename`` are asked of the root. ``introspected``: the
    first two of them, which no executor answers.
    """

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    root: Block
    fields: Mapping[tuple[str, ResponsePath], PlannedField]
    refused: tuple[RefusedField, ...]
    loads: Mapping[tuple[object, ...], int]
    is_introspection: bool
    introspected: tuple[FieldNode, ...] = ()
    told: Told = field(default_factory=dict)
    """What of it is recorded."""
    filtered: tuple[PlannedField, ...] = ()
    """The fields that have a filter."""

    @property
    def is_refused(self) -> bool:
        """True when what it asks for refuses the whole request, and not one field alone."""
        return any(field.given != "null" for field in self.refused)
