"""Certificates that callers showed to a proxy in front, which passes them on in ``Client-Cert`` (RFC 9440).

The proxy has verified them; what they say is read in ``certificates.py``. A stranger's word is never taken for its.
"""

from __future__ import annotations

import base64
import re

from gateway.identity.certificates import Certificates, CertificateSettings
from gateway.request.addresses import Networks
from gateway.request.asked import Asked
from resolvers import Unauthenticated
from schema import Principal

HEADER = "client-cert"
_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):")
"""A byte sequence of RFC 8941 section 3.3.5."""


class ProxiedSettings(CertificateSettings):
    """The certificates in ``Client-Cert``, of ``server.trusted_proxies`` alone."""


class ProxiedCertificates:
    """``trusted``: the addresses whose word counts."""

    def __init__(self, settings: ProxiedSettings, trusted: Networks) -> None:
        self._certificates = Certificates(settings)
        self._trusted = trusted

    def shown(self, asked: Asked) -> bytes | None:
        """The certificate that a request tells of, as DER; ``None`` where it tells of none.

        Raises:
            Unauthenticated: it is not a proxy that tells, or not one certificate.
        """
        told = asked.headers.getlist(HEADER)
        if not told:
            return None
        if asked.peer not in self._trusted:
            raise Unauthenticated("who tells of a certificate is not in server.trusted_proxies")
        found = _BYTES.fullmatch(told[0].strip(" ")) if len(told) == 1 else None
        if found is None:
            raise Unauthenticated("Client-Cert is not one certificate")
        try:
            return base64.b64decode(found[1], validate=True)
        except ValueError:
            raise Unauthenticated("Client-Cert is not one certificate") from None

    def principal(self, certificate: bytes) -> Principal:
        """Who showed it. Raises Unauthenticated, as ``Certificates.principal``."""
        return self._certificates.principal(certificate)
