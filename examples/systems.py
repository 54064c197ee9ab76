"""Systems of the examples: HTTP servers of this process, each with a journal of what it was asked, line by line.

It knows no company and no gateway; what a system answers is said in the folder of its example.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from lxml import etree

HOST = "127.0.0.1"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_MOST_BYTES = 1_000_000

Row: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. ``query``: each argument with all its values."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: bytes

    def first(self, argument: str) -> str | None:
        """The value of an argument that is given once."""
        return self.query.get(argument, [None])[0]  # type: ignore[list-item]  # one None, where there is none


@dataclass(frozen=True, slots=True)
class Reply:
    """``said``: what the journal notes of the request."""

    body: bytes
    said: str
    status: int = 200
    media: str = "application/json"


def as_json(value: object, said: str, status: int = 200) -> Reply:
    """A reply of a REST system."""
    return Reply(json.dumps(value, ensure_ascii=False).encode(), said, status)


def as_soap(namespace: str, operation: str, inner: str, said: str) -> Reply:
    """The reply of a SOAP 1.1 operation, document/literal; ``inner`` is the content of its wrapper."""
    text = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><{operation}Response xmlns="{namespace}">{inner}'
        f"</{operation}Response></s:Body></s:Envelope>"
    )
    return Reply(text.encode(), said, media="text/xml; charset=utf-8")


def elements(name: str, row: Row) -> str:
    """A row as an element; what is null is left out."""
    inside = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in row.items() if value is not None)
    return f"<{name}>{inside}</{name}>"


def soap_call(body: bytes) -> tuple[str, list[dict[str, str]]]:
    """The operation of an envelope, and what it is given: each object by its members, each plain value by its name."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    wrapper = etree.fromstring(body, parser).find(f"{{{SOAP}}}Body/*")
    if wrapper is None:
        raise ValueError("the body is empty")
    given = [
        {etree.QName(inner).localname: inner.text or "" for inner in (each if len(each) else [each])}
        for each in wrapper
    ]
    return etree.QName(wrapper).localname, given


class System:
    """One system on a port of its own. ``calls``: what it was asked since somebody last cleared the list."""

    def __init__(self, answer: Callable[[Asked], Reply], port: int = 0) -> None:
        self.calls: list[str] = []
        self.port = port
        self._answer = answer
        self._open: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Listens; on the same port as before, if it did before."""
        server = ThreadingHTTPServer((HOST, self.port), _handler(self))
        server.daemon_threads = True
        self.port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Refuses connections, and cuts those that are open, as a system does that goes down."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def reply(self, asked: Asked) -> Reply:
        """What it answers; the journal has a line more."""
        reply = self._answer(asked)
        self.calls.append(reply.said)
        return reply

    def opened(self, connection: socket.socket) -> None:
        """A connection that ``stop`` is to cut."""
        self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """A connection that is no more."""
        self._open.discard(connection)


def _handler(system: System) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            system.opened(self.connection)

        def finish(self) -> None:
            system.closed(self.connection)
            with contextlib.suppress(OSError):
                super().finish()

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library calls it so
            """What was asked stands in the journal."""

        def _both(self) -> None:
            split = urlsplit(self.path)
            length = min(int(self.headers.get("Content-Length") or 0), _MOST_BYTES)
            asked = Asked(self.command, split.path, parse_qs(split.query), self.rfile.read(length))
            reply = system.reply(asked)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.media)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = _both  # noqa: N815  # the standard library calls them so

    return Handler


def stand(systems: Mapping[str, System], exports: Mapping[str, str]) -> None:
    """Starts systems, prints what the file reads from the environment, then every call until Ctrl-C."""
    for system in systems.values():
        system.start()
    for name, value in exports.items():
        print(f"export {name}={value}")  # noqa: T201  # it is what the command is for
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(0.2)
            for name, system in systems.items():
                while system.calls:
                    print(f"{name:<9} {system.calls.pop(0)}", flush=True)  # noqa: T201  # likewise
