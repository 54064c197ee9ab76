"""By which names the server may be asked: the ``Host`` header, which a browser fills with what stands in its address.

A page of a stranger can have its own name lead to this machine (DNS rebinding), and then reads what it likes as if it
had come from here; the name alone tells. Where a token is needed, that page has none, so nothing is looked at.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from functools import lru_cache

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_loopback(address: str) -> bool:
    """Whether who listens there is reached from this machine alone."""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=256)
def name_of(host: str) -> str:
    """The name in a Host header, in lower case, without its port and the dot of the root."""
    end = host.rfind(":")
    return (host if end < 0 or host.endswith("]") else host[:end]).lower().removesuffix(".")


def accepted(stated: Collection[str] | None, address: str, *, needs_token: bool) -> frozenset[str] | None:
    """The names that are accepted; ``None``: every one. ``address``: what is listened on."""
    if stated is not None:
        return None if "*" in stated else frozenset(name_of(name) for name in stated)
    return LOOPBACK if is_loopback(address) and not needs_token else None
