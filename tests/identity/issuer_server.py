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

from tests.edge.key_server import PrivateKey, public_jwk

OIDC = "/.well-known/openid-configuration"
RFC8414 = "/.well-known/oauth-authorization-server"


@dataclass
class IssuerServer:
    """``pages``: path → what makes its body; absent: 404. ``flood``: bytes that are sent after every body."""

    keys: dict[str, PrivateKey]
    url: str = ""
    pages: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    flood: int = 0
    sent: int = 0
    pause: threading.Event = field(default_factory=threading.Event)

    def key_set(self) -> bytes:
        return json.dumps({"keys": [public_jwk(key, kid) for kid, key in self.keys.items()]}).encode()

    def metadata(self, **changes: Any) -> bytes:
        return json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **changes}).encode()

    def token(self, kid: str, key: PrivateKey | None = None, **changes: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": "isthmus", "sub": "u1", "iat": now, "exp": now + 600, **changes}
        return jwt.encode(claims, key or self.keys[kid], "EdDSA", headers={"kid": kid})


@contextmanager
def serving_issuer(**keys: PrivateKey) -> Iterator[IssuerServer]:
    state = IssuerServer(keys)
    state.pause.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.pause.wait(20)
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
        state.pause.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
