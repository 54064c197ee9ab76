"""The beginning of an HTTP address: scheme, host and port (RFC 3986 section 3.2, RFC 6454).

It holds no address and asks nobody whether a host exists.
"""

from __future__ import annotations

import re

HOST_AND_PORT = r"([^/?#@:\s\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?"
_USER = re.compile(r"https?://[^/?#]*@")
_ORIGIN = re.compile(rf"https?://{HOST_AND_PORT}(?=[/?#]|$)", re.ASCII)


def names_a_user(url: str) -> bool:
    """True for an http(s) URL with a user or a password before its host."""
    return _USER.match(url) is not None


def has_odd_port(url: str) -> bool:
    """True for an http(s) URL whose port is none of 1 to 65535."""
    found = _ORIGIN.match(url)
    return found is not None and found[2] is not None and not 0 < int(found[2][1:7]) <= 65_535


def can_be_called(url: str) -> bool:
    """True for an http(s) URL with a host, without a user, and with a port that exists or none."""
    return _ORIGIN.match(url) is not None and not has_odd_port(url)
