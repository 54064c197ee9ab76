"""A connection: the members that a part of a longer list has, whatever kind of source it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolvers.errors import BadRequest
from resolvers.model import Field, ObjectType, Scalar, ScalarRef, TypeRef
from resolvers.naming import Naming
from resolvers.settings import PagesSettings
from resolvers.source import EVERYTHING, LEAF, Selection

NODES, EDGES, PAGE_INFO, TOTAL = "nodes", "edges", "pageInfo", "totalCount"
CURSOR, NODE = "cursor", "node"
HAS_NEXT, HAS_PREVIOUS, START, END = "hasNextPage", "hasPreviousPage", "startCursor", "endCursor"
FIRST, AFTER, LAST, BEFORE = "first", "after", "last", "before"


def page_info(name: str) -> ObjectType:
    """The type of ``pageInfo``, which all sources of a schema share."""
    fields = (
        Field(HAS_NEXT, ScalarRef(Scalar.BOOLEAN), description="Whether there is more after this part."),
        Field(HAS_PREVIOUS, ScalarRef(Scalar.BOOLEAN), description="Whether there is more before this part."),
        Field(
            START,
            ScalarRef(Scalar.STRING, nullable=True),
            description="Give it as before to go back; null where there is no before.",
        ),
        Field(END, ScalarRef(Scalar.STRING, nullable=True), description="Give it as after to go on."),
    )
    said = "Where a part of a longer list begins and ends."
    called = Naming("PageInfo", ("PageInfo", "Pages"))
    return ObjectType(name, {field.name: field for field in fields}, description=said, naming=called)


def edge_fields(node: TypeRef) -> tuple[Field, Field]:
    """The members of an edge whose row is a ``node`` (GraphQL Cursor Connections Specification, section 3)."""
    said = "Where this row stands: give it as after to go on behind it, as before to go back from it."
    return Field(CURSOR, ScalarRef(Scalar.STRING), description=said), Field(NODE, node, description="The row.")


def rows_selected(selection: Selection) -> Selection:
    """What a connection needs of each row, which may stand in ``nodes`` and in ``edges``."""
    edge = selection.fields.get(EDGES, LEAF)
    if selection.everything or edge.everything:
        return EVERYTHING
    return selection.fields.get(NODES, LEAF).merge(edge.fields.get(NODE, LEAF))


def has_cursors(selection: Selection) -> bool:
    """Whether the cursor of each row is asked for."""
    edge = selection.fields.get(EDGES, LEAF)
    return selection.everything or edge.everything or CURSOR in edge.fields


def with_edges(selection: Selection, rows: Sequence[object], cursors: Sequence[str]) -> dict[str, object]:
    """The rows as ``nodes``, and as ``edges`` where these are selected. ``cursors``: one for each row, or none at all
    where ``has_cursors`` says so.
    """
    found: dict[str, object] = {NODES: rows}
    if selection.everything or EDGES in selection.fields:
        found[EDGES] = [{NODE: row} for row in rows]
        if cursors:
            found[EDGES] = [{CURSOR: cursor, NODE: row} for cursor, row in zip(cursors, rows, strict=True)]
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a list that can be gone through both ways: ``count`` rows, counted from its end where ``backwards``;
    only those ``after`` and ``before`` the rows of these cursors.
    """

    count: int
    backwards: bool
    after: str | None
    before: str | None


def span(arguments: Mapping[str, object], settings: PagesSettings) -> Span:
    """What part a caller asked for (Relay, GraphQL Cursor Connections Specification, section 4).

    Raises:
        BadRequest: two ways at once, a way back without its length, or a length as ``first_rows`` refuses it.
    """
    first, last = arguments.get(FIRST), arguments.get(LAST)
    after, before = (None if given is None else str(given) for given in (arguments.get(AFTER), arguments.get(BEFORE)))
    if first is not None and last is not None:
        raise BadRequest("first and last are two ways at once: give one of them")
    if last is not None:
        return Span(_rows(LAST, last, settings), True, after, before)
    if first is None and before is not None:
        raise BadRequest(
            "before is given with last, which goes back from there, or with first, which begins at the front"
        )
    return Span(first_rows(first, settings), False, after, before)


def first_rows(given: object, settings: PagesSettings) -> int:
    """How many rows a caller asked for.

    Raises:
        BadRequest: fewer than none, or more than are given at once.
    """
    if given is None:
        return settings.first
    return _rows(FIRST, given, settings)


def _rows(name: str, given: object, settings: PagesSettings) -> int:
    if not isinstance(given, int) or given < 0:
        raise BadRequest(f"{name} cannot be negative")
    if given > settings.max_first:
        raise BadRequest(f"{name} may be {settings.max_first} at most")
    return given
