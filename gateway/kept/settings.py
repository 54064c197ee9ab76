"""The settings of what is kept: where it lies, and how much of it. What is kept is said at sources and coordinates."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from resolvers import MAX_BYTES, Settings


class KeptSettings(Settings):
    """Where answers of sources are kept whose ``cache`` says that they are."""

    store: Literal["memory", "redis"] = Field(
        "memory",
        description="memory: of this process; redis: in server.redis, shared by all processes of the same prefix.",
    )
    max_bytes: int = Field(
        MAX_BYTES,
        gt=0,
        description="Most memory for kept answers of all sources together, in bytes; those used longest ago go first. "
        "Redis has a bound of its own (maxmemory).",
    )
    responses: bool = Field(
        False,
        description="Whether whole answers to registered operations (server.documents) are kept, where all that is in "
        "them is kept and shared.",
    )
    max_entry_bytes: int = Field(
        1_048_576,
        gt=0,
        description="Largest answer that is kept, in bytes, and never more than an eighth of max_bytes.",
    )
