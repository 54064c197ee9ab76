"""Which certificate a signature says that it was made with, and which elements bear which identifier.

Whether that certificate is trusted is not decided here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from cryptography import x509
from lxml import etree

from resolvers.soap.security.certificates import Trusted, decoded
from resolvers.soap.security.names import DS, SUBJECT_KEY, THUMBPRINT, TOKEN, WSSE, X509V3
from resolvers.xml import Element

Identified = Mapping[str, Sequence[tuple[Element, str]]]
"""Identifier → elements that bear it, each with the name of the attribute."""


_IDENTIFIERS = etree.XPath(
    "//@*[contains($wanted, concat('|', ., '|'))]"
    "[contains('|id|assertionid|', concat('|', translate(local-name(), $upper, $lower), '|'))]"
)
"""Whatever anybody may take for an identifier: ``wsu:Id``, ``Id``, ``ID``, ``xml:id``; by libxml2, since replies may
have hundreds of thousands of attributes."""


def by_identifier(envelope: Element, security: Element) -> Identified:
    """The elements of an envelope that the security header refers to; honest ones are alone under their identifier."""
    references = security.iter(f"{{{DS}}}Reference", f"{{{WSSE}}}Reference")
    wanted = "|".join(reference.get("URI", "")[1:] for reference in references)
    attributes: Any = _IDENTIFIERS(envelope, wanted=f"|{wanted}|", upper=ascii_uppercase, lower=ascii_lowercase)
    found: dict[str, list[tuple[Element, str]]] = {}
    for value in attributes:
        found.setdefault(str(value), []).append((value.getparent(), value.attrname))
    return found


def named_certificates(
    signature: Element, security: Element, identified: Identified, trusted: Trusted
) -> list[x509.Certificate]:
    """The certificates that the key information of a signature brings or names (X.509 Token Profile 1.1, section 3.2;
    XML Signature, section 4.5.4). Those that it only names must be among the ``trusted``.
    """
    info = signature.find(f"{{{DS}}}KeyInfo")
    if info is None:
        return []
    brought = [*_tokens(info, security, identified), *_embedded(info)]
    if not brought:
        brought = [*_by_key(info, trusted), *_by_serial(info, trusted)]
    return [certificate for certificate in brought if certificate is not None]


def _tokens(info: Element, security: Element, identified: Identified) -> Iterator[x509.Certificate | None]:
    for reference in info.iterfind(f"{{{WSSE}}}SecurityTokenReference/{{{WSSE}}}Reference"):
        uri = reference.get("URI", "")
        for token, _ in identified.get(uri[1:], ()) if uri.startswith("#") else ():
            if token.tag == TOKEN and token.getparent() is security and token.get("ValueType") == X509V3:
                yield decoded(_bytes(token.text))


def _embedded(info: Element) -> Iterator[x509.Certificate | None]:
    for node in info.iter(f"{{{DS}}}X509Certificate"):
        yield decoded(_bytes(node.text))
    for node in _key_identifiers(info, X509V3):
        yield decoded(_bytes(node.text))


def _by_key(info: Element, trusted: Trusted) -> Iterator[x509.Certificate]:
    for node in _key_identifiers(info, THUMBPRINT):
        yield from trusted.by_thumbprint(_bytes(node.text))
    for node in _key_identifiers(info, SUBJECT_KEY):
        yield from trusted.by_subject_key(_bytes(node.text))


def _by_serial(info: Element, trusted: Trusted) -> Iterator[x509.Certificate]:
    for node in info.iter(f"{{{DS}}}X509SerialNumber"):
        text = (node.text or "").strip()
        if text.isascii() and text.isdecimal() and len(text) < 100:
            yield from trusted.by_serial(int(text))


def _key_identifiers(info: Element, kind: str) -> Iterator[Element]:
    for node in info.iterfind(f"{{{WSSE}}}SecurityTokenReference/{{{WSSE}}}KeyIdentifier"):
        if node.get("ValueType") == kind:
            yield node


def _bytes(text: str | None) -> bytes:
    try:
        return base64.b64decode("".join((text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
