"""What in the text of an address proves something: its login, and parameters that are named as secrets are.

It knows texts alone; which of them are shown to whom is decided elsewhere.
"""

from __future__ import annotations

import re

LOGIN = re.compile(r"(?<=://)([^/?#@:\s]*):([^/?#\s]*)(?=@)")
"""User and password of an address."""
PROOF = re.compile(
    r"(?<=[?&])([\w.-]*(?:pass|pwd|secret|token|key|sig|auth|cred|jwt|code)[\w.-]*=)([^&#\s\"'<>]+)", re.IGNORECASE
)
"""A parameter up to its value, and the value."""
_USER = re.compile(r"(?<=://)[^/?#\s]+(?=@)")
"""A user without a password is often a token."""


def veiled(text: str) -> str:
    """The text without what the addresses in it prove."""
    return PROOF.sub(r"\1***", _USER.sub("***", text)) if "://" in text else text


def proves(address: str) -> bool:
    """Whether an address holds a password, or a parameter that is named as one."""
    login = LOGIN.search(address)
    return (login is not None and bool(login[2])) or PROOF.search(address) is not None
