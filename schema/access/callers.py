"""Conditions on callers, ``when`` and ``unless``: whether a rule holds for a principal. Says nothing of rows."""

from __future__ import annotations

from collections.abc import Mapping

from schema.access.principal import Principal
from schema.access.settings import Claim, ConditionSettings, RuleSettings


def holds_for(rule: RuleSettings, principal: Principal) -> bool:
    """Whether the rule asks anything of the principal beyond a valid token."""
    if rule.when is not None and not is_among(principal, rule.when):
        return False
    return rule.unless is None or not is_among(principal, rule.unless)


def claim(principal: Principal, path: str) -> object:
    """The value of a claim by its name, or by a path of members joined by dots; ``None`` where there is none.

    A claim that bears the whole path as its name (``https://shop.example/roles``) comes first.
    """
    if path in principal.claims:
        return principal.claims[path]
    value: object = principal.claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def is_among(principal: Principal, condition: ConditionSettings) -> bool:
    """Whether a principal is one of the callers that a condition means; without a token it is none."""
    if principal.is_anonymous or not set(condition.scopes) <= principal.scopes:
        return False
    if condition.roles and not principal.roles & set(condition.roles):
        return False
    return all(_has(claim(principal, path), values) for path, values in condition.claims.items())


def _has(given: object, values: tuple[Claim, ...]) -> bool:
    """``True`` is not ``1``: what is compared has one type."""
    items = given if isinstance(given, list) else [given]
    return any(type(item) is type(value) and item == value for item in items for value in values)
