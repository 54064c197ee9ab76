"""What settings say of the guards before a source: which calls are made again, and how many it may get at all.

The guards themselves stand in ``resilience/``; nothing is counted here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MOST_RETRIES = 2


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RetrySettings(_Settings):
    """How often a call that failed in passing is made again: reads, and what may be done twice. Nothing else is."""

    max: int = Field(
        MOST_RETRIES,
        ge=0,
        le=MOST_RETRIES,
        description="How often one call is made again at most.",  # whoever needs a third waits for a breaker
    )
    budget_percent: float = Field(
        20.0,
        ge=0,
        le=100,
        description="Most retries of the last ten seconds, in percent of the calls of these seconds.",
    )
    min_per_s: float = Field(
        3.0,
        ge=0,
        le=1000,
        description="So many retries for each of the last ten seconds are allowed however few the calls were.",
    )
    statuses: tuple[Annotated[int, Field(ge=500, le=599)], ...] = Field(
        (502, 503, 504), description="Answers over HTTP that pass by themselves."
    )


class OperationRetries(_Settings):
    """What one operation says for itself; what is absent is as its source says."""

    max: int = Field(ge=0, le=MOST_RETRIES, description="How often one call is made again at most.")


def _retries(given: object) -> object:
    if given is True:
        return {}
    if given is False:
        return {"max": 0}
    return {"max": given} if isinstance(given, int) else given


def _of_operation(given: object) -> object:
    return {"max": MOST_RETRIES} if given is True else _retries(given)


Retries = Annotated[RetrySettings, BeforeValidator(_retries, json_schema_input_type=bool | int | RetrySettings)]
RetriesOfOperation = Annotated[
    OperationRetries, BeforeValidator(_of_operation, json_schema_input_type=bool | int | OperationRetries)
]


class SourceRate(_Settings):
    """How many calls a source may get, whoever asks; those above it wait, or end with RATE_LIMITED."""

    per_second: float | None = Field(None, gt=0, le=1_000_000, description="Calls for each second, on the average.")
    burst: int | None = Field(
        None, gt=0, description="How many at once after a pause; as many as per_second, and at least 1, when absent."
    )
    per_day: int | None = Field(None, gt=0, description="Calls of one day, which begins at midnight UTC.")
    store: Literal["memory", "redis"] = Field(
        "memory",
        description="Where is counted: each process for itself, or all together (server.redis). While Redis is away "
        "each counts for itself.",
    )

    @model_validator(mode="after")
    def _some_limit(self) -> SourceRate:
        if self.per_second is None and self.per_day is None:
            raise ValueError("rate_limit needs per_second or per_day")
        if self.burst is not None and self.per_second is None:
            raise ValueError("burst goes with per_second")
        return self
