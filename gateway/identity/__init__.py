"""Who asks: tokens, API keys and certificates become a ``Principal``. This is the room's front door."""

from gateway.identity.api_keys import ApiKeysSettings, new_key
from gateway.identity.authenticator import Authenticator
from gateway.identity.bearer import bearer
from gateway.identity.certificates import CertificateSettings
from gateway.identity.claims import ClaimPath, ClaimSettings, principal_of
from gateway.identity.doubt import CannotVerify
from gateway.identity.issuers import Issuers, JwtSettings
from gateway.identity.opening import open_authenticator, open_tokens
from gateway.identity.proxied import ProxiedCertificates, ProxiedSettings
from gateway.identity.revocation import RevocationSettings

__all__ = [
    "ApiKeysSettings",
    "Authenticator",
    "CannotVerify",
    "CertificateSettings",
    "ClaimPath",
    "ClaimSettings",
    "Issuers",
    "JwtSettings",
    "ProxiedCertificates",
    "ProxiedSettings",
    "RevocationSettings",
    "bearer",
    "new_key",
    "open_authenticator",
    "open_tokens",
    "principal_of",
]
