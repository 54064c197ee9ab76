"""What of overload can be set. How it is noticed is ``pace.py``'s, who waits and who is refused ``admission.py``'s."""

from __future__ import annotations

from pydantic import Field

from resolvers import Settings


class OverloadSettings(Settings):
    shed: bool = Field(
        True, description="Requests that the process cannot keep up with get 503; false: all are taken, and wait."
    )
    max_lag_s: float = Field(
        0.03,
        gt=0,
        le=10,
        description="The process is overloaded where its event loop runs later than this for a tenth of a second. "
        "An answer takes a few turns of the loop, so that its latency grows by a few times this.",
    )
    max_wait_s: float = Field(
        0.025,
        ge=0,
        le=10,
        description="Longest wait of a request for its turn while the process is overloaded; then it gets 503.",
    )
    stall_s: float = Field(
        0.1, gt=0, description="The event loop has stalled where nothing moved for so long; stalls are counted."
    )
    stack_after_s: float = Field(
        1.0, gt=0, description="Where a stall lasts so long, the log tells what the event loop was doing."
    )
