"""Mutual TLS: callers by certificates of a real authority over real handshakes, and a server's own that is replaced."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from gateway.identity import CertificateSettings
from gateway.identity.certificates import ISSUER, Certificates
from gateway.loop import Loop
from gateway.server_settings import ServerSettings
from gateway.tls import Tls, TlsSettings
from resolvers import ConfigurationError, Unauthenticated
from tests.identity.issuer_server import IssuerServer, serving_issuer
from tests.identity.test_identity_api_keys import HASH, KEY
from tests.identity.test_identity_issuers import ONE, shared
from tests.network.authority import Authority, Pair

if TYPE_CHECKING:
    from tests.edge.conftest import Running, Start


class House:
    """A gateway's certificate, and authorities that sign those of callers: one is trusted, the other is not."""

    def __init__(self, room: Path) -> None:
        self.authority = Authority(room)
        self.stranger = Authority(room, "stranger")
        self.server = self.authority.sign("server", "127.0.0.1")

    def tls(self, **more: Any) -> dict[str, Any]:
        return {
            "certificate": str(self.server.file), "key": str(self.server.key),
            "client_ca": str(self.authority.file), **more,
        }  # fmt: skip

    def client(self, pair: Pair | None = None, most: ssl.TLSVersion | None = None) -> httpx.Client:
        trust = ssl.create_default_context(cafile=str(self.authority.file))
        if most is not None:
            trust.maximum_version = most
        if pair is not None:
            trust.load_cert_chain(pair.file, pair.key)
        return httpx.Client(verify=trust, trust_env=False)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def post(running: Running, client: httpx.Client, **headers: str) -> int:
    with client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = client.post(f"https://127.0.0.1:{running.port}/graphql", json={"query": "{ hello }"}, headers=named)
        return reply.status_code


def der(pair: Pair) -> bytes:
    return x509.load_pem_x509_certificate(pair.file.read_bytes()).public_bytes(Encoding.DER)


def test_a_certificate_makes_a_caller_with_what_the_file_says_of_it(start: Start, house: House) -> None:
    clients = [{"name": "billing", "scopes": ["a"], "roles": ["service"], "claims": {"tenant": 7}}]
    running = start(tls=house.tls(clients=clients))
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert post(running, house.client(house.authority.sign("billing"), version)) == 200
    assert post(running, house.client(house.authority.sign("unknown"))) == 401
    assert post(running, house.client()) == 200
    first, second, last = running.graph.seen
    assert first == second
    assert (first.subject, *map(set, (first.scopes, first.roles))) == ("billing", {"a"}, {"service"})
    assert first.claims == {"iss": ISSUER, "sub": "billing", "tenant": 7}
    assert last.is_anonymous


def test_without_a_list_everybody_whom_the_authority_signed_is_somebody(start: Start, house: House) -> None:
    running = start(tls=house.tls(named_by="dns"))
    assert post(running, house.client(house.authority.sign("one", "one.internal"))) == 200
    assert post(running, house.client(house.authority.sign("two", "one.internal", "two.internal"))) == 401
    assert post(running, house.client(house.authority.sign("ip", "127.0.0.1"))) == 401
    (seen,) = running.graph.seen
    assert (seen.subject, seen.scopes, seen.roles) == ("one.internal", frozenset(), frozenset())


def test_a_certificate_that_is_not_good_has_no_connection(start: Start, house: House) -> None:
    for demand in ("optional", "required"):
        running = start(tls=house.tls(client_certificates=demand))
        for pair in (house.stranger.sign("billing"), house.authority.sign("billing", days=-1)):
            with pytest.raises((httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError, httpx.WriteError)):
                post(running, house.client(pair))
        assert not running.graph.seen
    with pytest.raises((httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError, httpx.WriteError)):
        post(running, house.client())
    assert post(running, house.client(house.authority.sign("billing"))) == 200


def test_old_versions_and_plain_http_are_not_spoken(start: Start, house: House) -> None:
    running = start(tls={"certificate": str(house.server.file), "key": str(house.server.key), "min_tls": "1.3"})
    with pytest.raises(httpx.ConnectError):
        post(running, house.client(most=ssl.TLSVersion.TLSv1_2))
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{running.port}/healthz")
    assert post(running, house.client(house.authority.sign("billing"))) == 200
    assert running.graph.seen[0].is_anonymous  # nobody asked for it


def test_a_token_or_a_key_comes_before_the_certificate_and_a_bad_one_is_refused(start: Start, house: House) -> None:
    with serving_issuer(one=ONE) as keys:
        listed = [{"issuer": "k", "audience": "isthmus", "jwks_url": keys.keys_url}, shared("i")]
        running = start(tls=house.tls(), jwt=listed, api_keys={"keys": [{"name": "ci", "hash": HASH}]})
        mine, theirs = house.authority.sign("billing"), house.authority.sign("other")
        thumb = base64.urlsafe_b64encode(hashlib.sha256(der(mine)).digest()).rstrip(b"=").decode()
        free = f"Bearer {_token('k')}"
        bound = f"Bearer {_token('k', cnf={'x5t#S256': thumb})}"
        cases: list[tuple[Pair | None, dict[str, str], int]] = [
            (mine, {"authorization": free}, 200), (mine, {"x_api_key": KEY}, 200), (mine, {}, 200),
            (mine, {"authorization": "Bearer x"}, 401), (mine, {"x_api_key": "x"}, 401),
            (mine, {"authorization": free, "x_api_key": KEY}, 401),
            # RFC 8705: whoever stole the token does not have the key of the certificate.
            (mine, {"authorization": bound}, 200), (theirs, {"authorization": bound}, 401),
              (None, {"authorization": bound}, 401),
            (mine, {"authorization": bound}, 200),
        ]  # fmt: skip
        for pair, headers, status in cases:
            assert post(running, house.client(pair), **headers) == status, headers
        subjects = [each.subject for each in running.graph.seen]
    assert subjects == ["u1", "ci", "billing", "u1", "u1"]


def _token(issuer: str, **changes: Any) -> str:
    return IssuerServer({"one": ONE}, issuer).token("one", **changes)


async def test_a_certificate_that_cannot_be_used_changes_nothing(house: House) -> None:
    tls = Tls(TlsSettings.model_validate(house.tls()))
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=tls.context)
    port = server.sockets[0].getsockname()[1]
    fresh = house.authority.sign("fresh", "127.0.0.1")
    async with server:
        before = await asyncio.to_thread(_shown, port)
        for broken in (b"no certificate", fresh.file.read_bytes(), None):  # of the second the key is not there yet
            if broken is None:
                house.server.file.unlink()
            else:
                house.server.file.write_bytes(broken)
            await tls.look()
            assert await asyncio.to_thread(_shown, port) == before
        shutil.copy(fresh.file, house.server.file)
        shutil.copy(fresh.key, house.server.key)
        await tls.look()
        assert await asyncio.to_thread(_shown, port) == der(fresh)


def test_a_running_server_shows_a_replaced_certificate_within_five_seconds(start: Start, house: House) -> None:
    running = start(tls=house.tls())
    before = _shown(running.port)
    fresh = house.authority.sign("fresh", "127.0.0.1")
    shutil.copy(fresh.key, house.server.key)
    shutil.copy(fresh.file, house.server.file)
    until = time.monotonic() + 5
    while _shown(running.port) == before:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert _shown(running.port) == der(fresh)
    assert post(running, house.client(house.authority.sign("billing"))) == 200


def _shown(port: int) -> bytes:
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))


def test_a_caller_who_does_not_shake_hands_is_dropped(house: House) -> None:
    class Hasty(Loop):
        handshake_timeout_s = 0.2

    async def run() -> None:
        tls = Tls(TlsSettings.model_validate(house.tls())).context
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0, ssl=tls)
        async with server, asyncio.timeout(10):  # asyncio alone would wait for a minute
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()

    with asyncio.Runner(loop_factory=Hasty) as runner:
        runner.run(run())


def test_a_certificate_that_ends_during_a_connection_serves_no_longer(house: House) -> None:
    now = time.time()
    moment = [now]
    certificates = Certificates(CertificateSettings.model_validate({}), clock=lambda: moment[0])
    shown = der(house.authority.sign("billing"))
    assert certificates.principal(shown).subject == "billing"
    for moment[0] in (now + 31 * 86_400, now - 61 * 86_400):
        with pytest.raises(Unauthenticated):
            certificates.principal(shown)
    with pytest.raises(Unauthenticated):
        certificates.principal(b"no certificate")


def test_a_proxy_tells_of_a_certificate_and_a_stranger_does_not(start: Start, house: House) -> None:
    mine = der(house.authority.sign("billing"))
    told = f":{base64.b64encode(mine).decode()}:"
    ended = f":{base64.b64encode(der(house.authority.sign('ended', days=-1))).decode()}:"
    unknown = f":{base64.b64encode(der(house.authority.sign('unknown'))).decode()}:"
    thumb = base64.urlsafe_b64encode(hashlib.sha256(mine).digest()).rstrip(b"=").decode()
    with serving_issuer(one=ONE) as keys:
        jwt = {"issuer": "k", "audience": "isthmus", "jwks_url": keys.keys_url}
        settings = {"jwt": jwt, "client_cert": {"clients": [{"name": "billing", "roles": ["service"]}]}}
        bound = ("authorization", f"Bearer {_token('k', cnf={'x5t#S256': thumb})}")
        behind = start(**settings, trusted_proxies=["127.0.0.0/8"])
        cases: list[tuple[list[tuple[str, str]], int]] = [
            ([("Client-Cert", told)], 200), ([("Client-Cert", ended)], 401), ([("Client-Cert", unknown)], 401),
            ([("Client-Cert", told[1:-1])], 401), ([("Client-Cert", ":AAAA:")], 401), ([("Client-Cert", "")], 401),
            ([("Client-Cert", told), ("Client-Cert", told)], 401), ([("Client-Cert", f"{told}, {told}")], 401),
            ([("X-Forwarded-Client-Cert", told)], 200), ([bound, ("Client-Cert", told)], 200), ([bound], 401),
            ([bound, ("Client-Cert", unknown)], 401), ([bound, ("Client-Cert", "x")], 401),
        ]  # fmt: skip
        for headers, status in cases:
            reply = httpx.post(f"{behind.url}/graphql", json={"query": "{ hello }"}, headers=headers)
            assert reply.status_code == status, headers
        assert [each.subject for each in behind.graph.seen] == ["billing", None, "u1"]
        open_to_all = start(**settings, trusted_proxies=["10.0.0.0/8"])
        for headers in ([("Client-Cert", told)], [bound, ("Client-Cert", told)]):
            reply = httpx.post(f"{open_to_all.url}/graphql", json={"query": "{ hello }"}, headers=headers)
            assert (reply.status_code, open_to_all.graph.seen) == (401, [])
    with pytest.raises(ValidationError, match="client_cert believes trusted_proxies"):
        ServerSettings.model_validate({"client_cert": {}})


def test_what_a_file_of_tls_may_hold(house: House, tmp_path: Path) -> None:
    locked = house.authority.sign("locked", password="their secret password")
    Tls(
        TlsSettings.model_validate({"certificate": locked.file, "key": locked.key, "password": "their secret password"})
    )
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"certificate": tmp_path / "no.pem"}, "certificate", "no such file"),
        ({"certificate": house.server.file}, "certificate", "in PEM"),  # the key is missing
        ({"certificate": house.server.file, "key": house.authority.sign("x").key}, "certificate", "belong together"),
        ({"certificate": locked.file, "key": locked.key, "password": "a wrong secret"}, "certificate", "password"),
        ({"certificate": locked.file, "key": locked.key}, "certificate", "password"),
        ({"certificate": house.server.both, "client_ca": tmp_path / "no.pem"}, "client_ca", "no such file"),
        ({"certificate": house.server.both, "client_ca": house.server.key}, "client_ca", "in PEM"),
    ]
    for stated, key, says_so in wrong:
        with pytest.raises(ConfigurationError) as caught:
            Tls(TlsSettings.model_validate(stated))
        (problem,) = caught.value.problems
        assert problem.where == ("server", "tls", key)
        assert says_so in problem.what, problem.what
        assert not {"secret", "wrong"} & set(problem.what.split())
    for stated in ({"clients": [{"name": "a"}]}, {"client_certificates": "required"}, {"named_by": "dns"}):
        with pytest.raises(ValidationError, match="needs client_ca"):
            TlsSettings.model_validate({"certificate": "a", **stated})
    with pytest.raises(ValidationError, match="the same name"):
        CertificateSettings.model_validate({"clients": [{"name": "a"}, {"name": "a"}]})
