"""An issuer on a real socket: its metadata and its keys, a journal of what was asked, and ways to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

OIDC = "/.well-known/openid-configuration"
RFC8414 = "/.well-known/oauth-authorization-server"


PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def public_jwk(key: PrivateKey, kid: str) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        made = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        made = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        made = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid}


@dataclass
class IssuerServer:
    """``pages``: path → what makes its body; absent: 404. ``flood``: bytes that are sent after every body. ``heard``:
    set when it is asked. ``answer``: it answers while this is set.
    """

    keys: dict[str, PrivateKey]
    url: str = ""
    pages: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    flood: int = 0
    sent: int = 0
    heard: threading.Event = field(default_factory=threading.Event)
    answer: threading.Event = field(default_factory=threading.Event)

    @property
    def keys_url(self) -> str:
        return f"{self.url}/keys"

    def key_set(self) -> bytes:
        return json.dumps({"keys": [public_jwk(key, kid) for kid, key in self.keys.items()]}).encode()

    def metadata(self, **changes: Any) -> bytes:
        return json.dumps({"issuer": self.url, "jwks_uri": self.keys_url, **changes}).encode()

    def token(self, kid: str, key: PrivateKey | None = None, **changes: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": "isthmus", "sub": "u1", "iat": now, "exp": now + 600, **changes}
        return jwt.encode(claims, key or self.keys[kid], "EdDSA", headers={"kid": kid})


@contextmanager
def serving_issuer(**keys: PrivateKey) -> Iterator[IssuerServer]:
    state = IssuerServer(keys)
    state.answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.heard.set()
            state.answer.wait(20)
            page = state.pages.get(self.path)
            body = page() if page is not None else b"not here"
            self.send_response(state.status if page is not None else 404)
            self.send_header("content-length", str(len(body) + state.flood))
            if state.status == 302:
                self.send_header("location", f"{state.url}/elsewhere")
            self.end_headers()
            try:
                self.wfile.write(body)
                for _ in range(state.flood // 65_536):
                    state.sent += self.wfile.write(b" " * 65_536)
            except OSError:
                return  # the gateway has read enough

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is http.server's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    state.pages = {OIDC: state.metadata, "/keys": state.key_set}
    try:
        yield state
    finally:
        state.answer.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
