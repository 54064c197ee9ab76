"""Replies that zeep signs, and what becomes of them: believed or refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from lxml import etree
from zeep.wsse import signature as zeep_signature

from resolvers.errors import SourceBadResponse
from resolvers.soap.security.timestamp import written
from resolvers.xml import Element
from tests.raw_server import says
from tests.soap.security.billing import DS, INVOICES, READ, SOAP, WSSE, WSU, billing, context, envelope, xml
from tests.soap.security.pki import Signatory

# zeep says nothing of its types
BinarySignature: Any = zeep_signature.BinarySignature
EmbeddedSignature: Any = zeep_signature.Signature
verify_envelope: Any = zeep_signature.verify_envelope
NS = {"s": SOAP, "ds": DS[1:-1], "wsse": WSSE[1:-1], "wsu": WSU[1:-1]}
SHA256 = {
    "signature_method": xmlsec.constants.TransformRsaSha256, "digest_method": xmlsec.constants.TransformSha256
}  # fmt: skip


def timestamp(made: datetime, life_s: int | None = 300) -> str:
    expires = "" if life_s is None else f"<wsu:Expires>{written(made + timedelta(seconds=life_s))}</wsu:Expires>"
    return (
        f'<wsse:Security xmlns:wsse="{NS["wsse"]}" xmlns:wsu="{NS["wsu"]}" s:mustUnderstand="1">'
        f"<wsu:Timestamp><wsu:Created>{written(made)}</wsu:Created>{expires}</wsu:Timestamp></wsse:Security>"
    )


def by_zeep(
    who: Signatory,
    content: str = INVOICES,
    *,
    made: datetime | None = None,
    life_s: int | None = 300,
    kind: Any = BinarySignature,
    header: str = "",
    methods: Mapping[str, Any] = SHA256,
) -> Element:
    """A reply that zeep signed."""
    stamp = timestamp(datetime.now(UTC) if made is None else made, life_s)
    root = etree.fromstring(envelope(content, header + stamp))
    found: Element
    found, _ = kind(str(who.key), str(who.cert), **methods).apply(root, {})
    return found


async def outcome(room: Path, root: Element | bytes, call: object = READ, **verify: object) -> object:
    raw = root if isinstance(root, bytes) else etree.tostring(root)
    stated = {"verify": {"trusted": "authority.cert.pem", **verify}}
    async with billing(says(xml(raw)), room, ws_security=stated) as (source, _):
        return await source.execute(call, context())  # type: ignore[arg-type]


async def refused(room: Path, root: Element | bytes, **verify: object) -> str:
    """What the log reads of a reply that is not believed."""
    with pytest.raises(SourceBadResponse) as caught:
        await outcome(room, root, **verify)
    assert "not signed as verify asks" in caught.value.detail
    return caught.value.detail
