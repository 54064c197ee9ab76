"""The settings of access: who may see what, by schema coordinate. What they mean is decided in ``rules.py``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from resolvers import Settings


class RuleSettings(Settings):
    """What a caller must have to use a coordinate; an empty rule asks for a valid token only."""

    scopes: tuple[str, ...] = Field((), description="All of these scopes are needed.")
    roles: tuple[str, ...] = Field((), description="Any one of these roles is needed.")


class AccessSettings(Settings):
    """``default`` stands for every coordinate without a rule."""

    default: Literal["deny", "authenticated", "anonymous"] = Field(
        description="deny: only what a rule opens; authenticated: any valid token; anonymous: everyone."
    )
    rules: dict[str, RuleSettings] = Field(
        default_factory=dict,
        description="Schema coordinate (Type, Type.field, Type.field(argument:), Input.field) → what it needs.",
    )
