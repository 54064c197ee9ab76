"""The settings of access: who may see what, by schema coordinate. What they mean is decided in ``rules.py``, that of
conditions on callers in ``callers.py`` and that of ``rows`` in ``rows/``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr, model_validator

from resolvers import Settings

Claim = str | bool | int


def _listed(given: object) -> object:
    return (given,) if isinstance(given, str) else given


def _several(given: object) -> object:
    return (given,) if isinstance(given, Claim) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]
"""A list of names; a single name may stand without the brackets."""

Values = Annotated[
    tuple[StrictStr | StrictBool | StrictInt, ...],
    BeforeValidator(_several, json_schema_input_type=Claim | tuple[Claim, ...]),
]
"""A list of plain values; a single one may stand without the brackets."""


class ConditionSettings(Settings):
    """Callers, by what their token says: all that is stated must be so."""

    scopes: Names = Field((), description="The token has all of these scopes.")
    roles: Names = Field((), description="The token has any one of these roles.")
    claims: dict[str, Values] = Field(
        default_factory=dict,
        description="Path of a claim, members joined by dots → the value that it has, or any one of several; of a"
        " claim that is a list, one of its items.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> ConditionSettings:
        if not (self.scopes or self.roles or self.claims) or not all(self.claims.values()):
            raise ValueError("a condition needs scopes, roles or claims, or it would mean everyone")
        return self

    def __hash__(self) -> int:
        return hash((self.scopes, self.roles))


class RuleSettings(Settings):
    """What a caller must have to use a coordinate; an empty rule asks for a valid token only."""

    scopes: Names = Field((), description="All of these scopes are needed.")
    roles: Names = Field((), description="Any one of these roles is needed.")
    rows: dict[str, object] | None = Field(
        None,
        description="Which rows of the type the caller sees, as a where filter with $claims.name as values; on a field,"
        " the rows in which it has its value; on a field of Query or Mutation, which arguments may be given.",
    )
    when: ConditionSettings | None = Field(None, description="The rule holds for these callers alone.")
    unless: ConditionSettings | None = Field(None, description="The rule does not hold for these callers.")

    @model_validator(mode="after")
    def _has_conditions(self) -> RuleSettings:
        if self.rows is not None and not self.rows:
            raise ValueError("rows needs a condition, or it would mean every row")
        return self

    def __hash__(self) -> int:
        return hash((self.scopes, self.roles, self.when, self.unless))


class AccessSettings(Settings):
    """``default`` stands for every coordinate without a rule."""

    default: Literal["deny", "authenticated", "anonymous"] = Field(
        description="deny: only what a rule opens; authenticated: any valid token; anonymous: everyone."
    )
    rules: dict[str, RuleSettings] = Field(
        default_factory=dict,
        description="Schema coordinate (Type, Type.field, Type.field(argument:), Input.field) → what it needs.",
    )
