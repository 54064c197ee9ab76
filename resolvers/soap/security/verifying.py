"""Whether a reply is signed by whom we trust, and signed where it is read.

A signature says that elements with certain identifiers are genuine; where such an element stands it does not say. So
a true signature can be moved round a forged body (XML signature wrapping). Here an identifier that two elements bear
is refused, the signed elements must be the very body and timestamp that are read, and header blocks that are not
signed are taken away before anyone reads them. No key is trusted because a message brings it.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from resolvers.errors import SourceBadResponse
from resolvers.soap.security.certificates import Trusted
from resolvers.soap.security.extra import xmlsec
from resolvers.soap.security.header import is_for_us
from resolvers.soap.security.key_info import Identified, by_identifier, named_certificates
from resolvers.soap.security.names import (
    DIGESTS,
    DIGESTS_SHA1,
    DS,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    SECURITY,
    SIGNATURE,
    SIGNATURES,
    SIGNATURES_SHA1,
    TIMESTAMP,
)
from resolvers.soap.security.settings import Verification
from resolvers.soap.security.timestamp import Clock, stale
from resolvers.xml import Element, local, namespace_of

_CANONICAL = frozenset({EXCLUSIVE, INCLUSIVE})
_TRANSFORMS = _CANONICAL | {ENVELOPED}
"""The enveloped one leaves out the signature itself, which here stands in no element that is read."""
_MOST_REFERENCES = 64


class Verifier:
    """Believes replies that one of ``trusted`` signed."""

    def __init__(self, settings: Verification, trusted: Trusted, clock: Clock) -> None:
        self._xmlsec = xmlsec("verify")
        self._settings = settings
        self._trusted = trusted
        self._clock = clock
        self._methods = SIGNATURES | (SIGNATURES_SHA1 if settings.sha1 else frozenset())
        self._digests = DIGESTS | (DIGESTS_SHA1 if settings.sha1 else frozenset())

    def verify(self, envelope: Element) -> None:
        """Takes away header blocks that are not signed.

        Raises:
            SourceBadResponse: the reply is not to be believed.
        """
        space = namespace_of(envelope.tag)
        header = _only(envelope, f"{{{space}}}Header")
        body = _only(envelope, f"{{{space}}}Body")
        blocks = [block for block in header.iterfind(SECURITY) if is_for_us(block)]
        if len(blocks) != 1:
            raise _refused("it bears no signature" if not blocks else "it bears several security headers")
        (security,) = blocks
        signature = _only(security, SIGNATURE)
        timestamp = _only(security, TIMESTAMP)
        identified = by_identifier(envelope, security)
        signed = self._signed(signature, identified)
        named = named_certificates(signature, security, identified, self._trusted)
        if not named:
            raise _refused("it does not say with which certificate it is signed, or with one that is not at hand")
        if any(item != named[0] for item in named):
            raise _refused("it names several certificates")
        self._check(signature, signed, identified, named[0])
        if body not in signed.values():
            raise _refused("its body is not what is signed")
        if timestamp not in signed.values():
            raise _refused("its timestamp is not what is signed")
        late = stale(timestamp, self._clock(), max_age_s=self._settings.max_age_s, skew_s=self._settings.clock_skew_s)
        if late:
            raise _refused(late)
        for block in list(header):
            if block not in signed.values():
                header.remove(block)

    def _signed(self, signature: Element, identified: Identified) -> dict[str, Element]:
        """The elements that the signature is said to be over, by identifier; every algorithm is one that is allowed."""
        info = _only(signature, f"{{{DS}}}SignedInfo")
        self._allow(_only(info, f"{{{DS}}}CanonicalizationMethod"), _CANONICAL)
        self._allow(_only(info, f"{{{DS}}}SignatureMethod"), self._methods)
        references = info.findall(f"{{{DS}}}Reference")
        if len(references) > _MOST_REFERENCES:
            raise _refused("its signature has too many references")
        signed: dict[str, Element] = {}
        for reference in references:
            uri = reference.get("URI", "")
            found = identified.get(uri[1:], ()) if uri.startswith("#") else ()
            if len(found) != 1:
                what = "bear the same identifier" if found else "are not in it"
                raise _refused(f"elements that its signature refers to {what}")
            self._allow(_only(reference, f"{{{DS}}}DigestMethod"), self._digests)
            for transform in reference.iterfind(f"{{{DS}}}Transforms/{{{DS}}}Transform"):
                self._allow(transform, _TRANSFORMS)
            signed[uri[1:]] = found[0][0]
        return signed

    @staticmethod
    def _allow(node: Element, allowed: frozenset[str]) -> None:
        algorithm = node.get("Algorithm", "")
        if algorithm not in allowed:
            weak = algorithm in SIGNATURES_SHA1 | DIGESTS_SHA1
            raise _refused(f"{local(node.tag)} is not one that is allowed" + (": sha1" if weak else ""))

    def _check(
        self, signature: Element, signed: dict[str, Element], identified: Identified, certificate: x509.Certificate
    ) -> None:
        late = self._trusted.why_not(certificate, self._clock())
        if late:
            raise _refused(late)
        context = self._xmlsec.SignatureContext()
        for identifier, node in signed.items():
            name = identified[identifier][0][1]
            context.register_id(node, local(name), namespace_of(name) or None)
        try:
            pem = certificate.public_bytes(Encoding.PEM)
            context.key = self._xmlsec.Key.from_memory(pem, self._xmlsec.KeyFormat.CERT_PEM, None)
            context.verify(signature)
        except self._xmlsec.Error:
            raise _refused("its signature is not true") from None


def _refused(why: str) -> SourceBadResponse:
    return SourceBadResponse(f"the reply is not signed as verify asks: {why}")


def _only(parent: Element, tag: str) -> Element:
    found = parent.findall(tag)
    if len(found) != 1:
        raise _refused(f"it bears {'more than one' if found else 'no'} {local(tag)}")
    return found[0]
