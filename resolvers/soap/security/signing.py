"""Requests signed with an X.509 certificate (X.509 Token Profile 1.1; XML Signature, with exclusive canonical XML).

What is signed is named by the caller; the certificate travels along as a token, which is signed too.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from resolvers.soap.security.certificates import Identity
from resolvers.soap.security.extra import xmlsec
from resolvers.soap.security.header import identified
from resolvers.soap.security.names import BASE64, ID, TOKEN, WSSE, WSU, X509V3
from resolvers.xml import Element


class Signer:
    """Signs with one key. ``sha1``: with the algorithms of twenty years ago."""

    def __init__(self, identity: Identity, *, sha1: bool) -> None:
        self._xmlsec = xmlsec("sign")
        constants = self._xmlsec.constants
        bits = "Sha1" if sha1 else "Sha256"
        self._method = getattr(constants, f"Transform{'Rsa' if identity.kind == 'rsa' else 'Ecdsa'}{bits}")
        self._digest = getattr(constants, f"Transform{bits}")
        self._key = self._xmlsec.Key.from_memory(identity.key, self._xmlsec.KeyFormat.PEM, None)
        self._token = base64.b64encode(identity.certificate.public_bytes(Encoding.DER)).decode()

    def sign(self, security: Element, parts: Sequence[Element]) -> None:
        """Puts token and signature into the ``wsse:Security`` block; ``parts`` must not change after that."""
        token = etree.SubElement(security, TOKEN, EncodingType=BASE64, ValueType=X509V3)
        token.text = self._token
        template, constants = self._xmlsec.template, self._xmlsec.constants
        signature = template.create(security, constants.TransformExclC14N, self._method, ns="ds")
        security.append(signature)
        context = self._xmlsec.SignatureContext()
        for part in (token, *parts):
            reference = template.add_reference(signature, self._digest, uri=f"#{identified(part)}")
            template.add_transform(reference, constants.TransformExclC14N)
            context.register_id(part, ID.rpartition("}")[2], WSU)
        info = template.ensure_key_info(signature)
        said = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference")
        etree.SubElement(said, f"{{{WSSE}}}Reference", URI=f"#{identified(token)}", ValueType=X509V3)
        context.key = self._key
        context.sign(signature)
