"""UsernameToken and Timestamp as they go over the wire."""

from __future__ import annotations

import base64
import hashlib
import logging
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from pydantic import ValidationError

from resolvers.errors import IsthmusError
from resolvers.problem import ConfigurationError
from resolvers.soap import SoapSettings
from resolvers.soap.requests.envelope import encode
from resolvers.soap.security.exchange import open_security
from resolvers.soap.security.settings import WsSecurity
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import parse
from tests.raw_server import says
from tests.soap.security.billing import READ, SOAP, WSSE, WSU, billing, context, envelope, opened, sent, xml

PASSWORD = "pa&ss<wörd>-canary"
NOON = datetime(2026, 3, 1, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
GOOD = xml(envelope())


async def test_a_digest_proves_the_password_and_is_new_every_time() -> None:
    stated = {"username": "gate way", "password": PASSWORD}
    async with billing(says(GOOD), clock=lambda: NOON, ws_security=stated) as (source, server):
        await source.execute(READ, context())
        await source.execute(READ, context())
        nonces = set()
        for index in (0, 1):
            security = sent(server, index)[0][0]
            assert security.tag == f"{WSSE}Security"
            assert security.get(f"{{{SOAP}}}mustUnderstand") == "1"
            (token,) = security
            assert token.findtext(f"{WSSE}Username") == "gate way"
            nonce = base64.b64decode(token.findtext(f"{WSSE}Nonce", ""), validate=True)
            assert len(nonce) == 16
            created = token.findtext(f"{WSU}Created", "")
            assert created == "2026-03-01T12:00:00.123Z"
            said = hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()
            assert token.findtext(f"{WSSE}Password") == base64.b64encode(said).decode()
            assert token.find(f"{WSSE}Password").get("Type", "").endswith("#PasswordDigest")  # type: ignore[union-attr]
            nonces.add(nonce)
            assert b"canary" not in server.heard[index].body
        assert len(nonces) == 2


async def test_a_password_as_text_is_sent_to_this_machine_and_escaped() -> None:
    stated = {"username": "gateway", "password": PASSWORD, "digest": False, "must_understand": False, "actor": "urn:x"}
    async with billing(says(GOOD), ws_security=stated) as (source, server):
        await source.execute(READ, context())
        security = sent(server)[0][0]
        password = security.find(f"{WSSE}UsernameToken/{WSSE}Password")
        assert password is not None
        assert password.text == PASSWORD
        assert password.get("Type", "").endswith("#PasswordText")
        assert dict(security.items()) == {f"{{{SOAP}}}actor": "urn:x"}


@pytest.mark.parametrize("url", ["http://billing.internal/", "http://169.254.1.1/", "http://127.0.0.1.example/"])
async def test_a_password_as_text_is_refused_over_plain_http_unless_it_is_said(url: str, tmp_path: Path) -> None:
    stated = {"username": "gateway", "password": PASSWORD, "digest": False}
    with pytest.raises(ConfigurationError) as caught:
        await opened(_settings(url, stated), tmp_path)
    (problem,) = caught.value.problems
    assert problem.where == ("ws_security", "password")
    assert "https" in problem.mend
    assert "canary" not in str(caught.value)
    for harmless in ({"allow_plain_http": True}, {"digest": True}):
        await (await opened(_settings(url, {**stated, **harmless}), tmp_path)).close()
    for safe in ("https://billing.internal/", "http://127.0.0.2:9/", "http://[::1]:9/", "http://localhost:9/"):
        await (await opened(_settings(safe, stated), tmp_path)).close()


async def test_a_timestamp_says_when_it_was_made_and_when_it_ends() -> None:
    async with billing(says(GOOD), clock=lambda: NOON, ws_security={"timestamp_s": 90}) as (source, server):
        await source.execute(READ, context())
        (stamp,) = sent(server)[0][0]
        assert [item.text for item in stamp] == ["2026-03-01T12:00:00.123Z", "2026-03-01T12:01:30.123Z"]


async def test_the_name_alone_is_sent_without_a_password() -> None:
    async with billing(says(GOOD), ws_security={"username": "gateway"}) as (source, server):
        await source.execute(READ, context())
        (token,) = sent(server)[0][0]
        assert [(item.tag, item.text) for item in token] == [(f"{WSSE}Username", "gateway")]


def test_soap_12_says_role_in_place_of_actor() -> None:
    codec = OperationCodec("Ping", "urn:ping", "http://h/", "", {}, None)
    settings = WsSecurity(username="gateway", actor="urn:x")
    security = open_security(settings, Path(), "http://h/", [codec], addressing=None)
    assert security is not None
    root = parse(encode(codec, {}).body.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"))
    security.exchange(codec, "http://h/").on_request(root)
    space = "{http://www.w3.org/2003/05/soap-envelope}"
    assert dict(root[0][0].items()) == {f"{space}mustUnderstand": "1", f"{space}role": "urn:x"}


def test_no_other_host_hears_who_we_are() -> None:
    codec = OperationCodec("Ping", "urn:ping", "http://h/", "", {}, None)
    settings = WsSecurity.model_validate({"username": "gateway", "password": PASSWORD})
    security = open_security(settings, Path(), "https://h:8443/a", [codec], addressing=None)
    assert security is not None
    for url, heard in (
        ("https://h:8443/b", True), ("https://h:8443", True), ("http://h:8443/b", False), ("https://h/b", False),
        ("https://h:84430/b", False), ("https://h:8443@evil/", False),
    ):  # fmt: skip
        assert (b"UsernameToken" in encode(codec, {}, prepare=security.exchange(codec, url).on_request).body) is heard


async def test_a_secret_stands_in_no_log_no_error_and_no_journal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stated = {"username": "gateway", "password": PASSWORD, "digest": False}
    fault = "<s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring><detail>x</detail></s:Fault>"
    async with billing(says(xml(envelope(fault), "500 Oops")), ws_security=stated) as (source, _):
        given = context()
        with pytest.raises(IsthmusError) as caught:
            await source.execute(READ, given)
        shown = [str(caught.value), repr(caught.value), caught.value.detail, repr(given.journal.calls), caplog.text]
        shown += [repr(source._settings), repr(source._security), repr(vars(source._security)), str(source._settings)]
    assert "canary" not in "".join(shown)


@pytest.mark.parametrize(
    "stated",
    [{}, {"password": PASSWORD}, {"username": ""}, {"username": "a", "timestamp_s": 0}, {"username": "a", "secret": 1}],
)
def test_what_makes_no_sense_is_refused_without_telling_the_password(stated: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        WsSecurity.model_validate(stated)
    assert all("canary" not in problem["msg"] for problem in caught.value.errors())


def _settings(url: str, stated: dict[str, object]) -> SoapSettings:
    wsdl = str(Path(__file__).parents[1] / "billing.wsdl")
    return SoapSettings.model_validate({"wsdl": wsdl, "url": url, "ws_security": stated})
