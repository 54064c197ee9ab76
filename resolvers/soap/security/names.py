"""Names of the specifications: namespaces, token types and algorithms. No element is made here."""

from __future__ import annotations

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"

WSSE = f"{_OASIS}-wssecurity-secext-1.0.xsd"
WSU = f"{_OASIS}-wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
WSA = "http://www.w3.org/2005/08/addressing"

SECURITY = f"{{{WSSE}}}Security"
TIMESTAMP = f"{{{WSU}}}Timestamp"
SIGNATURE = f"{{{DS}}}Signature"
TOKEN = f"{{{WSSE}}}BinarySecurityToken"
ID = f"{{{WSU}}}Id"

BASE64 = f"{_OASIS}-soap-message-security-1.0#Base64Binary"
X509V3 = f"{_OASIS}-x509-token-profile-1.0#X509v3"
SUBJECT_KEY = f"{_OASIS}-x509-token-profile-1.0#X509SubjectKeyIdentifier"
THUMBPRINT = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
PASSWORD_TEXT = f"{_OASIS}-username-token-profile-1.0#PasswordText"
PASSWORD_DIGEST = f"{_OASIS}-username-token-profile-1.0#PasswordDigest"

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = f"{DS}enveloped-signature"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"

SIGNATURES = frozenset({
    *(f"{_MORE}{key}-sha{bits}" for key in ("rsa", "ecdsa") for bits in (256, 384, 512)),
    *(f"http://www.w3.org/2007/05/xmldsig-more#sha{bits}-rsa-MGF1" for bits in (256, 384, 512)),
})  # fmt: skip
SIGNATURES_SHA1 = frozenset({f"{DS}rsa-sha1", f"{_MORE}ecdsa-sha1"})
DIGESTS = frozenset({
    "http://www.w3.org/2001/04/xmlenc#sha256", f"{_MORE}sha384", "http://www.w3.org/2001/04/xmlenc#sha512"
})  # fmt: skip
DIGESTS_SHA1 = frozenset({f"{DS}sha1"})
