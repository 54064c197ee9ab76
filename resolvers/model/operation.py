"""What can be asked of a source: an operation, what it takes and gives, and how it takes keys, filters and pages.

How a call of it is encoded is not said here: each source keeps that beside its client, under the operation's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from resolvers.model.types import NOWHERE, Argument, Place, TypeRef
from resolvers.naming import Naming


class Effect(StrEnum):
    """What calling an operation does: a ``READ`` is a Query field, and only a ``WRITE`` must never be sent twice."""

    READ = "read"
    IDEMPOTENT = "idempotent"
    WRITE = "write"


READ_BECAUSE = "a read, because "
"""How the sign begins by which an operation was taken for a read; it is dropped where the user states the effect."""


Comparison: TypeAlias = Literal["trim", "padded", "casefold", "number"]
"""How keys of a system are compared: without outer spaces, without spaces at their end, without case, as numbers
whatever their spelling.
"""


@dataclass(frozen=True, slots=True)
class ManyKeys:
    """How an operation takes many keys in one call.

    ``argument``: the path to the argument that takes the list; its first part is the operation's argument, the
    rest are fields of input types. Empty: keys are given as a predicate over any field that ``rows`` allows (SQL).
    ``by``: result field → member of a list item that it answers; the member is empty where the item is the plain key.
    ``separator``: the argument is one text in which this joins the keys; empty where it is a list.
    ``guessed``: nobody stated it, so a reply with rows that nobody asked for proves it wrong.
    """

    argument: tuple[str, ...]
    by: Mapping[str, str]
    max_keys: int = 1000
    separator: str = ""
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """An operation over rows that the source itself can filter and order, and page where its result is their list.

    ``of``: the type of the rows where the result is something else. ``keys``: fields in all of which the source itself
    lets no two rows be equal. ``searched``: the fields whose texts it searches together; empty where it does not.
    ``joined``: others may be joined to them, and views be made of them; false where the rows hang on arguments.
    ``by_equality``: those of ``filterable`` of which the source knows which are equal, and nothing of their order.
    ``ungrouped``: those by which it would not group or tell apart what is equal. ``unsure``: those in which may stand
    what is no value of theirs, and fulfils conditions all the same.
    """

    filterable: frozenset[str]
    orderable: frozenset[str]
    of: str = ""
    keys: tuple[tuple[str, ...], ...] = ()
    searched: tuple[str, ...] = ()
    joined: bool = True
    by_equality: frozenset[str] = frozenset()
    ungrouped: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()

    @property
    def groupable(self) -> frozenset[str]:
        """The fields that rows can be grouped by, and told apart by."""
        return self.filterable - self.ungrouped


Verb: TypeAlias = Literal["insert", "upsert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """What an operation changes: rows of the type ``rows``.

    ``condition``: the name of its argument that takes a ``where`` of those rows, by what ``Operation.rows`` allows;
    empty where it takes none. ``conditional``: that argument must be given.
    """

    rows: str
    verb: Verb
    condition: str = ""
    conditional: bool = False


PagingStyle: TypeAlias = Literal["page", "offset", "cursor", "link"]


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation pages. Every path begins at the whole decoded reply; an empty one means: the reply says none.

    ``items_at``: the list that is paged (empty: the reply itself is the list), ``item`` the type of its items.
    ``position_argument``: takes the number of a page, the number of rows to leave out, or a token; empty where only
    the source's own links lead on. ``next_at``: the next position, or a link that holds it. ``more_at``: whether there
    is more. ``total_at``: how many rows there are in all. ``echo_at``: the number of this page. ``last_by``: the field
    of the last row that is the next position. ``first``: the number of the first page.
    """

    style: PagingStyle
    item: TypeRef
    items_at: tuple[str, ...] = ()
    size_argument: str = ""
    position_argument: str = ""
    next_at: tuple[str, ...] = ()
    more_at: tuple[str, ...] = ()
    total_at: tuple[str, ...] = ()
    echo_at: tuple[str, ...] = ()
    pages_at: tuple[str, ...] = ()
    last_by: str = ""
    first: int = 1
    max_size: int | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """What a reply wraps: the path from an operation's result to it, and its type."""

    at: tuple[str, ...]
    result: TypeRef


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked of a source. ``name`` is unique inside the source; links name it.

    ``result``: the type of what lies at ``at`` in the decoded reply (``None``: the operation answers nothing).
    ``by``: for an operation that takes one key per call, result field → argument that it answers.
    ``not_found_is_null``: a by-key read whose source answers "not found" gives null.
    ``inside``: what links read where the result is an envelope. ``connection_of``: the operation whose pages this one
    gives as a connection. ``evidence``: what was recognised and not stated, and by which signs, for readers.
    """

    name: str
    effect: Effect
    arguments: Mapping[str, Argument]
    result: TypeRef | None
    at: tuple[str, ...] = ()
    keys: ManyKeys | None = None
    by: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    """Field of the rows of the list → the argument that keeps those of them that are equal to it."""
    compare: frozenset[Comparison] = frozenset()
    compare_by: Mapping[str, frozenset[Comparison]] = field(default_factory=dict)
    """How the values of single fields of the result are compared, beyond ``compare``."""
    rows: Rows | None = None
    inside: Inside | None = None
    paging: Paging | None = None
    connection_of: str = ""
    aggregate_of: str = ""
    """The list whose rows are counted, summed up and so on, group by group."""
    change: Change | None = None
    """Where the operation writes rows of a table: which ones, and how."""
    evidence: tuple[str, ...] = ()
    reply_headers: frozenset[str] = frozenset()
    """The headers that successful replies are declared to have, in lower case."""
    not_found_is_null: bool = False
    errors: tuple[str, ...] = ()
    """Names of the model types of declared errors (SOAP fault details, error bodies)."""
    description: str = ""
    deprecated: str | None = None
    place: Place = NOWHERE
    naming: Naming | None = None
    """What its field may be called, where that is more than ``name``."""


def is_view(operation: Operation) -> bool:
    """Whether an operation shows what another one gives, and no description declares it."""
    return bool(operation.connection_of or operation.aggregate_of)


def unwrapped(operation: Operation) -> Operation:
    """The operation as links use it: its result is what lies inside the envelope."""
    inside = operation.inside
    if inside is None:
        return operation
    return replace(operation, at=(*operation.at, *inside.at), result=inside.result, inside=None)
