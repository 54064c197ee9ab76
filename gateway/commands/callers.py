"""Whoever a command asks as: ``--as`` becomes a principal. No token is read or verified here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.commands.opening import fail
from gateway.file.config import Configuration
from gateway.identity import ClaimSettings, JwtSettings, principal_of
from schema import ANONYMOUS, Principal

AS = "Ask as a caller with these claims (a JSON object), these roles (support,sales), or as anonymous."


def caller(chosen: Configuration, text: str, scopes: list[str] | None = None) -> Principal:
    """The principal that ``--as`` and ``--scope`` mean: claims, roles parted by commas, or ``anonymous``."""
    if text == "anonymous":
        return ANONYMOUS
    issuers = chosen.settings.server.jwt
    more = frozenset(scopes or ())
    if text.lstrip().startswith("{"):
        found = _claimed({"sub": "isthmus", **object_of(text, "--as")}, issuers)
        return replace(found, scopes=found.scopes | more)
    roles = frozenset(role.strip() for role in text.split(",") if role.strip())
    return Principal("isthmus", more, roles, {"sub": "isthmus"})


def _claimed(claims: Mapping[str, Any], issuers: Sequence[JwtSettings]) -> Principal:
    """The caller of these claims, whose iss says which issuer's mapping counts; otherwise the first one's."""
    stated = [each for each in issuers if each.issuer == claims.get("iss")]
    where = (*stated, *issuers)[0].claims if issuers else ClaimSettings.model_validate({})
    found = principal_of(claims, where)
    if found is None:
        path = where.subject if isinstance(where.subject, str) else ".".join(where.subject)
        fail(f"the claims name nobody\n  mend: add {path}")
    return found


def object_of(text: str, option: str) -> Mapping[str, Any]:
    """The JSON object that an option is given."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        fail(f"{option} is not a JSON object")
    return found
