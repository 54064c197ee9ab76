"""A connection: the members that a part of a longer list has, whatever kind of source it comes from."""

from __future__ import annotations

from resolvers.errors import BadRequest
from resolvers.model import Field, ObjectType, Scalar, ScalarRef
from resolvers.naming import Naming
from resolvers.settings import PagesSettings

NODES, PAGE_INFO, TOTAL = "nodes", "pageInfo", "totalCount"
HAS_NEXT, END = "hasNextPage", "endCursor"
FIRST, AFTER = "first", "after"


def page_info(name: str) -> ObjectType:
    """The type of ``pageInfo``, which all sources of a schema share."""
    more = Field(HAS_NEXT, ScalarRef(Scalar.BOOLEAN), description="Whether there is more after this part.")
    end = Field(END, ScalarRef(Scalar.STRING, nullable=True), description="Give it as after to go on.")
    said = "Where a part of a longer list ends."
    called = Naming("PageInfo", ("PageInfo", "Pages"))
    return ObjectType(name, {HAS_NEXT: more, END: end}, description=said, naming=called)


def first_rows(given: object, settings: PagesSettings) -> int:
    """How many rows a caller asked for.

    Raises:
        BadRequest: fewer than none, or more than are given at once.
    """
    if given is None:
        return settings.first
    if not isinstance(given, int) or given < 0:
        raise BadRequest("first cannot be negative")
    if given > settings.max_first:
        raise BadRequest(f"first may be {settings.max_first} at most")
    return given
