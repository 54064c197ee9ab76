"""``SourceModel``: what a source offers, free of GraphQL and of any wire format.

OpenAPI documents, WSDLs and database catalogues are each read into this one form; only ``schema/`` makes GraphQL of
it. It holds descriptions, never values, and knows nothing of how a call is encoded: each source keeps that beside its
client, under the operation's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from resolvers.naming import Naming
from resolvers.security import SecurityNeed, SecurityScheme


class Scalar(StrEnum):
    """The scalar types of the neutral form; the values are the GraphQL names they are served under.

    What a client may hand up for each: ``STRING``/``ID`` str or int; ``INT``/``BIG_INT`` int; ``FLOAT`` int or float;
    ``DECIMAL`` Decimal, int or str; ``BOOLEAN`` bool; ``DATE_TIME``/``DATE``/``TIME`` the ``datetime`` types or a
    string in the form of RFC 3339; ``UUID`` UUID or str; ``BASE64`` bytes or a base64 str; ``JSON`` anything that JSON
    can say.
    """

    STRING = "String"
    ID = "ID"
    INT = "Int"
    BIG_INT = "BigInt"
    FLOAT = "Float"
    DECIMAL = "Decimal"
    BOOLEAN = "Boolean"
    DATE_TIME = "DateTime"
    DATE = "Date"
    TIME = "Time"
    UUID = "UUID"
    BASE64 = "Base64"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class ScalarRef:
    scalar: Scalar
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class NamedRef:
    """A type by its name: results are found in ``types`` or ``enums``, inputs in ``inputs`` or ``enums``."""

    name: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ListRef:
    item: TypeRef
    nullable: bool = False


TypeRef: TypeAlias = ScalarRef | NamedRef | ListRef


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands in its description: the document and a JSON pointer, an element's path or a table's name."""

    document: str = ""
    pointer: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.document}:{self.line}" if self.line is not None else self.document
        return f"{where} {self.pointer}".strip()


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Field:
    """A member of an object. ``required``: always present; ``type.nullable``: may be null. Both count.

    ``name`` is the source's own spelling, and the key under which a decoded row holds the value.
    """

    name: str
    type: TypeRef
    required: bool = True
    description: str = ""
    deprecated: str | None = None
    place: Place = NOWHERE
    of: str = ""
    """The field of ``ObjectType.of`` whose values it tells of."""
    written: str = ""
    """How the source itself writes its values, where these are others: alike where two fields say the same of it."""


@dataclass(frozen=True, slots=True)
class ObjectType:
    name: str
    fields: Mapping[str, Field]
    interfaces: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    """The fields that identify an object (a primary key), where the description says so."""
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None
    """What it may be called, best first, where that is more than its ``name``; likewise for the other types."""
    of: str = ""
    """The type of the rows that an object tells of as a whole: whoever may not see those may not see it."""


TYPE_KEY = "__type"
"""A decoded row of an interface or a union holds the name of its concrete model type under this key."""


@dataclass(frozen=True, slots=True)
class InterfaceType:
    name: str
    fields: Mapping[str, Field]
    interfaces: tuple[str, ...] = ()
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None


@dataclass(frozen=True, slots=True)
class UnionType:
    name: str
    members: tuple[str, ...]
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None


OutputType: TypeAlias = ObjectType | InterfaceType | UnionType


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a description says of the values of a parameter: the least and the greatest number, the number it has when
    it is not given, and for a list the most items.
    """

    least: int | None = None
    most: int | None = None
    default: int | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter of an operation, or a field of an input type. ``default``: a JSON value, or ``None`` for none."""

    name: str
    type: TypeRef
    required: bool = False
    default: object = None
    description: str = ""
    deprecated: str | None = None
    place: Place = NOWHERE
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class InputType:
    name: str
    fields: Mapping[str, Argument]
    one_of: bool = False
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None
    row_of: str = ""
    """The type whose fields it gives values to, each by the name that it has there; empty: its fields are its own."""


@dataclass(frozen=True, slots=True)
class EnumValue:
    """``value`` is what the source reads and writes."""

    value: str | int
    description: str = ""
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class EnumType:
    name: str
    values: tuple[EnumValue, ...]
    description: str = ""
    place: Place = NOWHERE
    naming: Naming | None = None


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


@dataclass(frozen=True, slots=True)
class Relation:
    """A join that the description itself declares (a foreign key): a field on ``type`` answered by ``operation``.

    ``match``: field of ``type`` → field of the result, in the order of the key.
    """

    type: str
    name: str
    operation: str
    match: tuple[tuple[str, str], ...]
    many: bool
    required: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """A join that the description mentions (a ``links`` object of OpenAPI): it is suggested and never made.

    ``match``: argument of ``target`` → path of the member of the reply of ``operation`` that it takes.
    """

    name: str
    operation: str
    target: str
    match: tuple[tuple[str, tuple[str, ...]], ...]
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something the description declares and the model does not serve, or serves as less than it says."""

    operation: str
    """The operation's name, or the coordinate of the type or field that was degraded."""
    reason: str
    place: Place = NOWHERE
    degraded: bool = False
    """True: still served, but as less than the description says (a field as JSON)."""


@dataclass(frozen=True, slots=True)
class SourceModel:
    """All that a source offers. Names are the source's own; mappings keep the order of the description."""

    name: str
    kind: Literal["openapi", "wsdl", "database", "files"]
    operations: Mapping[str, Operation]
    types: Mapping[str, OutputType] = field(default_factory=dict)
    inputs: Mapping[str, InputType] = field(default_factory=dict)
    enums: Mapping[str, EnumType] = field(default_factory=dict)
    made: frozenset[str] = frozenset()
    """The types and inputs that no description declares: the gateway made them to say what it says in its own way."""
    relations: tuple[Relation, ...] = ()
    hints: tuple[Hint, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    fallbacks: tuple[LeftOut, ...] = ()
    """Fields, arguments and results, by coordinate, that are JSON although the description says more."""
    declared: int = 0
    """How many operations the description declares, served or not."""
    description: str = ""
    schemes: Mapping[str, SecurityScheme] = field(default_factory=dict)
    needs: tuple[SecurityNeed, ...] = ()
    digest: str = ""
    """The hash of the description as it was read, or of a database's catalogue; no part of what is served."""
    stale: str = ""
    """Why this is a description that was kept, and not what the source says now; empty where it is that."""
    cautions: tuple[str, ...] = ()
    """What whoever runs the gateway should know of how the source is reached."""
    address: str = ""
    """Where the source is called, if that is one place, as its settings or else its description say."""

    @property
    def has_tables(self) -> bool:
        """Whether its operations give rows of tables, so that nothing need be recognised of them."""
        return self.kind in {"database", "files"}


def served(model: SourceModel) -> int:
    """How many operations that the description declares are served; other views of one of them do not count."""
    return sum(1 for operation in model.operations.values() if not is_view(operation))
