"""The settings of a REST source. What every HTTP source takes is inherited; nothing here reads a description."""

from __future__ import annotations

from pydantic import Field

from resolvers.http_settings import HttpSettings


class RestSettings(HttpSettings):
    """A source that an OpenAPI document describes."""

    openapi: str = Field(
        min_length=1, description="The OpenAPI 3.0 or 3.1 document, JSON or YAML: a path beside the file, or a URL."
    )
