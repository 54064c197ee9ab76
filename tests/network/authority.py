"""A certificate authority for tests: certificates for servers and clients, good ones and bad ones, as PEM files."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Pair:
    """``file`` holds the certificate, ``key`` its private key, ``both`` the two of them."""

    file: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates; ``file`` is its own, in PEM."""

    def __init__(self, room: Path, name: str = "authority") -> None:
        self._room = room
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        certificate = (
            self._begun(self._name, self._key.public_key(), days=30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = room / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def sign(self, name: str, *hosts: str, days: int = 30, password: str = "") -> Pair:
        """A certificate for ``hosts`` (names or addresses); ``days`` from now it ends, in the past where negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [_general(host) for host in hosts or (name,)]
        uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        certificate = (
            self._begun(subject, key.public_key(), days=days)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(uses, critical=False)
            .sign(self._key, hashes.SHA256())
            .public_bytes(Encoding.PEM)
        )
        hidden: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden)
        pair = Pair(*(self._room / f"{name}.{ending}.pem" for ending in ("cert", "key", "both")))
        pair.file.write_bytes(certificate)
        pair.key.write_bytes(secret)
        pair.both.write_bytes(certificate + secret)
        return pair


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def serving(pair: Pair, *, clients: Authority | None = None) -> ssl.SSLContext:
    """The TLS of a server; ``clients``: it asks for a certificate that this authority signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.file, pair.key)
    if clients is not None:
        context.load_verify_locations(clients.file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def alerting(tls: ssl.SSLContext) -> str:
    """The address of a server that shakes hands with one client and tells it by an alert what it dislikes.

    asyncio's own server hangs up without a word, which others do not.
    """
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listening, contextlib.suppress(OSError):
            client, _ = listening.accept()
            with client, tls.wrap_socket(client, server_side=True, do_handshake_on_connect=False) as wrapped:
                with contextlib.suppress(ssl.SSLError):
                    wrapped.do_handshake()
                socket.socket.shutdown(wrapped, socket.SHUT_WR)  # beneath the TLS; what is unread would cost the alert
                while socket.socket.recv(wrapped, 65_536):
                    pass

    threading.Thread(target=run, daemon=True).start()
    return f"https://127.0.0.1:{listening.getsockname()[1]}"
