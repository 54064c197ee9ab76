"""X.509 certificates out of files and tokens, and which of them are trusted to sign.

Trusted is what the file holds, and what an authority in it issued itself: no chain is followed further, no list of
revoked certificates is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from resolvers.problem import ConfigurationError, Problem
from resolvers.soap.security.settings import Signing

_PATHS = "paths start at the folder of the file that names them"


@dataclass(frozen=True, slots=True)
class Identity:
    """What requests are signed with. ``key``: PEM, without a password. ``kind``: ``rsa`` or ``ecdsa``."""

    certificate: x509.Certificate
    key: bytes = field(repr=False)
    kind: str


def read_identity(settings: Signing, base: Path) -> Identity:
    """The certificate and the key that ``settings`` name.

    Raises:
        ConfigurationError: a file cannot be read, is not what it should be, or the key is another certificate's.
    """
    file = base / settings.file
    certificate = _certificates(file, "sign")[0]
    path = file if settings.key is None else base / settings.key
    key = _private_key(path, settings)
    if key.public_key() != certificate.public_key():
        what = f"the key is not that of the certificate in {file}"
        raise ConfigurationError([Problem(what, ("sign",), "name the key that the certificate was made for")])
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        what = f"the key of {file} is neither RSA nor of an elliptic curve"
        raise ConfigurationError([Problem(what, ("sign",), "have a certificate made for such a key")])
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(certificate, plain, "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa")


def _private_key(path: Path, settings: Signing) -> PrivateKeyTypes:
    password = None if settings.password is None else settings.password.get_secret_value().encode()
    content = _read(path, "sign")
    try:
        return serialization.load_pem_private_key(content, password)
    except TypeError:
        # Raised where a password is wanted and none given, or the other way round.
        if password is None:
            raise _unusable(f"{path} holds an encrypted key", "sign", "set password") from None
        return serialization.load_pem_private_key(content, None)
    except (ValueError, UnsupportedAlgorithm):
        what = f"{path} holds no private key in PEM that can be read"
        raise _unusable(what, "sign", "check the file, and that password is the one of the key") from None


class Trusted:
    """The certificates of one file."""

    def __init__(self, certificates: list[x509.Certificate]) -> None:
        self._certificates = certificates

    def why_not(self, certificate: x509.Certificate, moment: datetime) -> str:
        """Why ``certificate`` is not trusted to sign at ``moment``; empty where it is."""
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            return "the certificate that it is signed with is not valid now"
        if certificate in self._certificates:
            return ""
        for authority in self._certificates:
            if _may_issue(authority, moment) and _issued(certificate, authority):
                return "" if _may_sign(certificate) else "the certificate that it is signed with is not for signing"
        return "the certificate that it is signed with is not trusted: check verify.trusted"

    def by_serial(self, number: int) -> list[x509.Certificate]:
        return [item for item in self._certificates if item.serial_number == number]

    def by_thumbprint(self, digest: bytes) -> list[x509.Certificate]:
        return [item for item in self._certificates if item.fingerprint(hashes.SHA1()) == digest]  # noqa: S303  # a name

    def by_subject_key(self, identifier: bytes) -> list[x509.Certificate]:
        return [item for item in self._certificates if _subject_key(item) == identifier]


def read_trusted(name: str, base: Path) -> Trusted:
    """Raises:
    ConfigurationError: the file cannot be read, or holds no certificate in PEM.
    """
    return Trusted(_certificates(base / name, "verify"))


def decoded(content: bytes) -> x509.Certificate | None:
    """A certificate out of a token (DER)."""
    try:
        return x509.load_der_x509_certificate(content)
    except ValueError:
        return None


def _certificates(path: Path, key: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(path, key))
    except ValueError:
        raise _unusable(f"{path} holds no certificate in PEM", key) from None


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _unusable(f"{path} cannot be read: {reason}", key) from None


def _unusable(what: str, key: str, mend: str = _PATHS) -> ConfigurationError:
    return ConfigurationError([Problem(what, (key,), mend)])


def _may_issue(authority: x509.Certificate, moment: datetime) -> bool:
    """An authority says so of itself (RFC 5280, sections 4.2.1.3 and 4.2.1.9)."""
    try:
        constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    usage = _usage(authority)
    valid = authority.not_valid_before_utc <= moment <= authority.not_valid_after_utc
    return valid and constraints.ca and (usage is None or usage.key_cert_sign)


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = _usage(certificate)
    except ValueError:
        return False
    return usage is None or usage.digital_signature or usage.content_commitment


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _subject_key(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, ValueError):
        return None
