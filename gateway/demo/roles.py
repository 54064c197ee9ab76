"""The three roles of the demo, and a ready-made token for each. What they may see is said in ``isthmus.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.identity import JwtSettings
from gateway.token import sign


class Grant(NamedTuple):
    """What a token says about its bearer."""

    roles: tuple[str, ...]
    scopes: tuple[str, ...]


ROLES: dict[str, Grant] = {
    "clerk": Grant(("clerk",), ()),
    "support": Grant(("support",), ("customers:pii",)),
    "accountant": Grant(("accountant",), ("customers:pii", "invoices:pay")),
}


def tokens(issuers: Sequence[JwtSettings], lifetime_s: int = 28_800) -> dict[str, str]:
    """Role → a token that a server with these settings accepts for ``lifetime_s`` seconds.

    Raises:
        ConfigurationError: the settings name a key set, whose private keys are not ours.
    """
    return {
        role: sign(issuers, f"demo-{role}", scopes=grant.scopes, roles=grant.roles, lifetime_s=lifetime_s)
        for role, grant in ROLES.items()
    }
