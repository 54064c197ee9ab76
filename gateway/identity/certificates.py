"""Callers by the certificate that their connection shows (mutual TLS): its DER in, a ``Principal`` out.

That it was signed by a trusted authority, and that the caller holds its key, the handshake proved (``gateway/tls.py``).
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cryptography import x509
from cryptography.x509.oid import NameOID
from pydantic import Field, field_validator

from gateway.identity.issuers import OURS
from resolvers import Settings, Unauthenticated
from schema import Principal

ISSUER = f"{OURS}certificates"
"""The iss claim of callers that a certificate vouches for."""
KEPT_CERTIFICATES = 1000
_TAKEN = frozenset({"iss", "sub", "exp", "scope", "roles"})


class ClientSettings(Settings):
    """One caller who is known by a certificate."""

    name: str = Field(min_length=1, description="What the certificate says, as named_by has it, compared exactly.")
    scopes: tuple[str, ...] = Field((), description="The scopes of that caller.")
    roles: tuple[str, ...] = Field((), description="The roles.")
    claims: dict[str, Any] = Field(default_factory=dict, description="Further claims, for rules.")

    @field_validator("claims")
    @classmethod
    def _further(cls, claims: dict[str, Any]) -> dict[str, Any]:
        for name in _TAKEN & claims.keys():
            raise ValueError(f"the claim {name} is not for claims to say")
        return claims


class CertificateSettings(Settings):
    """How certificates of callers are read."""

    named_by: Literal["common_name", "dns", "uri", "email"] = Field(
        "common_name",
        description="What of a certificate is the caller's sub: the common name of its subject, or its only "
        "alternative name of that kind.",
    )
    clients: tuple[ClientSettings, ...] = Field(
        (),
        description="The callers there are, with their scopes and roles; absent: every certificate that the authority "
        "signed, without any.",
    )

    @field_validator("clients")
    @classmethod
    def _apart(cls, clients: tuple[ClientSettings, ...]) -> tuple[ClientSettings, ...]:
        if not clients:
            raise ValueError("it lists nobody: leave it out where every certificate that the authority signed is meant")
        if len({client.name for client in clients}) < len(clients):
            raise ValueError("two clients have the same name")
        return clients


@dataclass(frozen=True, slots=True)
class _Read:
    """A certificate: from when to when it holds (seconds since 1970), and its one name, empty for none or several."""

    begins: float
    ends: float
    name: str


class Certificates:
    """The callers that certificates vouch for. ``clock`` gives seconds since 1970."""

    def __init__(self, settings: CertificateSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._named_by = settings.named_by
        self._clients = {client.name: _principal(client) for client in settings.clients}
        self._closed = bool(settings.clients)
        self._clock = clock
        self._read: OrderedDict[bytes, _Read] = OrderedDict()

    def principal(self, certificate: bytes) -> Principal:
        """Who shows it, which may be long after the handshake.

        Raises:
            Unauthenticated: it does not hold any more, names nobody or several, or nobody who is known.
        """
        read = self._read.get(certificate)
        if read is None:
            read = self._read[certificate] = _read(certificate, self._named_by)
            while len(self._read) > KEPT_CERTIFICATES:
                self._read.popitem(last=False)
        if not read.begins <= self._clock() < read.ends:
            raise Unauthenticated("the certificate has ended")
        if not read.name:
            raise Unauthenticated(f"the certificate has not one {self._named_by}")
        known = self._clients.get(read.name)
        if known is None and self._closed:
            raise Unauthenticated("the certificate is nobody's who is known")
        return known or _principal(ClientSettings(name=read.name))


def thumbprint(certificate: bytes | None) -> str:
    """As ``x5t#S256`` has it (RFC 8705 section 3.1); empty where there is none."""
    if certificate is None:
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(certificate).digest()).rstrip(b"=").decode()


def _principal(client: ClientSettings) -> Principal:
    claims: Mapping[str, object] = {"iss": ISSUER, "sub": client.name, **client.claims}
    return Principal(client.name, frozenset(client.scopes), frozenset(client.roles), claims)


def _read(data: bytes, named_by: str) -> _Read:
    """What is needed of a certificate.

    Raises:
        Unauthenticated: it cannot be read; OpenSSL is more lenient.
    """
    try:
        certificate = x509.load_der_x509_certificate(data)
        names = _names(certificate, named_by)
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except (ValueError, x509.InvalidVersion, x509.UnsupportedGeneralNameType) as error:
        raise Unauthenticated("the certificate cannot be read") from error
    return _Read(begins.timestamp(), ends.timestamp(), names[0] if len(names) == 1 else "")


def _names(certificate: x509.Certificate, named_by: str) -> list[str]:
    if named_by == "common_name":
        return [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    if named_by == "dns":
        return list(found.get_values_for_type(x509.DNSName))
    if named_by == "uri":
        return list(found.get_values_for_type(x509.UniformResourceIdentifier))
    return list(found.get_values_for_type(x509.RFC822Name))
