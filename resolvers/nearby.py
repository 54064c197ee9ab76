"""Which servers a description may name: not this machine, its link or a cloud's metadata service, unless the
description lies there itself or the settings allow it.

Whoever writes a description that is fetched from the network would otherwise choose what the gateway calls.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

_NAMES = ("localhost", "metadata.google.internal")


def is_near(host: str) -> bool:
    """True for a name or an address of this machine or its link; other names are looked at when they are resolved."""
    name = host.lower().rstrip(".")
    if name in _NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast


def must_be_far(location: str) -> bool:
    """True for a description that came from another machine: what it names must not be near."""
    host = urlsplit(location).hostname if location.startswith(("http://", "https://")) else None
    return host is not None and not is_near(host)


def refused(server: str, location: str, allowed: Iterable[str]) -> str:
    """Why a description at ``location`` may not name ``server``; empty where it may.

    ``allowed``: hosts; where there are any, the description may name these alone.
    """
    host = (urlsplit(server).hostname or "").lower()
    hosts = {item.lower() for item in allowed}
    if hosts:
        return "" if host in hosts else f"the description names the server {host}, which allowed_servers does not hold"
    if must_be_far(location) and is_near(host):
        return f"the description came from the network and names the server {host} on this machine or its link"
    return ""


def far_socket(info: Any) -> socket.socket:
    """A socket for one address that a name was resolved to (the shape of ``getaddrinfo``).

    Raises:
        OSError: the address is near; whatever name led there.
    """
    family, kind, protocol, _, address = info
    if is_near(str(address[0])):
        raise OSError("the name leads to this machine or its link: set url, or allow the host in allowed_servers")
    return socket.socket(family, kind, protocol)
