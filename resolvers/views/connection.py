"""A connection: the members that a part of a longer list has, whatever kind of source it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from resolvers.errors import BadRequest
from resolvers.model import Field, ObjectType, Scalar, ScalarRef
from resolvers.naming import Naming
from resolvers.settings import PagesSettings

NODES, PAGE_INFO, TOTAL = "nodes", "pageInfo", "totalCount"
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
