"""What the file says of metrics (``server.metrics``): where they are told, and how many operations they name."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from resolvers import Settings

NAME = re.compile(r"[_A-Za-z][_A-Za-z0-9]{0,79}")


class MetricsSettings(Settings):
    host: str = Field(
        "127.0.0.1", description="Address that /metrics is told on; nobody outside reaches loopback, so that is where."
    )
    port: int = Field(9090, ge=0, le=65_535, description="Its port, which serves nothing else; 0: any free one.")
    max_operations: int = Field(
        200,
        ge=1,
        le=400,
        description="Most names of operations; further ones count as (other). A name is some 20 series: with 400 they "
        "stay under 10,000.",
    )
    operations: tuple[str, ...] = Field(
        (), description="The names of operations that are counted apart; absent: registered ones, or who comes first."
    )

    @field_validator("operations")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if NAME.fullmatch(name) is None:
                raise ValueError(f'"{name[:80]}" is no name of an operation of at most 80 letters')
        return names
