"""The way to a host made ready: trusted authorities, our own certificate, the proxy; and what is wrong with a TLS
handshake in words that say what to mend.

Files are read here once, when a source is opened. Nothing is sent, and no verification can be turned off.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from resolvers.http_settings import Certificate, NetworkSettings
from resolvers.problem import ConfigurationError, Problem

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})
_NAMES = frozenset({62, 63, 64})
_REFUSALS = (
    ("CERTIFICATE_REQUIRED", "it asks for a certificate of the gateway: set cert"),
    ("ALERT_UNKNOWN_CA", "it does not trust the authority of the gateway's certificate: set cert to one that it knows"),
    ("ALERT_BAD_CERTIFICATE", "it refuses the gateway's certificate: set cert to one that it accepts"),
    ("ALERT_CERTIFICATE_", "it refuses the gateway's certificate: renew it, or set cert to one that it accepts"),
    ("PROTOCOL", "it speaks no version of TLS that is allowed here: it must be upgraded, or min_tls is set too high"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS at this port: check the address, http:// or https://"),
    ("HTTP_REQUEST", "it does not speak TLS at this port: check the address, http:// or https://"),
    ("HANDSHAKE_FAILURE", "it accepts none of the ciphers, or asks for a certificate of the gateway: set cert"),
)


@dataclass(frozen=True, slots=True)
class Network:
    """``proxy``: its address, with ``proxy_login`` (user name, password) where it asks for one."""

    tls: ssl.SSLContext
    proxy: str | None = None
    proxy_login: tuple[str, str] | None = field(default=None, repr=False)


def open_network(settings: NetworkSettings, base: Path) -> Network:
    """Reads the files that ``settings`` name, seen from the folder ``base``.

    Raises:
        ConfigurationError: a file cannot be read or is not what it should be; paths are those of ``settings``.
    """
    tls = _context(settings, base)
    if settings.proxy is None:
        return Network(tls)
    secret = settings.proxy.password.get_secret_value()
    login = (settings.proxy.username, secret) if settings.proxy.username or secret else None
    return Network(tls, settings.proxy.url, login)


def direct() -> Network:
    """No proxy, the authorities of the machine, no certificate of our own."""
    return Network(_plain())


@lru_cache(maxsize=1)
def _plain() -> ssl.SSLContext:
    """Shared by all sources that need nothing of their own: reading the machine's authorities takes its time."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _context(settings: NetworkSettings, base: Path) -> ssl.SSLContext:
    own = settings.ca is not None and settings.ca != "system"
    if not own and settings.cert is None and settings.min_tls == "1.2":
        return _plain()
    if not own:
        context = ssl.create_default_context()
    else:
        assert settings.ca is not None
        path = base / settings.ca
        try:
            context = ssl.create_default_context(cafile=str(path))
        except ssl.SSLError as error:
            raise _unusable(f"{path} holds no certificate in PEM", "ca") from error
        except OSError as error:
            raise _unusable(f"{path} cannot be read: {_reason(error)}", "ca") from error
    context.minimum_version = _VERSIONS[settings.min_tls]
    if settings.cert is not None:
        _show(context, settings.cert, base)
    return context


def _show(context: ssl.SSLContext, cert: Certificate, base: Path) -> None:
    # Without a password OpenSSL would ask on the terminal for the one of an encrypted key.
    password = cert.password.get_secret_value() if cert.password is not None else ""
    key = None if cert.key is None else str(base / cert.key)
    try:
        context.load_cert_chain(str(base / cert.file), key, lambda: password)
    except ssl.SSLError as error:
        what = f"{base / cert.file} and its key cannot be used"
        if error.reason == "KEY_VALUES_MISMATCH":
            what = f"the key is not that of the certificate in {base / cert.file}"
        mend = "check that both are PEM, and that password is the one of the key"
        raise ConfigurationError([Problem(what, ("cert",), mend)]) from error
    except (OSError, ValueError) as error:
        named = base / (cert.file if cert.key is None else f"{cert.file} or {cert.key}")
        raise _unusable(f"{named} cannot be read: {_reason(error)}", "cert") from error


def _unusable(what: str, key: str) -> ConfigurationError:
    return ConfigurationError([Problem(what, (key,), "paths start at the folder of the file that names them")])


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or type(error).__name__).lower()


def refusal(error: BaseException) -> str:
    """What is wrong with the handshake that ``error`` speaks of, and how to mend it; empty where it was no handshake.

    The sentence is for the log: it names settings, and nothing that the other side said.
    """
    found = _tls_error(error)
    if isinstance(found, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {_certificate(found.verify_code)}"
    if isinstance(found, ssl.SSLError):
        reason = found.reason or str(found)
        return "no TLS connection: " + next(
            (says for word, says in _REFUSALS if word in reason), "the handshake failed"
        )
    hung_up = isinstance(getattr(error, "os_error", None), ConnectionResetError | ConnectionAbortedError)
    if hung_up and getattr(error, "ssl", None):
        return "no TLS connection: it hung up; it may know only old versions of TLS, or ask for a certificate: set cert"
    return ""


def _certificate(code: int) -> str:
    if code == 10:
        return "it has expired: its owner must renew it"
    if code == 9:
        return "it is not valid yet: check the clock of this machine"
    if code in _NAMES:
        return "it is made out for another host: check url, or have it made out for this one"
    if code in _UNKNOWN_ISSUER:
        return "its authority is not trusted here: set ca to the PEM file of the authority that signed it"
    return f"check {code} of OpenSSL failed"


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """OpenSSL's own error behind ``error``; aiohttp's bear its class too, and none of what it says."""
    found: ssl.SSLError | None = None
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        for candidate in (error, inner):
            if isinstance(candidate, ssl.SSLError):
                found = candidate
        error = error.__cause__ or error.__context__
    return found
