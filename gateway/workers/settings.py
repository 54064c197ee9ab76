"""What of worker processes can be set (``server.workers``). How they are kept alive is ``supervisor.py``'s."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from resolvers import Settings

MIB = 1_048_576


class WorkersSettings(Settings):
    count: Annotated[int, Field(ge=0, le=256)] | Literal["auto"] = Field(
        "auto", description="How many processes serve the port; auto or 0: as many as there are cores for them."
    )
    stuck_s: float = Field(
        30.0,
        ge=1,
        le=3600,
        description="A worker whose event loop has not moved for so long is killed and replaced. Reading a large "
        "description anew may take seconds; nothing takes this long.",
    )
    max_memory_mib: int | None = Field(
        None, ge=64, description="A worker that holds more is replaced, and first ends what it began; absent: none is."
    )

    @property
    def number(self) -> int:
        """How many there are to be."""
        return _cores() if self.count in {"auto", 0} else int(self.count)


def _cores() -> int:
    """Those that the process may use; a container may see more than it is given, and is asked to say a number then."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _stated(given: object) -> object:
    return {"count": given} if isinstance(given, (int, str)) else given


Workers = Annotated[
    WorkersSettings, BeforeValidator(_stated, json_schema_input_type=int | Literal["auto"] | WorkersSettings)
]
