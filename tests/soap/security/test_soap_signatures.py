"""Requests that others verify, replies that others sign; and replies that are not to be believed.

zeep signs and verifies here: none of the signatures is checked by the code that made it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from lxml import etree
from zeep.exceptions import SignatureVerificationFailed
from zeep.wsse import signature as zeep_signature

from resolvers.errors import OutcomeUnknown, SourceBadResponse, SourceFault
from resolvers.problem import ConfigurationError
from resolvers.soap import SoapSettings
from resolvers.soap.security.exchange import open_security
from resolvers.soap.security.settings import WsSecurity
from resolvers.soap.security.timestamp import written
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

# zeep says nothing of its types
BinarySignature: Any = zeep_signature.BinarySignature
EmbeddedSignature: Any = zeep_signature.Signature
verify_envelope: Any = zeep_signature.verify_envelope
NS = {"s": SOAP, "ds": DS[1:-1], "wsse": WSSE[1:-1], "wsu": WSU[1:-1]}
SHA256 = {
    "signature_method": xmlsec.constants.TransformRsaSha256, "digest_method": xmlsec.constants.TransformSha256
}  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(scope="module")
def ours(room: Path) -> Signatory:
    return signatory(room, "gateway")


@pytest.fixture(scope="module")
def authority(room: Path) -> Signatory:
    return signatory(room, "authority", authority=True)


@pytest.fixture(scope="module")
def theirs(room: Path, authority: Signatory) -> Signatory:
    return signatory(room, "billing", authority)


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


# --- signatures that are true, and are not over what is read -----------------------------------------------------

FORGED = INVOICES.replace(">A<", ">FORGED<")


def _body(root: Element) -> Element:
    found = root.find("s:Body", NS)
    assert found is not None
    return found


def _header(root: Element) -> Element:
    found = root.find("s:Header", NS)
    assert found is not None
    return found


def _security(root: Element) -> Element:
    found = root.find(".//wsse:Security", NS)
    assert found is not None
    return found


def _moved_to(root: Element, parent: Element, forged_id: str | None) -> Element:
    """The signed body is put below ``parent``, and a forged one in its place."""
    genuine = _body(root)
    forged = etree.Element(f"{{{SOAP}}}Body")
    forged.append(etree.fromstring(FORGED))
    if forged_id is not None:
        forged.set(f"{WSU}Id", forged_id)
    root.replace(genuine, forged)
    parent.append(genuine)
    return root


def wrapped_in_the_header(root: Element) -> Element:
    return _moved_to(root, etree.SubElement(_header(root), "Wrapper"), "another")


def wrapped_with_the_same_identifier(root: Element) -> Element:
    identifier = _body(root).get(f"{WSU}Id")
    return _moved_to(root, etree.SubElement(_header(root), "Wrapper"), identifier)


def wrapped_with_an_identifier_of_xml(root: Element) -> Element:
    identifier = _body(root).get(f"{WSU}Id", "")
    found = _moved_to(root, etree.SubElement(_header(root), "Wrapper"), None)
    _body(found).set("{http://www.w3.org/XML/1998/namespace}id", identifier)
    return found


def wrapped_in_an_object_of_the_signature(root: Element) -> Element:
    signature = _security(root).find("ds:Signature", NS)
    assert signature is not None
    return _moved_to(root, etree.SubElement(signature, f"{DS}Object"), None)


def wrapped_in_the_forged_body(root: Element) -> Element:
    found = _moved_to(root, etree.SubElement(root, "Wrapper"), None)
    _body(found).append(found[-1])
    return found


def a_second_body(root: Element) -> Element:
    forged = copy.deepcopy(_body(root))
    forged.attrib.clear()
    root.insert(1, forged)
    return root


def a_second_header(root: Element) -> Element:
    root.insert(0, etree.Element(f"{{{SOAP}}}Header"))
    return root


def a_second_security(root: Element) -> Element:
    _header(root).append(copy.deepcopy(_security(root)))
    return root


def an_old_timestamp_moved_away(root: Element) -> Element:
    security = _security(root)
    genuine = security.find("wsu:Timestamp", NS)
    assert genuine is not None
    fresh = copy.deepcopy(genuine)
    fresh.attrib.clear()
    security.replace(genuine, fresh)
    etree.SubElement(_header(root), "Wrapper").append(genuine)
    return root


def without_the_reference_to_the_body(root: Element) -> Element:
    identifier = _body(root).get(f"{WSU}Id")
    for reference in root.iterfind(".//ds:Reference", NS):
        if reference.get("URI") == f"#{identifier}":
            reference.getparent().remove(reference)  # type: ignore[union-attr]
    return root


def of_the_whole_document(root: Element) -> Element:
    for reference in root.iterfind(".//ds:Reference", NS):
        reference.set("URI", "")
    return root


def with_a_transform(algorithm: str) -> Callable[[Element], Element]:
    def change(root: Element) -> Element:
        for transform in root.iterfind(".//ds:Transform", NS):
            transform.set("Algorithm", algorithm)
        return root

    return change


def with_a_secret_that_all_know(root: Element) -> Element:
    method = root.find(".//ds:SignatureMethod", NS)
    assert method is not None
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
    return root


def for_someone_on_the_way(root: Element) -> Element:
    _security(root).set(f"{{{SOAP}}}actor", "urn:proxy")
    return root


def with_a_token_elsewhere(root: Element) -> Element:
    token = _security(root).find("wsse:BinarySecurityToken", NS)
    assert token is not None
    _header(root).append(token)
    return root


ATTACKS = [
    wrapped_in_the_header, wrapped_with_the_same_identifier, wrapped_with_an_identifier_of_xml,
    wrapped_in_an_object_of_the_signature, wrapped_in_the_forged_body, a_second_body, a_second_header,
    a_second_security, an_old_timestamp_moved_away, without_the_reference_to_the_body, of_the_whole_document,
    with_a_transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
    with_a_transform("http://www.w3.org/TR/1999/REC-xpath-19991116"),
    with_a_transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
    with_a_secret_that_all_know, for_someone_on_the_way, with_a_token_elsewhere,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_a_true_signature_over_something_else_is_no_signature(
    room: Path, theirs: Signatory, attack: Callable[[Element], Element]
) -> None:
    await outcome(room, by_zeep(theirs))
    await refused(room, attack(by_zeep(theirs)))


async def test_a_signature_that_refers_to_nothing_is_not_believed(room: Path, theirs: Signatory) -> None:
    root = by_zeep(theirs)
    for reference in root.iterfind(".//ds:Reference", NS):
        reference.set("URI", "#gone")
    assert "not in it" in await refused(room, root)


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
