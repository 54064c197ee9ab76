"""The settings of access: who may see what, by schema coordinate. What they mean is decided in ``rules.py``, that of
conditions on callers in ``callers.py`` and that of ``rows`` in ``rows/``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    SecretStr,
    StrictBool,
    StrictInt,
    StrictStr,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from resolvers import Settings

_MASK = re.compile(r"(?:first|last)[1-9][0-9]?|hash")
_EVERYONE = "a condition needs scopes, roles or claims, or it would mean everyone"
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
            raise ValueError(_EVERYONE)
        return self

    def __hash__(self) -> int:
        return hash((self.scopes, self.roles))


def _said(condition: ConditionSettings | None) -> ConditionSettings:
    if condition is None:
        raise ValueError(_EVERYONE)
    return condition


def _written_null(given: object) -> object:
    return "null" if given is None else given


Refused: TypeAlias = Literal["null", "request", "hidden"]

RefusedSetting = Annotated[Refused, BeforeValidator(_written_null, json_schema_input_type=Refused | None)]
"""``null`` may be written without quotation marks."""


class ConstantMask(Settings):
    constant: str = Field(description="The text that stands for every value.")


def _known_mask(given: object) -> object:
    if isinstance(given, str) and _MASK.fullmatch(given) is None:
        raise PydanticCustomError(
            "mask", "there is no such mask", {"mend": "write last4, first1, hash or { constant: TEXT }"}
        )
    return given


MaskSetting = Annotated[
    Annotated[str, Tag("text")] | Annotated[ConstantMask, Tag("constant")],
    Discriminator(lambda given: "text" if isinstance(given, str) else "constant"),
    BeforeValidator(_known_mask),
]


class RuleSettings(Settings):
    """What a caller must have to use a coordinate; an empty rule asks for a valid token only."""

    scopes: Names = Field((), description="All of these scopes are needed.")
    roles: Names = Field((), description="Any one of these roles is needed.")
    anonymous: bool = Field(False, description="true: everyone may use it, also without a token.")
    refused: Annotated[Refused | None, BeforeValidator(_written_null, json_schema_input_type=Refused | None)] = Field(
        None, description="What whom the rule refuses is given, where that is not as access.refused says."
    )
    mask: MaskSetting | None = Field(
        None,
        description="Whom the rule refuses sees this of the text: last4, first1 (or another number), hash (needs "
        "access.hash_key), or { constant: TEXT }.",
    )

    rows: dict[str, object] | None = Field(
        None,
        description="Which rows of the type the caller sees, as a where filter with $claims.name as values; on a field,"
        " the rows in which it has its value; on a field of Query or Mutation, which arguments may be given.",
    )
    min_group: int | None = Field(
        None,
        ge=2,
        description="On the type of a table's rows: aggregates of them tell the caller of no group with fewer rows.",
    )
    when: ConditionSettings | None = Field(None, description="The rule holds for these callers alone.")
    unless: ConditionSettings | None = Field(None, description="The rule does not hold for these callers.")

    @field_validator("scopes", "roles")
    @classmethod
    def _names_one(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError("it names none and would ask for nothing: leave it out where any valid token will do")
        return names

    @field_validator("when", "unless")
    @classmethod
    def _holds_for_some(cls, condition: ConditionSettings | None) -> ConditionSettings:
        return _said(condition)

    @field_validator("rows")
    @classmethod
    def _has_conditions(cls, rows: dict[str, object] | None) -> dict[str, object]:
        if not rows:
            raise ValueError("rows needs a condition, or it would mean every row")
        return rows

    def __hash__(self) -> int:
        return hash((self.scopes, self.roles, self.anonymous, self.when, self.unless))

    @model_validator(mode="after")
    def _is_of_one_mind(self) -> RuleSettings:
        if self.anonymous and (self.scopes or self.roles):
            raise ValueError("anonymous opens it for everyone, so scopes and roles would ask for nothing")
        if self.mask is not None and self.refused is not None:
            raise ValueError("mask says what is shown to whom the rule refuses, so refused cannot say it too")
        return self


def _at_least_one(rules: tuple[RuleSettings, ...]) -> tuple[RuleSettings, ...]:
    if not rules:
        raise ValueError("a list of rules needs one, or it would let in nobody")
    return rules


def _how_many(given: object) -> str:
    return "several" if isinstance(given, list | tuple) else "one"


Rule = Annotated[
    Annotated[RuleSettings, Tag("one")]
    | Annotated[tuple[RuleSettings, ...], AfterValidator(_at_least_one), Tag("several")],
    Discriminator(_how_many),
]
"""One rule, or several of which any one will do."""


class ViewSettings(Settings):
    """A part of the schema under an address of its own: what lies outside does not exist there."""

    include: Names = Field(
        (), description='Only these fields: coordinates, types, patterns ("*.name") and tags ("#public"); empty: all.'
    )
    exclude: Names = Field((), description="All but these coordinates, patterns and tags.")
    when: ConditionSettings | None = Field(None, description="Callers who are served this view at /graphql too.")

    @field_validator("include")
    @classmethod
    def _includes_one(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError("it includes nothing: leave it out where all is meant that exclude does not name")
        return names

    @field_validator("when")
    @classmethod
    def _is_for_some(cls, condition: ConditionSettings | None) -> ConditionSettings:
        return _said(condition)

    @model_validator(mode="after")
    def _is_a_part(self) -> ViewSettings:
        if not self.include and not self.exclude:
            raise ValueError("a view needs include or exclude, or it would be the whole schema")
        return self


def _view_name(name: str) -> str:
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) is None:
        raise ValueError("the name of a view is part of an address: letters, digits, - and _, a letter first")
    return name


class AccessSettings(Settings):
    """``default`` stands for every coordinate without a rule."""

    default: Literal["deny", "authenticated", "anonymous"] = Field(
        description="deny: only what a rule opens; authenticated: any valid token; anonymous: everyone."
    )
    rules: Mapping[str, Rule] = Field(
        default_factory=dict,
        description="Schema coordinate (Type, Type.field, Type.field(argument:), Input.field, Enum.VALUE), pattern "
        '("*.iban", "Customer.*") or tag ("#pii") → what it needs: a rule, or a list of rules of which one is enough.',
    )
    tags: dict[str, Names] = Field(
        default_factory=dict, description='Name → the coordinates and patterns that a rule means by "#name".'
    )
    refused: RefusedSetting = Field(
        "null",
        description="What a caller is given for a field that it may not use. null: null and an error; request: the "
        "whole request is refused, with 403; hidden: the same answer as for a field that does not exist.",
    )
    introspection: Literal["visible", "all", "none"] = Field(
        "visible",
        description="What introspection shows. visible: what the caller may use; all: also what would be refused; "
        "none: nothing, to nobody.",
    )
    hash_key: SecretStr | None = Field(
        None, min_length=16, description="Key of the mask hash: equal values have equal hashes under one key."
    )
    views: dict[Annotated[str, AfterValidator(_view_name)], ViewSettings] = Field(
        default_factory=dict, description="Parts of the schema with an address of their own, /graphql/NAME."
    )

    def alternatives(self, key: str) -> tuple[RuleSettings, ...]:
        """The rules at a key of ``rules``, any one of which is enough."""
        given = self.rules[key]
        return (given,) if isinstance(given, RuleSettings) else given
