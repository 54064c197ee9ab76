"""The steps of NTLM over HTTP ([MS-NTHT]) as values of headers. Nothing is sent here; the tokens are the library's.

NTLM proves a connection, not a request: its steps must travel on one that nobody else uses.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from resolvers.http_settings import Ntlm
from resolvers.problem import ConfigurationError, Problem

_TOKEN = re.compile(r"(?:^|,)\s*NTLM\s+([A-Za-z0-9+/]+=*)\s*(?=,|$)", re.IGNORECASE)
_OFFER = re.compile(r"(?:^|,)\s*NTLM\b", re.IGNORECASE)


class NtlmRefused(Exception):
    """The other side does not speak NTLM, or not as one can answer it; the text never quotes it."""


class Handshake:
    """One handshake; ``hello`` and ``answer`` are values of an ``Authorization`` header."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.hello = _header(client.step())

    def answer(self, headers: Mapping[str, str]) -> str:
        """What proves us, to the challenge in the headers of a reply (401).

        Raises:
            NtlmRefused: there is no challenge that can be answered.
        """
        said = challenges(headers)
        found = _TOKEN.search(said)
        if found is None:
            known = "the password was not asked for again" if _OFFER.search(said) else "it does not offer NTLM"
            raise NtlmRefused(f"no handshake: {known}")
        try:
            return _header(self._client.step(base64.b64decode(found[1], validate=True)))
        except binascii.Error:
            raise NtlmRefused("no handshake: its challenge cannot be read") from None
        except Exception as error:  # noqa: BLE001  # the library's own classes, and what malformed bytes cause
            raise NtlmRefused(f"no handshake: its challenge cannot be answered ({type(error).__name__})") from None


def handshakes(settings: Ntlm, host: str) -> Callable[[], Handshake]:
    """What begins handshakes with ``host``.

    Raises:
        ConfigurationError: the library is not installed.
    """
    try:
        library = importlib.import_module("spnego")
    except ImportError as error:
        what, mend = "NTLM needs the library pyspnego, which is not installed", "pip install 'isthmus[ntlm]'"
        raise ConfigurationError([Problem(what, ("auth", "ntlm"), mend)]) from error
    # It writes tokens to its debug log, and who has one can guess at the password without anybody noticing.
    logging.getLogger("spnego").setLevel(logging.WARNING)
    name = f"{settings.domain}\\{settings.username}" if settings.domain else settings.username

    def begin() -> Handshake:
        password = settings.password.get_secret_value()
        return Handshake(library.client(name, password, hostname=host, service="http", protocol="ntlm"))

    return begin


def challenges(headers: Mapping[str, str]) -> str:
    """All ``WWW-Authenticate`` headers of a reply as one."""
    many: Any = getattr(headers, "getall", None)
    found = many("WWW-Authenticate", []) if many is not None else [headers.get("WWW-Authenticate", "")]
    return ",".join(found)


def _header(token: bytes | None) -> str:
    return f"NTLM {base64.b64encode(token or b'').decode()}"
