"""What the file says of traces (``server.tracing``): who is told of them, and how many are made."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from resolvers import HeaderName, Settings


class TracingSettings(Settings):
    endpoint: str | None = Field(
        None,
        description="Where spans are sent, by OTLP over HTTP: http://collector:4318, whose path is then /v1/traces. "
        "Absent: none are made, and the caller's trace context is but passed on.",
    )
    headers: dict[HeaderName, SecretStr] = Field(
        default_factory=dict, description="What proves us to the collector, by header."
    )
    sample: float = Field(
        0.01, ge=0, le=1, description="Share of the requests of which spans are made, where the caller decided nothing."
    )
    parent: Literal["follow", "ignore"] = Field(
        "follow",
        description="follow: spans are made where the caller's traceparent says so, and are not where it says not; "
        "ignore: it decides nothing, which is right where callers are strangers.",
    )
    pass_on: bool = Field(True, description="Sources over HTTP are told traceparent and tracestate.")
    service: str = Field("isthmus", min_length=1, max_length=64, description="Our name in traces (service.name).")
    max_waiting: int = Field(
        2000, gt=0, le=100_000, description="Most requests whose spans wait to be sent; further ones are counted."
    )
    timeout_s: float = Field(5.0, gt=0, le=60, description="Longest time for sending one batch, in seconds.")

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str | None) -> str | None:
        if endpoint is None:
            return None
        try:
            parts = urlsplit(endpoint)
            sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            raise ValueError("an address such as http://collector:4318 is needed")
        if parts.username is not None:
            raise ValueError("a password has no place in an address that is told to others: use headers")
        return endpoint if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/v1/traces"
