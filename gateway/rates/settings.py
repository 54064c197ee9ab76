"""How many requests whom is allowed: what the file says under ``server.rate_limits``.

What is counted and where stands in ``limiter.py``; limits on one request are others'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from graphql import GraphQLSchema
from pydantic import Field, model_validator

from resolvers import Problem, Settings, nearest

Per = Literal["principal", "client", "address", "operation"]
"""``principal``: the subject of a token, for others the address. ``client``: a verified claim, a name that is listed,
or else as ``principal``. ``operation``: the id of a registered operation, or the name in the document."""


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""Callers see it in headers."""


_FASTEST = 100_000
"""Redis counts whole microseconds: what comes back faster would be rounded."""


class RateSettings(Settings):
    """A bucket for each caller: it holds ``burst`` requests, or as much cost, and is filled evenly."""

    requests: int | None = Field(None, gt=0, description="How many requests are allowed in each per_s.")
    cost: int | None = Field(
        None,
        gt=0,
        description="In place of requests: how much all operations together may cost in each per_s, as limits.cost "
        "weighs them.",
    )
    per_s: float = Field(60.0, gt=0, le=86_400, description="The time in which so many are allowed, in seconds.")
    burst: int | None = Field(
        None, gt=0, description="How many at once after a pause; as many as requests, or cost, when absent."
    )
    per: tuple[Per, ...] = Field(
        ("principal",), description="Who has a bucket: principal, client, address, operation; empty: all share one."
    )
    callers: Literal["all", "anonymous", "known"] = Field(
        "all", description="Whose requests count: everybody's, those of callers without a token, those of all others."
    )
    operations: tuple[str, ...] = Field((), description="Only these count: names of operations, or ids.")
    fields: tuple[str, ...] = Field(
        (), description="Only these root fields count (Mutation.login), each time that they stand in an operation."
    )

    @model_validator(mode="after")
    def _one_thing(self) -> RateSettings:
        if self.operations and self.fields:
            message = "operations and fields are two limits: give each a name of its own"
            raise ValueError(message)
        if (self.requests is None) is (self.cost is None):
            message = "say requests or cost: how much is allowed in each per_s"
            raise ValueError(message)
        if self.cost is not None and self.fields:
            message = "fields are counted as requests, and cost is that of whole operations"
            raise ValueError(message)
        if self.allowed / self.per_s > _FASTEST:
            message = f"more than {_FASTEST} in a second is no limit"
            raise ValueError(message)
        return self

    @property
    def allowed(self) -> int:
        """How many requests, or how much cost, in each ``per_s``."""
        return self.requests or self.cost or 0


class RateLimitSettings(Settings):
    rules: dict[Name, RateSettings] = Field(min_length=1, description="Name → limit; a request must pass all of them.")
    store: Literal["memory", "redis"] = Field(
        "memory", description="Where is counted: each process for itself, or all together (server.redis)."
    )
    on_failure: Literal["local", "allow", "refuse"] = Field(
        "local", description="While Redis is away: each process counts for itself, nobody counts, or all get 503."
    )
    max_entries: int = Field(
        100_000, gt=0, description="Most buckets in memory; beyond, those that were not used longest are forgotten."
    )
    client_claims: tuple[str, ...] = Field(
        ("azp", "client_id"), description="Claims of a verified token that name the client; the first one there counts."
    )
    client_header: str = Field("x-client-name", description="The header in which a client says its name.")
    clients: tuple[str, ...] = Field(
        (), description="Names that count in client_header. It proves nothing, so a name that is not listed is none."
    )
    headers: bool = Field(True, description="Whether answers tell what is left (RateLimit and RateLimit-Policy).")


def unknown_fields(settings: RateLimitSettings, schema: GraphQLSchema) -> Iterator[Problem]:
    """Root fields that do not exist: a limit on them would never count anything."""
    roots = [root for root in (schema.query_type, schema.mutation_type) if root is not None]
    there = [f"{root.name}.{field}" for root in roots for field in root.fields]
    for name, rule in settings.rules.items():
        for index, coordinate in enumerate(rule.fields):
            if coordinate not in there:
                where = ("server", "rate_limits", "rules", name, "fields", index)
                yield Problem(f'there is no root field "{coordinate}"', where, nearest(coordinate, there))
