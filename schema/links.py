"""Links: how sources join, as the configuration says it."""

from __future__ import annotations

from pydantic import Field, model_validator

from resolvers import Settings


class LinkSettings(Settings):
    """One link: exactly one of ``one`` and ``many`` names the target as ``source.operation``."""

    one: str | None = Field(None, description="The operation that answers one object, as source.operation.")
    many: str | None = Field(None, description="The operation that answers a list, as source.operation.")
    match: dict[str, str] = Field(
        min_length=1, description="Field of the parent → field of the result; several make a composite key."
    )
    with_: dict[str, object] = Field(default_factory=dict, alias="with", description="Constant arguments.")
    take: str | None = Field(None, description="The one field of the result that is lifted onto the parent.")
    declassify: bool = Field(
        False, description="The link may be used by callers who may not read the fields it matches by."
    )
    description: str = Field("", description="What the field means, for readers of the schema.")

    @model_validator(mode="after")
    def _one_target(self) -> LinkSettings:
        if (self.one is None) == (self.many is None):
            raise ValueError("a link needs exactly one of one and many")
        return self

    @property
    def target(self) -> str:
        return self.one or self.many or ""
