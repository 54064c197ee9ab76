"""The ``Source`` protocol and what passes through it: a ``Call``, its ``Selection``, and the ``Context`` of a request.

One call is one exchange with a source. Which calls are needed for a column of keys is decided in ``batch.py``; how a
call is encoded and sent is the business of each source's client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import msgspec

from resolvers.errors import Code, IsthmusError, LimitExceeded
from resolvers.idempotency import Idempotency
from resolvers.lifetime import Lifetime
from resolvers.model import SourceModel
from resolvers.predicate import Grouping, Order, Page, Predicate
from resolvers.rows import Layout
from resolvers.trace import Trace, new_id


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields of a result that are needed, by the source's own names; empty for a leaf.

    ``everything``: the whole value is needed (a ``JSON`` field, a hand-written resolver that did not say less).
    ``layout``: how the rows would stand in the answer, where they are for one place of it alone. ``as_sent``: whatever
    type the description says, the value is given as the source says it; of a leaf, or of a list of leaves.
    """

    fields: Mapping[str, Selection] = field(default_factory=dict)
    everything: bool = False
    layout: Layout | None = None
    as_sent: bool = False

    def __hash__(self) -> int:
        return hash((self.everything, frozenset(self.fields)))

    def merge(self, other: Selection) -> Selection:
        """What either of the two needs; one of them where it covers the other."""
        if self.covers(other):
            return self
        if other.covers(self):
            return other
        fields = dict(self.fields)
        for name, below in other.fields.items():
            mine = fields.get(name)
            fields[name] = below if mine is None else mine.merge(below)
        return Selection(fields, self.everything or other.everything, self.layout, self.as_sent or other.as_sent)

    def plain(self) -> Selection:
        """The same without a layout, for who looks into the rows as mappings."""
        return self if self.layout is None else replace(self, layout=None)

    def covers(self, other: Selection) -> bool:
        """True when a row fetched for this selection also answers ``other``."""
        if self.as_sent is not other.as_sent:
            return False
        if self.everything:
            return True
        if other.everything:
            return False
        return all(name in self.fields and self.fields[name].covers(below) for name, below in other.fields.items())

    def under(self, path: tuple[str, ...]) -> Selection:
        """This selection, found at ``path`` inside a larger value."""
        selection = self
        for name in reversed(path):
            selection = Selection({name: selection})
        return selection


LEAF = Selection()
AS_SENT = Selection(as_sent=True)
EVERYTHING = Selection(everything=True)


@dataclass(slots=True)
class Exchange:
    """What a client over HTTP tells of an exchange, for whom the decoded reply is not enough.

    ``target``: the path that was asked, without its query. ``link``: the ``Link`` header of the reply (RFC 8288).
    """

    target: str = ""
    link: str = ""


@dataclass(slots=True, eq=False)
class Keyed:
    """What a call for many keys tells of them, for whom answers to single keys are worth keeping.

    ``keys``: canonical key → its values as the operation takes them. ``base``: the call without any of them; ``bind``
    puts some of them into it. ``group`` gives the rows of each of some keys out of a reply, and how many are nobody's;
    it raises what ``Source.execute`` may raise. ``fields``: those of a row that say whose it is. ``failed`` and
    ``foreign`` are told by who answers: the keys whose own call failed while others are answered, and how many rows
    were left out since they are nobody's.
    """

    base: Call
    keys: Mapping[tuple[object, ...], tuple[object, ...]]
    bind: Callable[[Mapping[tuple[object, ...], tuple[object, ...]]], Call]
    group: Callable[[object, Mapping[tuple[object, ...], object]], tuple[dict[tuple[object, ...], list[object]], int]]
    fields: tuple[str, ...] = ()
    failed: dict[tuple[object, ...], IsthmusError] = field(default_factory=dict)
    foreign: int = 0


class Call(msgspec.Struct, frozen=True):
    """One exchange with a source.

    ``arguments``: by the source's names, coerced to the argument's type, absent where the caller gave none (``None``
    is a null that the caller did give). ``selection`` is of the whole decoded reply. ``predicate``, ``order`` and
    ``page`` are only given to operations whose model has ``rows``, ``grouping`` to aggregates of them, and to lists of
    which the groups' keys alone are asked for: these come as an aggregate's would. ``per``: the page
    is one of the rows that are equal in these fields, and there are as many pages as values. ``distinct``: of the rows
    that fulfil the predicate and are equal in these fields (and in those of ``per``), a null to a null, only the first
    in the order is left; given to lists of rows and their connections alone. ``whole``: every page is needed, or an
    error. ``rules``: type → what those of its rows fulfil that there are for the caller, wherever they occur; only
    given to databases. ``query``: parameters that only the source's own links to a next page name, plain text.
    ``exchange`` is filled by clients over HTTP where it is given. ``question``: the predicate as it was asked, where it
    was made of what other sources said in the meantime: a cursor goes on with the question, whatever they say next.
    ``tried``: the replicas of its source that failed to answer it, where it is made again.
    ``idempotency``: a header and its value, by which a source over HTTP knows that it has had this very call before.
    """

    operation: str
    arguments: Mapping[str, object] = {}  # msgspec makes a new one for each
    selection: Selection = EVERYTHING
    predicate: Predicate | None = None
    order: tuple[Order, ...] = ()
    page: Page = Page()
    per: tuple[str, ...] = ()
    distinct: tuple[str, ...] = ()
    grouping: Grouping = Grouping()
    whole: bool = False
    rules: Mapping[str, Predicate] = {}
    query: tuple[tuple[str, str], ...] = ()
    exchange: Exchange | None = None
    question: str = ""
    idempotency: tuple[str, str] | None = None
    tried: tuple[str, ...] = ()
    lifetime: Lifetime | None = None
    keyed: Keyed | None = None


def rows_of(value: object, at: Sequence[str]) -> int:
    """How many rows a decoded reply has at a path: the items of a list, or the one object that is there."""
    for name in at:
        value = value.get(name) if isinstance(value, Mapping) else None
    return len(value) if isinstance(value, list) else int(value is not None)


class CallRecord(msgspec.Struct, eq=False):
    """One journal entry. ``wire`` says in the source's own terms what was sent, without any value of a caller.

    As the manager of a block it notes when that began (by the running loop's clock), the seconds it took, and the code
    of the error it ended in; ``left``: nobody waited for it any more. ``rows``: how many the reply had, ``size``: its
    bytes, where that is known. ``text``: the whole statement, where the journal is detailed; it holds no value either.
    ``why``: what the log says of the error, which may hold what the source said. ``span_id``: of the exchange's own
    span, where the request is traced.
    """

    source: str
    operation: str
    wire: str
    started: float = 0.0
    seconds: float = 0.0
    code: Code | None = None
    left: bool = False
    rows: int | None = None
    size: int | None = None
    text: str = ""
    why: str = ""
    span_id: str = ""

    def __enter__(self) -> Self:
        self.started = asyncio.get_running_loop().time()
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self.seconds = asyncio.get_running_loop().time() - self.started
        if error is not None:
            self.code = error.code if isinstance(error, IsthmusError) else Code.INTERNAL
            self.why = error.detail if isinstance(error, IsthmusError) else type(error).__name__
            self.left = isinstance(error, asyncio.CancelledError)


class Journal:
    """Every call that a request made, in the order they were sent: read by tests, logs, explain and audit.

    ``detailed``: somebody reads what costs time to write down. ``traced``: every call has a span.
    """

    __slots__ = ("calls", "detailed", "traced")

    def __init__(self, *, detailed: bool = False, traced: bool = False) -> None:
        self.calls: list[CallRecord] = []
        self.detailed = detailed
        self.traced = traced

    def call(self, source: str, operation: str, wire: str) -> CallRecord:
        """Records the exchange that is made in the block that this begins."""
        record = CallRecord(source, operation, wire)
        if self.traced:
            record.span_id = new_id(64)
        self.calls.append(record)
        return record


class Caller(msgspec.Struct, frozen=True, eq=False):
    """What the caller's request carries that a source may be told, where that source's settings say so.

    ``token``: the verified access token, empty for an anonymous caller. ``headers``: found by lower-case names.
    """

    token: str = ""
    claims: Mapping[str, object] = {}  # msgspec makes a new one for each
    headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return "Caller()"  # nothing of it belongs into a log


@dataclass(slots=True)
class Parts:
    """What of a request's answer is kept by its sources, for who would keep the whole. ``tags``: by which a part is
    forgotten → the version that it has. ``left_s``: so long the first of them lives. ``sound``: all of it is kept, and
    nobody's alone.
    """

    tags: dict[str, object] = field(default_factory=dict)
    left_s: float = float("inf")
    sound: bool = True

    def add(self, tags: Sequence[str], versions: Sequence[object] | None, left_s: float) -> None:
        """A part that is kept, or was just now."""
        if versions is None:
            self.sound = False
            return
        self.left_s = min(self.left_s, left_s)
        for tag, version in zip(tags, versions, strict=True):
            if self.tags.setdefault(tag, version) != version:
                self.sound = False  # it was forgotten meanwhile


@dataclass(frozen=True, slots=True)
class Aged:
    """``age_s``: seconds since the source said it. ``stale``: longer than it is fresh."""

    age_s: float
    stale: bool


NOBODY = Caller()
ANONYMOUS = "anonymous"
"""The credential class of everybody who showed none."""


class Context(msgspec.Struct, eq=False):
    """What a request carries down to every source.

    ``deadline`` is absolute, in seconds of the running loop's clock. ``credential_class`` names whose rights the calls
    use: whatever is shared between requests has it in its key. ``session`` is empty at the start of an operation and
    belongs to the sources (a snapshot transaction, say), keyed by the source's name.
    """

    deadline: float
    request_id: str
    credential_class: str = ANONYMOUS
    max_calls: int = 500
    journal: Journal = msgspec.field(default_factory=Journal)
    session: dict[str, object] = {}  # msgspec makes a new one for each
    dropped: dict[str, int] = {}
    """Foreign results dropped while matching, counted by ``source.operation``."""
    misnamed: dict[str, int] = {}
    """Elements of replies that were read although their namespace is not the declared one, by ``source.operation``."""
    caller: Caller = NOBODY
    idempotency: Idempotency | None = None
    """The caller's own key, where one came."""
    aged: dict[tuple[str, str], Aged] = {}
    """What was answered by something kept: source and operation → the oldest of it."""
    parts: Parts | None = None
    """Filled where the whole answer might be kept."""
    operation: str = ""
    """The name of the operation as its document says it; empty where it has none, or was not read yet."""
    trace: Trace | None = None
    """Where the request stands among those of other systems; ``None``: nobody is told."""
    kind: str = ""
    """``query``, ``mutation`` or ``subscription``, once the operation was read."""
    _spent: int = 0

    def remaining(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.deadline - asyncio.get_running_loop().time())

    def spend(self, calls: int) -> None:
        """Takes ``calls`` from the operation's allowance before they are sent.

        Raises:
            LimitExceeded: the operation would cause more than ``max_calls`` calls.
        """
        self._spent += calls
        if self._spent > self.max_calls:
            detail = f"the operation needs more than {self.max_calls} calls to its sources"
            raise LimitExceeded(detail)


class Client(Protocol):
    """What speaks to one system, of whatever kind; its model may be replaced once, before it is used."""

    model: SourceModel

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``; it keeps the deadline itself, since it knows how far a call has come."""

    async def close(self) -> None:
        """Gives back connections; called once."""


class Source(Protocol):
    """A system behind the gateway, opened once and used by many requests at the same time."""

    @property
    def model(self) -> SourceModel: ...

    @property
    def concurrency(self) -> int:
        """Most calls that it has under way at once; further ones wait their turn."""

    async def execute(self, call: Call, context: Context) -> object:
        """Makes one exchange and gives the decoded reply: rows are mappings by ``Field.name``, or each is a ``Row``
        where its selection has a layout.

        Values are as ``Scalar`` describes them; an absent member is an absent key, and a value that the description
        does not allow is an error, never a null.

        Raises:
            SourceError: one of its subclasses, by what went wrong. A by-key read that finds nothing gives ``None``.
        """

    async def close(self) -> None:
        """Gives back connections; called once, when no request uses the source any more."""
