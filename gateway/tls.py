"""TLS of the edge: the certificate that the server shows, and those that it asks of its callers.

Who a caller is by his certificate is said in ``identity/certificates.py``.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from gateway.identity import CertificateSettings
from gateway.telemetry import log
from resolvers import ConfigurationError, Problem

_MEND = "paths start at the folder of the file that names them"


class TlsSettings(CertificateSettings):
    """Paths start at the folder of the file. Certificates are PEM."""

    certificate: Path = Field(description="The server's certificate, and those between it and its authority.")
    key: Path | None = Field(None, description="Its private key; in the same file when absent.")
    password: SecretStr | None = Field(None, description="The password that the private key is encrypted with.")
    min_tls: Literal["1.2", "1.3"] = Field("1.2", description="The oldest version of TLS that is spoken.")
    client_ca: Path | None = Field(
        None, description="The authorities whose certificates callers may show; absent: none is asked for."
    )
    client_certificates: Literal["optional", "required"] = Field(
        "optional",
        description="optional: who shows none may show a token or an API key, or is anonymous; required: no connection "
        "without one.",
    )

    @model_validator(mode="after")
    def _fitting(self) -> TlsSettings:
        about = {"client_certificates", "named_by", "clients"} & self.model_fields_set
        if self.client_ca is None and about:
            raise ValueError(f"{min(about)} needs client_ca: without it no certificate is asked for")
        return self

    def placed(self, base: Path) -> TlsSettings:
        """The settings with paths seen from ``base``."""
        names = ("certificate", "key", "client_ca")
        return self.model_copy(update={name: base / path for name in names if (path := getattr(self, name))})


class Tls:
    """The server's end of TLS; new connections get the certificate that ``look`` read last."""

    def __init__(self, settings: TlsSettings) -> None:
        """Reads the files.

        Raises:
            ConfigurationError: one of them cannot be used.
        """
        self._settings = settings
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3 if settings.min_tls == "1.3" else ssl.TLSVersion.TLSv1_2
        self.context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen = self._now()
        self._load()
        if settings.client_ca is not None:
            # A session that is taken up again shows the certificate of back then, whatever the authorities are now.
            self.context.options |= ssl.OP_NO_TICKET
            self.context.num_tickets = 0
            required = settings.client_certificates == "required"
            self.context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
            try:
                self.context.load_verify_locations(settings.client_ca)
            except (ssl.SSLError, OSError) as error:
                raise _unusable(settings.client_ca, error, "client_ca") from error

    def _load(self) -> None:
        settings = self._settings
        secret = settings.password.get_secret_value() if settings.password is not None else ""
        try:
            # OpenSSL takes the certificate before it sees that the key is another's: a context of its own finds out.
            for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
                # An empty answer, and no question on the terminal, where a key is encrypted and no password is set.
                context.load_cert_chain(settings.certificate, settings.key, lambda: secret)
        except (ssl.SSLError, OSError) as error:
            raise _unusable(settings.certificate, error, "certificate") from error

    async def look(self) -> None:
        """Reads certificate and key again where one of them was replaced; those that do not fit change nothing."""
        now = self._now()
        if now == self._seen:
            return
        self._seen = now
        try:
            self._load()
        except ConfigurationError as error:
            log("certificate_not_read", level="error", reason=str(error))
        else:
            log("certificate_read_again")

    def _now(self) -> tuple[object, ...]:
        found: list[object] = []
        for path in (self._settings.certificate, self._settings.key):
            try:
                stat = path.stat() if path is not None else None
            except OSError:
                stat = None
            found.append(stat and (stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return tuple(found)


def _unusable(path: Path, error: Exception, key: str) -> ConfigurationError:
    where = ("server", "tls", key)
    if not isinstance(error, ssl.SSLError):
        reason = getattr(error, "strerror", None) or type(error).__name__
        return ConfigurationError([Problem(f"{path} cannot be read: {reason.lower()}", where, _MEND)])
    if key == "client_ca":
        reason = "it holds no certificates in PEM"
    elif error.reason == "KEY_VALUES_MISMATCH":
        reason = "the certificate and the key do not belong together"
    else:  # OpenSSL does not say which of them it is
        reason = "it holds no certificate in PEM, or its key is missing or needs another password"
    return ConfigurationError([Problem(f"{path} cannot be used: {reason}", where)])
