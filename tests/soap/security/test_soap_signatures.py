"""Requests that others verify, replies that others sign; and replies that are not to be believed.

zeep signs and verifies here: none of the signatures is checked by the code that made it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from lxml import etree
from zeep.exceptions import SignatureVerificationFailed

from resolvers.errors import OutcomeUnknown, SourceBadResponse, SourceFault
from resolvers.problem import ConfigurationError
from resolvers.soap import SoapSettings
from resolvers.soap.security.exchange import open_security
from resolvers.soap.security.settings import WsSecurity
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import Element
from tests.raw_server import reply, says
from tests.soap.security.billing import (
    DS,
    HERE,
    INVOICES,
    READ,
    SOAP,
    WRITE,
    WSSE,
    WSU,
    answers,
    billing,
    context,
    envelope,
    opened,
    sent,
    xml,
)
from tests.soap.security.pki import Signatory, signatory
from tests.soap.security.signed import (
    NS,
    SHA256,
    BinarySignature,
    EmbeddedSignature,
    by_zeep,
    outcome,
    refused,
    timestamp,
    verify_envelope,
)

# --- requests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [{}, {"username": "gateway", "password": "s3cret"}])
@pytest.mark.parametrize("sha1", [False, True])
async def test_zeep_verifies_what_we_sign(room: Path, ours: Signatory, extra: dict[str, str], *, sha1: bool) -> None:
    sign = {"file": "gateway.cert.pem", "key": "gateway.key.pem", "sha1": sha1}
    stated = {"sign": sign, **extra}
    async with billing(says(xml(envelope())), room, ws_security=stated, addressing=True) as (source, server):
        await source.execute(READ, context())
    root = sent(server)
    verify_envelope(root, str(ours.cert))
    assert signed(root) == {
        "Body", "Timestamp", "BinarySecurityToken", "Action", "MessageID", "To", "ReplyTo",
        *(("UsernameToken",) if extra else ()),
    }  # fmt: skip
    method = root.find(f".//{DS}SignatureMethod")
    assert method is not None
    assert method.get("Algorithm", "").endswith("rsa-sha1" if sha1 else "rsa-sha256")
    body = root.find("s:Body", NS)
    assert body is not None
    body[0][0][0].text = "B"
    with pytest.raises(SignatureVerificationFailed):
        verify_envelope(root, str(ours.cert))


async def test_a_key_of_an_elliptic_curve_signs_too(room: Path) -> None:
    one = signatory(room, "curve", curve=True, password="geheim")
    sign = {"file": "curve.cert.pem", "key": "curve.key.pem", "password": "geheim"}
    async with billing(says(xml(envelope())), room, ws_security={"sign": sign}) as (source, server):
        await source.execute(READ, context())
    verify_envelope(sent(server), str(one.cert))


def test_header_blocks_of_the_operation_are_signed_too(room: Path, ours: Signatory) -> None:
    codec = OperationCodec("Ping", "urn:ping", "http://h/", "", {}, None)
    security = open_security(
        WsSecurity.model_validate({"sign": "gateway.both.pem"}), room, "http://h/", [codec], addressing=None
    )
    assert security is not None
    root = etree.fromstring(envelope(header='<Tenant xmlns="urn:h">7</Tenant>'))
    security.exchange(codec, "http://h/").on_request(root)
    verify_envelope(root, str(ours.cert))
    assert "Tenant" in signed(root)


def signed(root: Element) -> set[str]:
    """Local names of the elements that the references lead to, by ``wsu:Id`` alone."""
    by_id = {node.get(f"{WSU}Id"): etree.QName(node).localname for node in root.iter() if node.get(f"{WSU}Id")}
    return {by_id[reference.get("URI", "")[1:]] for reference in root.iterfind(f".//{DS}Reference")}


# --- replies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [BinarySignature, EmbeddedSignature])
async def test_what_zeep_signs_is_believed(room: Path, theirs: Signatory, kind: Any) -> None:
    rows = await outcome(room, by_zeep(theirs, kind=kind))
    assert isinstance(rows, dict)
    assert rows["item"][0]["number"] == "A"
    await outcome(room, by_zeep(theirs, kind=kind), trusted="billing.cert.pem")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (envelope, "no signature"),
        (lambda: envelope(header=timestamp(datetime.now(UTC))), "no Signature"),
        (
            lambda: b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
            "no Header",
        ),
    ],
)
async def test_a_reply_that_is_not_signed_is_refused(
    room: Path, theirs: Signatory, what: Callable[[], bytes], why: str
) -> None:
    assert why in await refused(room, what())


async def test_a_write_that_is_answered_without_a_signature_has_an_unknown_outcome(
    room: Path, theirs: Signatory
) -> None:
    done = '<m:PostInvoiceResponse xmlns:m="urn:billing:messages"><accepted>true</accepted></m:PostInvoiceResponse>'
    assert await outcome(room, by_zeep(theirs, done), WRITE) == {"accepted": True}
    with pytest.raises(OutcomeUnknown):
        await outcome(room, envelope(done), WRITE)


async def test_a_signed_fault_is_a_fault_and_another_is_told_to_the_log_alone(room: Path, theirs: Signatory) -> None:
    fault = "<s:Fault><faultcode>s:Client</faultcode><faultstring>no such row</faultstring></s:Fault>"
    with pytest.raises(SourceFault):
        await outcome(room, by_zeep(theirs, fault))
    assert "it is a fault: s:Client no such row" in await refused(room, envelope(fault))


async def test_an_empty_reply_is_signed_by_nobody(room: Path, theirs: Signatory) -> None:
    stated = {"verify": "authority.cert.pem"}
    async with billing(says(reply(b"", media="text/xml")), room, ws_security=stated) as (source, _):
        for call, expected in ((READ, SourceBadResponse), (WRITE, OutcomeUnknown)):
            with pytest.raises(expected):
                await source.execute(call, context())


async def test_nobody_else_may_sign(room: Path, theirs: Signatory, authority: Signatory) -> None:
    stranger = signatory(room, "stranger")
    assert "not trusted" in await refused(room, by_zeep(stranger))
    namesake = signatory(room, "namesake", signatory(room, "false-authority", authority=True))
    assert "not trusted" in await refused(room, by_zeep(namesake))
    below = signatory(room, "below", theirs)  # issued by one that is trusted, and is no authority
    assert "not trusted" in await refused(room, by_zeep(below))
    assert "not trusted" in await refused(room, by_zeep(below), trusted="billing.cert.pem")
    assert "not valid now" in await refused(room, by_zeep(signatory(room, "old", authority, days=-1)))
    assert "not for signing" in await refused(room, by_zeep(signatory(room, "cipher", authority, signs=False)))


async def test_another_key_behind_a_trusted_certificate_is_no_signature(room: Path, theirs: Signatory) -> None:
    stranger = signatory(room, "thief")
    root = by_zeep(stranger)
    token = root.find(".//wsse:BinarySecurityToken", NS)
    assert token is not None
    token.text = by_zeep(theirs).findtext(".//wsse:BinarySecurityToken", "", NS)
    assert "not true" in await refused(room, root)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".//item/{urn:billing:types}number", "B"),
        (".//wsu:Expires", "2099-01-01T00:00:00Z"),
        (".//ds:SignatureValue", "AAAA"),
    ],
)
async def test_what_was_changed_on_the_way_is_refused(room: Path, theirs: Signatory, path: str, text: str) -> None:
    root = by_zeep(theirs)
    node = root.find(path, NS)
    assert node is not None
    node.text = text
    assert "not true" in await refused(room, root)


async def test_sha1_is_believed_only_where_it_is_said(room: Path, theirs: Signatory) -> None:
    old = {"signature_method": xmlsec.constants.TransformRsaSha1, "digest_method": xmlsec.constants.TransformSha1}
    assert "sha1" in await refused(room, by_zeep(theirs, methods=old))
    half = {**SHA256, "digest_method": xmlsec.constants.TransformSha1}
    assert "sha1" in await refused(room, by_zeep(theirs, methods=half))
    await outcome(room, by_zeep(theirs, methods=old), sha1=True)


async def test_a_timestamp_counts_for_a_while(room: Path, theirs: Signatory) -> None:
    now = datetime.now(UTC)

    def after(seconds: int, life_s: int | None = 300) -> Element:
        return by_zeep(theirs, made=now - timedelta(seconds=seconds), life_s=life_s)

    async def at(root: Element, **verify: object) -> None:
        stated = {"verify": {"trusted": "authority.cert.pem", **verify}}
        raw = says(xml(etree.tostring(root)))
        async with billing(raw, room, clock=lambda: now, ws_security=stated) as (source, _):
            await source.execute(READ, context())

    for seconds, life_s in ((0, 300), (359, 300), (-59, 300), (359, None), (359, 86_400), (69, 10)):
        await at(after(seconds, life_s))
    for seconds, life_s in ((361, 300), (-61, 300), (361, None), (361, 86_400), (71, 10)):
        with pytest.raises(SourceBadResponse):
            await at(after(seconds, life_s))
    await at(after(3000, None), max_age_s=3600)
    with pytest.raises(SourceBadResponse):
        await at(after(1, 1), clock_skew_s=0)


# --- parts, versions, headers -------------------------------------------------------------------------------------


async def test_parts_beside_a_signed_envelope_are_refused(room: Path, theirs: Signatory) -> None:
    """Whoever signs the reference to a part has not signed the part."""
    part = b"--b\r\nContent-Type: text/xml\r\n\r\n" + etree.tostring(by_zeep(theirs)) + b"\r\n--b--\r\n"
    raw = reply(part, media='multipart/related; boundary=b; type="text/xml"')
    async with billing(says(raw), room) as (source, _):
        await source.execute(READ, context())
    async with billing(says(raw), room, ws_security={"verify": "authority.cert.pem"}) as (source, _):
        with pytest.raises(SourceBadResponse) as caught:
            await source.execute(READ, context())
        assert "no signature covers" in caught.value.detail


MTOM = """<wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy"><m:OptimizedMimeSerialization
 xmlns:m="http://schemas.xmlsoap.org/ws/2004/09/policy/optimizedmimeserialization"/></wsp:Policy>"""


async def test_bytes_are_written_into_a_signed_envelope_even_where_they_would_travel_beside_it(
    room: Path, ours: Signatory
) -> None:
    """Or their signature would be one over a reference."""
    wsdl = (
        (HERE / "billing.wsdl")
        .read_text()
        .replace('<soap:binding style="document"', MTOM + '<soap:binding style="document"')
    )
    (room / "mtom.wsdl").write_text(wsdl)
    for security, beside in (({"timestamp_s": 9}, True), ({"sign": "gateway.both.pem"}, False)):
        stated: dict[str, Any] = {"wsdl": str(room / "mtom.wsdl"), "ws_security": security}
        async with billing(says(xml(envelope())), room, **stated) as (source, server):
            await source.execute(READ, context())
            assert server.heard[0].headers["content-type"].startswith("multipart/") is beside
            if not beside:
                verify_envelope(sent(server), str(ours.cert))


async def test_all_of_it_holds_for_soap_12(room: Path, ours: Signatory, theirs: Signatory) -> None:
    soap12 = "http://www.w3.org/2003/05/soap-envelope"
    wsdl = (HERE / "billing.wsdl").read_text()
    (room / "soap12.wsdl").write_text(
        wsdl.replace("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/")
    )
    stated: dict[str, Any] = {
        "wsdl": str(room / "soap12.wsdl"),
        "ws_security": {
            "username": "gateway", "password": "s3cret", "sign": "gateway.both.pem", "verify": "authority.cert.pem",
        },
        "addressing": True,
    }  # fmt: skip

    def answer(request: Element) -> bytes:
        message = request.findtext(".//{http://www.w3.org/2005/08/addressing}MessageID")
        block = f'<a:RelatesTo xmlns:a="http://www.w3.org/2005/08/addressing">{message}</a:RelatesTo>'
        plain = envelope(INVOICES, block + timestamp(datetime.now(UTC))).replace(SOAP.encode(), soap12.encode())
        root, _ = BinarySignature(str(theirs.key), str(theirs.cert), **SHA256).apply(etree.fromstring(plain), {})
        made: bytes = etree.tostring(root)
        return made

    async with billing(answers(answer), room, **stated) as (source, server):
        rows = await source.execute(READ, context())
        assert isinstance(rows, dict)
        root = sent(server)
        assert root.tag == f"{{{soap12}}}Envelope"
        assert server.heard[0].headers["content-type"].startswith("application/soap+xml")
        verify_envelope(root, str(ours.cert))
        security = root.find(f".//{WSSE}Security")
        assert security is not None
        assert security.get(f"{{{soap12}}}mustUnderstand") == "1"


async def test_header_blocks_that_are_not_signed_are_not_read(room: Path, theirs: Signatory) -> None:
    """A RelatesTo that anybody may have put there would name another request."""
    wsa = "http://www.w3.org/2005/08/addressing"
    block = f'<a:RelatesTo xmlns:a="{wsa}">urn:uuid:another</a:RelatesTo>'
    answer = answers(lambda _: etree.tostring(by_zeep(theirs, header=block)))
    stated = {"verify": "authority.cert.pem"}
    async with billing(answer, room, ws_security=stated, addressing=True) as (source, _):
        await source.execute(READ, context())


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "where", "what"),
    [
        ({"sign": "absent.pem"}, "sign", "cannot be read"),
        ({"sign": "empty.pem"}, "sign", "no certificate"),
        ({"sign": "gateway.cert.pem"}, "sign", "no private key"),
        ({"sign": {"file": "gateway.cert.pem", "key": "billing.key.pem"}}, "sign", "not that of the certificate"),
        ({"sign": {"file": "locked.cert.pem", "key": "locked.key.pem"}}, "sign", "encrypted"),
        ({"sign": {"file": "locked.cert.pem", "key": "locked.key.pem", "password": "canary"}}, "sign", "password"),
        ({"verify": "absent.pem"}, "verify", "cannot be read"),
        ({"verify": "gateway.key.pem"}, "verify", "no certificate"),
    ],
)
async def test_files_that_cannot_be_used_are_told_with_the_setting(
    room: Path, ours: Signatory, theirs: Signatory, stated: dict[str, object], where: str, what: str
) -> None:
    (room / "empty.pem").write_bytes(b"")
    signatory(room, "locked", password="geheim")
    settings = SoapSettings.model_validate(
        {"wsdl": str(HERE / "billing.wsdl"), "url": "https://h", "ws_security": stated}
    )
    with pytest.raises(ConfigurationError) as caught:
        await opened(settings, room)
    (problem,) = caught.value.problems
    assert problem.where == ("ws_security", where)
    assert what in f"{problem.what} {problem.mend}"
    assert "canary" not in f"{problem}"
