"""Which operations are served by their ids, and whether any others are: what the file says under ``server.documents``.

Who may see which field is the access rules' business; a registered operation is still the caller's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from resolvers import Settings
from schema import Principal


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class UnlessSettings(Settings):
    """Callers whom ``only`` does not bind, developers say: as a rule of access, all scopes and one of the roles."""

    scopes: tuple[str, ...] = Field((), description="Scopes of which all are needed.")
    roles: tuple[str, ...] = Field((), description="Roles of which one is enough.")

    @model_validator(mode="after")
    def _somebody(self) -> UnlessSettings:
        if not self.scopes and not self.roles:
            message = "unless needs scopes or roles"
            raise ValueError(message)
        return self

    def holds_for(self, principal: Principal) -> bool:
        """Whether the caller is one of them."""
        return set(self.scopes) <= principal.scopes and (not self.roles or bool(principal.roles & set(self.roles)))


class AutomaticSettings(Settings):
    """Automatic persisted queries: callers with a token register texts by their SHA-256, and then send that alone."""

    max_bytes: int = Field(16_777_216, gt=0, description="Memory for such texts; those not used longest are forgotten.")


class DocumentSettings(Settings):
    manifest: Annotated[tuple[Path, ...], BeforeValidator(_listed, json_schema_input_type=Path | tuple[Path, ...])] = (
        Field(
            (), description="A file of registered operations, or several: id → text, or a manifest of Apollo's tools."
        )
    )
    only: bool = Field(False, description="Whether nothing but registered operations is served.")
    unless: UnlessSettings | None = Field(None, description="Whom only does not bind; absent: it binds everyone.")
    automatic: AutomaticSettings | None = Field(
        None, description="Callers with a token may register operations while they ask; absent: nobody may."
    )

    @model_validator(mode="after")
    def _consistent(self) -> DocumentSettings:
        if self.only and not self.manifest:
            message = "only needs a manifest: nothing could be asked"
            raise ValueError(message)
        if self.only and self.automatic is not None:
            message = "only and automatic exclude each other: whoever may register is not bound"
            raise ValueError(message)
        if self.unless is not None and not self.only:
            message = "unless says whom only does not bind, and only is not set"
            raise ValueError(message)
        return self
