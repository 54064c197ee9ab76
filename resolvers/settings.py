"""The settings that sources of every kind share: how patient we are, what of them is served.

Each kind adds its own in ``<kind>/settings.py``, those reached over HTTP share ``http_settings.py``. Descriptions of
the fields are the reference text that ``isthmus json-schema`` prints.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from resolvers.breaker import BreakerSettings
from resolvers.guards import Retries, RetriesOfOperation, RetrySettings, SourceRate
from resolvers.lifetime import Lifetime, Scope
from resolvers.model import Comparison, Effect, PagingStyle
from resolvers.origin import HOST_AND_PORT, has_odd_port, names_a_user


class Settings(BaseModel):
    """The root of every settings model: frozen, unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _fits(pattern: str, needed: str) -> AfterValidator:
    """Checks a string against a pattern; ``needed`` says in words what it is, since nobody reads patterns."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(needed)
        return text

    return AfterValidator(check)


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError("the name of a header is made of letters, digits and hyphens")
    return name


def _no_cookie(name: str) -> str:
    if name.lower() in {"set-cookie", "set-cookie2", "www-authenticate", "authentication-info"}:
        raise ValueError("a header that carries credentials is not shown to callers")
    return name


def _no_other_use(name: str) -> str:
    if name.lower() in _USED:
        raise ValueError(f"the header {name} has a meaning of its own")
    return name


_USED = frozenset({
    "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length", "content-type",
    "cookie", "expect", "host", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
HeaderName = Annotated[str, AfterValidator(_header_name)]
KeyHeader = Annotated[HeaderName, AfterValidator(_no_other_use)]
ShownHeader = Annotated[HeaderName, AfterValidator(_no_cookie)]

_PREFIX = r"^([A-Za-z][A-Za-z0-9]*)?$"
_ADDRESS = rf"^https?://{HOST_AND_PORT}(/[^?#\s]*)?$"
_ADDRESS_NEEDED = "an address such as https://host/path is needed, without user, query and fragment"
_REPLICA_NAME = r"^[A-Za-z0-9_.-]{1,40}$"
ReplicaName = Annotated[
    str,
    _fits(_REPLICA_NAME, "it is made of letters, digits, dots, hyphens and underscores, 40 at most"),
    Field(json_schema_extra={"pattern": _REPLICA_NAME}),
]
Prefix = Annotated[
    str,
    _fits(_PREFIX, "it is made of the letters A to Z and digits, a letter first"),
    Field(json_schema_extra={"pattern": _PREFIX}),
]


def _address(url: str) -> str:
    if names_a_user(url):
        mend = "write them under auth: { basic: { username: …, password: … } }"
        raise PydanticCustomError("address", "an address holds no user and no password", {"mend": mend})
    if has_odd_port(url):
        mend = "correct the port, or leave it out for the scheme's own"
        raise PydanticCustomError("address", "a port is a number from 1 to 65535", {"mend": mend})
    if re.fullmatch(_ADDRESS, url) is None:
        raise PydanticCustomError("address", _ADDRESS_NEEDED)
    return url


Address = Annotated[str, AfterValidator(_address), Field(json_schema_extra={"pattern": _ADDRESS})]


class PageSettings(Settings):
    """How an operation pages, where its description does not show it or shows it wrongly.

    Paths begin at the whole reply and join members by dots.
    """

    style: PagingStyle = Field(
        description="page (by number), offset (by rows to leave out), cursor (by a token), "
        "link (by the source's own links)."
    )
    position: str | None = Field(None, description="The argument that says where a page begins.")
    size: str | None = Field(None, description="The argument that takes the number of rows of a page.")
    max_size: int | None = Field(None, gt=0, description="Most rows of a page.")
    first: int = Field(1, ge=0, le=1, description="The number of the first page: 1 or 0.")
    next: str | None = Field(None, description="Path to the next position, or to a link that holds it.")
    more: str | None = Field(None, description="Path to whether there is more.")
    total: str | None = Field(None, description="Path to the number of rows in all.")


_YEAR_S = 31_536_000
Tag = Annotated[str, _fits(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", "a tag is made of letters, digits and . _ : -")]


class CacheSettings(Settings):
    """For how long answers may be given again without asking the source, and to whom."""

    needs_ttl: ClassVar[bool] = True

    ttl_s: float | None = Field(
        None, gt=0, le=_YEAR_S, description="So long after it came an answer is given without asking again, in seconds."
    )
    stale_s: float = Field(
        0.0,
        ge=0,
        le=_YEAR_S,
        description="So long after ttl_s it is still given, while it is fetched anew with nobody waiting, in seconds.",
    )
    stale_if_error_s: float = Field(
        0.0,
        ge=0,
        le=_YEAR_S,
        description="So long after ttl_s it is given where the source cannot be reached, does not answer in time or "
        "breaks down, in seconds. Never in place of a refusal.",
    )
    scope: Scope | None = Field(
        None,
        description="shared: everybody is given the same answer; caller: each caller their own. Absent: shared, but "
        "caller where the source is told who asks, and there it cannot be shared.",
    )
    missing: bool = Field(True, description="Whether it is kept, too, that something is not there.")
    tags: tuple[Tag, ...] = Field((), description="By these, writes forget it (invalidates).")

    @model_validator(mode="after")
    def _says_how_long(self) -> CacheSettings:
        if self.ttl_s is None and (self.needs_ttl or self.model_fields_set & CacheSettings.model_fields.keys()):
            raise ValueError("ttl_s is needed: for how long answers are kept")
        return self

    def lifetime(self) -> Lifetime | None:
        """The same as data; ``None`` where nothing is kept by time."""
        if self.ttl_s is None:
            return None
        return Lifetime(self.ttl_s, self.stale_s, self.stale_if_error_s, self.scope, self.missing, self.tags)


class OperationSettings(Settings):
    """What a description does not say about an operation, or says wrongly."""

    effect: Effect | None = Field(None, description="read (a Query field), idempotent or write (Mutation fields).")
    at: str | None = Field(None, description="Path to the value inside the reply, members joined by dots.")
    keys: str | None = Field(None, description="Path to the argument that takes many keys, members joined by dots.")
    by: str | dict[str, str] | None = Field(
        None,
        description="Result field that holds the key, or a mapping of result fields to parts of the key "
        "(or, where the operation takes one key, to its arguments).",
    )
    max_keys: int | None = Field(None, gt=0, description="Most keys in one call.")
    compare: tuple[Comparison, ...] | dict[str, tuple[Comparison, ...]] = Field(
        (),
        description="How keys of this system are compared: trim (without outer spaces), padded (without spaces at "
        "their end), casefold, number. A mapping says it for each field of the result that is part of the key.",
    )
    filters: dict[str, str] = Field(
        default_factory=dict,
        description="Result field → the argument that lists exactly the rows whose field is equal to it. Filters of "
        "other sources' rows go through links by it; what comes is checked all the same.",
    )
    page: PageSettings | None = Field(None, description="How it pages, where that is not recognised.")
    recognise: bool = Field(True, description="false: nothing is recognised, only what is stated counts.")
    error_detail: bool | None = Field(
        None,
        description="Whether callers see the members of an error's body, or of a fault's detail, that the description "
        "declares, in extensions.detail; what the source says when absent.",
    )
    reply_headers: tuple[ShownHeader, ...] = Field(
        (),
        description="Headers of the reply that are served beside its value: the field then gives an object with "
        "result and headers.",
    )
    retries: RetriesOfOperation | None = Field(
        None,
        description="false, or how often at most (0 to 2): whether its calls are made again when they failed in "
        "passing; as the source says when absent.",
    )
    idempotency_key: KeyHeader | Literal[False] | None = Field(
        None,
        description="The header by which the source knows a call of it that it has had before; false: none; as the "
        "source says when absent.",
    )
    cache: CacheSettings | Literal["http", False] | None = Field(
        None,
        description="For how long its answers are kept. http: only as their own headers allow; false: never; absent: "
        "as the source's cache says.",
    )
    invalidates: tuple[Tag, ...] | None = Field(
        None,
        description="Of a write: the tags of what it changes, forgotten once it was sent. Absent: all that is kept of "
        "the source; of a database its table, and all whose rows refer to that, always.",
    )


class PagesSettings(Settings):
    """How much of a long list one question may take."""

    first: int = Field(50, gt=0, description="Rows of a connection where the caller does not say how many.")
    max_first: int = Field(1000, gt=0, description="Most rows of a connection at once.")
    max_pages: int = Field(50, gt=0, description="Most pages that one connection, or one key of a link, may take.")
    max_rows: int = Field(10_000, gt=0, description="Most rows that one key of a link may take over all its pages.")

    @model_validator(mode="after")
    def _default_fits(self) -> PagesSettings:
        if self.first > self.max_first:
            message = "first cannot be more than max_first"
            raise ValueError(message)
        return self


class SourceSettings(Settings):
    """The keys that every source takes, whatever its kind."""

    timeout_s: float = Field(
        10.0, gt=0, le=300, description="Longest time for one call, in seconds, from connecting to the last byte."
    )
    concurrency: int = Field(
        20, gt=0, le=1000, description="Most calls under way at once; further ones wait their turn."
    )
    include: tuple[str, ...] = Field(
        (), description="Only these operations are served (shell patterns); empty: all of them."
    )
    exclude: tuple[str, ...] = Field((), description="These operations are not served (shell patterns).")
    prefix: Prefix = Field("", description="Put before every type and root field of the source: letters and digits.")
    writes: Annotated[
        bool | tuple[str, ...],
        Field(
            description="false: only reads are served; true: writes too; a list: only these: operations, and of a "
            "database tables (customers) or what may be done with their rows (orders.insert)."
        ),
    ] = False
    operations: dict[str, OperationSettings] = Field(
        default_factory=dict, description="What the description does not say, by operation."
    )
    recognise: bool = Field(
        True, description="Whether envelopes, pages and batches are recognised by their signs (isthmus inspect)."
    )
    pages: PagesSettings = Field(default_factory=PagesSettings, description="How much of a long list one may take.")
    max_waiting: int = Field(
        1000,
        ge=0,
        le=100_000,
        description="Most calls that wait for their turn while concurrency calls are under way; further ones end at "
        "once with SOURCE_UNAVAILABLE.",  # what waits is memory, and waits in vain where so many are before it
    )
    max_wait_s: float = Field(
        5.0,
        gt=0,
        le=300,
        description="Longest wait for that turn, in seconds; then SOURCE_UNAVAILABLE.",
        # Half of what one call may take: where no place came free for so long, the calls that hold them hang.
    )
    retries: Retries = Field(
        RetrySettings(), description="false, how often at most (0 to 2), or more: which failed calls are made again."
    )
    breaker: BreakerSettings = Field(
        BreakerSettings(), description="When it, or one of its replicas, fails too often to be asked."
    )
    rate_limit: SourceRate | None = Field(None, description="Most calls that it may get; absent: any number.")
    cache: CacheSettings | None = Field(
        None, description="For how long answers of its reads are kept, where their operations do not say otherwise."
    )

    @field_validator("rate_limit", mode="before")
    @classmethod
    def _says_something(cls, given: object) -> object:
        if given is None:
            raise ValueError(
                "nothing is said here, and any number of calls would be made: leave it out, or say how many"
            )
        return given


Kind = Literal["openapi", "wsdl", "database", "files"]
