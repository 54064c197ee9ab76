"""The settings of access: who may see what, by schema coordinate. What they mean is decided in ``rules.py``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from resolvers import Settings


def _listed(given: object) -> object:
    return (given,) if isinstance(given, str) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]
"""A list of names; a single name may stand without the brackets."""


class RuleSettings(Settings):
    """What a caller must have to use a coordinate; an empty rule asks for a valid token only."""

    scopes: Names = Field((), description="All of these scopes are needed.")
    roles: Names = Field((), description="Any one of these roles is needed.")


class AccessSettings(Settings):
    """``default`` stands for every coordinate without a rule."""

    default: Literal["deny", "authenticated", "anonymous"] = Field(
        description="deny: only what a rule opens; authenticated: any valid token; anonymous: everyone."
    )
    rules: dict[str, RuleSettings] = Field(
        default_factory=dict,
        description="Schema coordinate (Type, Type.field, Type.field(argument:), Input.field) → what it needs.",
    )
