"""Whoever a command asks as: ``--as`` becomes a principal. No token is read or verified here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.auth import ClaimSettings, principal_of
from gateway.commands.opening import fail
from gateway.config import Configuration
from schema import ANONYMOUS, Principal

AS = "Ask as a caller with these claims (a JSON object), these roles (support,sales), or as anonymous."


def caller(chosen: Configuration, text: str, scopes: list[str] | None = None) -> Principal:
    """The principal that ``--as`` and ``--scope`` mean: claims, roles parted by commas, or ``anonymous``."""
    if text == "anonymous":
        return ANONYMOUS
    jwt = chosen.settings.server.jwt
    where = jwt.claims if jwt is not None else ClaimSettings.model_validate({})
    if text.lstrip().startswith("{"):
        claims = object_of(text, "--as")
    else:
        # A claim whose name is the whole path is looked at before the path is.
        claims = {where.roles: [role.strip() for role in text.split(",") if role.strip()]}
    if scopes:
        claims = {**claims, where.scopes: scopes}
    return principal_of({"sub": "isthmus", **claims}, where)


def object_of(text: str, option: str) -> Mapping[str, Any]:
    """The JSON object that an option is given."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        fail(f"{option} is not a JSON object")
    return found
