"""The settings of a REST source. What every HTTP source takes is inherited; nothing here reads a description."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from resolvers.http_settings import FileName, HttpSettings
from resolvers.rest.charsets import encoding_of
from resolvers.settings import CacheSettings, Settings


class ServerChoice(Settings):
    """Which of the servers that the document names is called, the first where nothing is said."""

    description: str | None = Field(None, description="The server that the document describes so.")
    index: int | None = Field(None, ge=0, description="Its place in the document's list, from 0.")
    variables: dict[str, str] = Field(default_factory=dict, description="Values of the variables in its address.")

    @model_validator(mode="after")
    def _one_name(self) -> ServerChoice:
        if self.description is not None and self.index is not None:
            raise ValueError("a server is chosen by description or by index, not by both")
        return self


class RestCacheSettings(CacheSettings):
    """Replies kept as the source's own headers allow (RFC 9111), or answers for a time that stands here, or both."""

    needs_ttl: ClassVar[bool] = False

    http: bool | None = Field(
        None,
        description="Whether replies are kept as their own Cache-Control and Expires allow. Absent: yes, unless ttl_s "
        "stands here.",
    )
    max_bytes: int = Field(
        16_777_216, gt=0, description="Most memory for replies of this source that are kept by http, in bytes."
    )

    @property
    def by_headers(self) -> bool:
        """Whether the source's own headers count."""
        return self.ttl_s is None if self.http is None else self.http


def _cache(given: object) -> object:
    return {} if given is True or given == "http" else None if given is False else given


def _beside(path: str) -> str:
    if not path or "://" in path:
        needed = "an overlay is a file"
        raise ValueError(needed)
    return path


FIRST = ServerChoice.model_validate({})


class RestSettings(HttpSettings):
    """A source that an OpenAPI document describes."""

    openapi: FileName = Field(
        min_length=1,
        description="The OpenAPI 3.0, 3.1 or Swagger 2.0 document, JSON or YAML: a path beside the file, or a URL.",
    )
    references: Literal["files", "network", "anywhere"] = Field(
        "files",
        description="Where references into other documents may lead: from a document on disk to files below its own "
        "folder or that of the configuration (anywhere: to all files), or network: from one that was fetched to other "
        "addresses of its host.",
    )
    overlays: tuple[Annotated[FileName, AfterValidator(_beside)], ...] = Field(
        (),
        description="OpenAPI Overlays (1.0 or 1.1), files that are applied in this order before the document is "
        "read: what it says wrongly is said rightly there.",
    )
    server: ServerChoice = Field(
        FIRST, description="Which of the servers that the document names is called, where url is not set."
    )

    encoding: str = Field(
        "",
        description="Encoding in which replies are written, such as windows-1252, whatever they say; absent: what each "
        "reply declares, or UTF-8.",
    )
    cache: Annotated[
        RestCacheSettings | None,
        BeforeValidator(_cache, json_schema_input_type=bool | Literal["http"] | RestCacheSettings),
    ] = Field(
        None,
        description="http, or true: replies are kept as long as their Cache-Control and Expires allow; or for how long "
        "answers of its reads are kept, where their operations do not say otherwise.",
    )

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str) -> str:
        if name and encoding_of(name) is None:
            raise ValueError("it is the name of an encoding of texts, such as windows-1252 or utf-16")
        return name.lower()

    @model_validator(mode="after")
    def _one_address(self) -> RestSettings:
        if self.url is not None and self.server != FIRST:
            raise ValueError("url and server both say where calls go: keep one of them")
        return self
