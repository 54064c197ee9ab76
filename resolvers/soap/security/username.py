"""A user's name and password in a request (UsernameToken Profile 1.1, section 3.1). Whom they are told is decided
elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime

from lxml import etree

from resolvers.soap.security.names import BASE64, PASSWORD_DIGEST, PASSWORD_TEXT, WSSE, WSU
from resolvers.soap.security.timestamp import written
from resolvers.xml import Element

_NONCE_BYTES = 16


def add_username(security: Element, username: str, password: str | None, moment: datetime, *, digest: bool) -> Element:
    """A ``wsse:UsernameToken``. As a digest the password is bound to a nonce and to ``moment``, and never sent."""
    token = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
    etree.SubElement(token, f"{{{WSSE}}}Username").text = username
    if password is None:
        return token
    proof = etree.SubElement(token, f"{{{WSSE}}}Password", Type=PASSWORD_DIGEST if digest else PASSWORD_TEXT)
    if not digest:
        proof.text = password
        return token
    nonce, created = secrets.token_bytes(_NONCE_BYTES), written(moment)
    # SHA-1 is what the profile says; it is a proof that one knows the password, not a way to store it.
    said = hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()
    proof.text = base64.b64encode(said).decode()
    etree.SubElement(token, f"{{{WSSE}}}Nonce", EncodingType=BASE64).text = base64.b64encode(nonce).decode()
    etree.SubElement(token, f"{{{WSU}}}Created").text = created
    return token
