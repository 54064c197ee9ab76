"""RSA certificates for signatures of messages, as PEM files: of an authority, by it, and by nobody of note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Signatory:
    """``cert``, ``key`` and ``both`` are PEM files; ``made`` is the certificate itself."""

    cert: Path
    key: Path
    both: Path
    made: x509.Certificate
    secret: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def signatory(
    room: Path,
    name: str,
    issuer: Signatory | None = None,
    *,
    authority: bool = False,
    days: int = 30,
    password: str = "",
    curve: bool = False,
    signs: bool = True,
) -> Signatory:
    """A certificate that ends ``days`` from now; issued by itself where there is no ``issuer``."""
    secret: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = (
        ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=signs, key_cert_sign=authority, crl_sign=False, content_commitment=False,
        key_encipherment=not signs, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.made.subject)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(secret.public_key()), critical=False)
        .sign(secret if issuer is None else issuer.secret, hashes.SHA256())
    )
    cert, key, both = (room / f"{name}.{ending}.pem" for ending in ("cert", "key", "both"))
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    hidden = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    return Signatory(cert, key, both, made, secret)
