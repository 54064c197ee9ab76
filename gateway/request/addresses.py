"""Whose address a request comes from: the peer's own, or the one that a proxy we trust tells of.

What a stranger writes into ``X-Forwarded-For`` is never read; what an address may do is decided elsewhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
NOBODY = "unknown"
MOST_PROXIES = 32
"""So many stand behind each other nowhere; a caller may write thousands of addresses that look like them."""


class Networks:
    """A list of networks (CIDR), as ``server.trusted_proxies`` has it."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(text) for text in texts)
        self._known = lru_cache(maxsize=1000)(self._holds)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: object) -> bool:
        return bool(self._networks) and self._known(str(address))

    def _holds(self, address: str) -> bool:
        plain = _address(address)
        if plain is None:
            return False
        return any(plain.version == network.version and plain in network for network in self._networks)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.strip().removeprefix("[").partition("]")[0].partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def caller_address(peer: str | None, forwarded: Sequence[str], trusted: Networks) -> str:
    """The address of whoever sent a request, an IPv6 one as its network of 64 bits, which is one customer's.

    ``forwarded``: the values of all ``X-Forwarded-For`` headers. Each proxy writes whom it was asked by behind what is
    there, so they are read from the end, as long as the one that wrote is trusted.
    """
    address = peer or NOBODY
    if address in trusted:
        for told in reversed(",".join(forwarded).split(",")[-MOST_PROXIES:]):
            found = _address(told)
            if found is None:
                break
            address = str(found)
            if address not in trusted:
                break
    return _shortened(address)


@lru_cache(maxsize=4096)
def _shortened(address: str) -> str:
    found = _address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found) if found is not None else address
