"""The settings of a REST source. What every HTTP source takes is inherited; nothing here reads a description."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from resolvers.http_settings import HttpSettings


class RestSettings(HttpSettings):
    """A source that an OpenAPI document describes."""

    openapi: str = Field(
        min_length=1,
        description="The OpenAPI 3.0, 3.1 or Swagger 2.0 document, JSON or YAML: a path beside the file, or a URL.",
    )
    references: Literal["files", "network"] = Field(
        "files",
        description="Where references into other documents may lead: files beside a document on disk only, "
        "or network: also to other addresses of the host that the document was read from.",
    )
    error_detail: bool = Field(
        False,
        description="Whether callers see the members of an error's body that the document declares, in "
        "extensions.detail. Each operation may say otherwise.",
    )
