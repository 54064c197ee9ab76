"""A collector of spans and a REST source that keeps what it was asked, before a gateway in its own process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.commands.conftest import Running, Shell
from tests.commands.conftest import shell as shell  # noqa: PLC0414  # a fixture is found by its name
from tests.commands.conftest import shop as shop  # noqa: PLC0414
from tests.edge.test_edge_log import ask
from tests.metrics.conftest import CRM

SECRET = "a secret of more than thirty-two bytes"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


@dataclass(frozen=True)
class Told:
    """One span, its ids in hexadecimal."""

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    failed: bool
    attributes: Mapping[str, object]
    began: int
    ended: int
    service: str


@dataclass
class Collector:
    """``silent``: it takes a request and never answers."""

    port: int = 0
    spans: list[Told] = field(default_factory=list)
    raw: bytes = b""
    heads: list[bytes] = field(default_factory=list)
    silent: bool = False
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_body = b""
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                with_body = await reader.readexactly(int(line.partition(b":")[2]))
        self.heads.append(head)
        if self.silent:
            await asyncio.Event().wait()
        self.raw += with_body
        self.spans += told_in(with_body)
        self.heard.set()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def named(self, name: str) -> Told:
        """The only span of that name, once it came."""
        async with asyncio.timeout(30):
            while not (found := [span for span in self.spans if span.name == name]):
                self.heard.clear()
                await self.heard.wait()
        assert len(found) == 1
        return found[0]


def told_in(body: bytes) -> list[Told]:
    found = []
    for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = {each.key: each.value.string_value for each in of_resource.resource.attributes}
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                attributes = {each.key: _value(each.value) for each in span.attributes}
                found.append(Told(
                    span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.kind,
                    span.status.code == 2, attributes, span.start_time_unix_nano, span.end_time_unix_nano,
                    resource["service.name"],
                ))  # fmt: skip
    return found


def _value(value: Any) -> object:
    if value.HasField("array_value"):
        return [_value(each) for each in value.array_value.values]
    return getattr(value, value.WhichOneof("value"))


@dataclass
class Upstream:
    port: int = 0
    status: bytes = b"200 OK"
    control: bytes = b"no-store"
    heads: list[bytes] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        body = json.dumps([{"id": "1", "name": "Ann"}]).encode()
        kind = b"content-type: application/json\r\nconnection: close\r\ncache-control: " + self.control + b"\r\n"
        writer.write(b"HTTP/1.1 %s\r\n%scontent-length: %d\r\n\r\n%s" % (self.status, kind, len(body), body))
        await writer.drain()
        writer.close()

    def header(self, name: str) -> list[str]:
        """The values of a header of the last request."""
        lines = [line.partition(b":") for line in self.heads[-1].split(b"\r\n")[1:]]
        return [value.strip().decode() for each, _, value in lines if each.lower() == name.encode()]


@dataclass
class World:
    shell: Shell
    collector: Collector
    upstream: Upstream
    running: Running | None = None

    async def start(self, tracing: Mapping[str, object] | None, **more: object) -> Running:
        document = {**CRM, "servers": [{"url": f"http://127.0.0.1:{self.upstream.port}"}]}
        (self.shell.folder / "crm.json").write_text(json.dumps(document))
        (self.shell.folder / "isthmus.yaml").write_text(json.dumps({
            "sources": {"shop": {"database": "sqlite:///shop.sqlite"}, "crm": {"openapi": "crm.json"}},
            "access": {"default": "anonymous"},
            "server": {
                "port": 0,
                "metrics": {"port": 0},
                "jwt": {"issuer": "i", "audience": "a", "secret": SECRET},
                **({} if tracing is None else {"tracing": tracing}),
            },
            **more,
        }))  # fmt: skip
        self.running = await self.shell.serve("serve", "isthmus.yaml")
        return self.running

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.collector.port}"

    async def ask(self, document: str, *headers: str, **parameters: object) -> bytes:
        assert self.running is not None
        more = "".join(f"\r\n{header}" for header in headers).encode()
        return await ask(self.running.address, document, more, **parameters)


@pytest.fixture
async def world(shell: Shell, shop: Path) -> AsyncIterator[World]:
    collector, upstream = Collector(), Upstream()
    spans = await asyncio.start_server(collector.answer, "127.0.0.1", 0)
    people = await asyncio.start_server(upstream.answer, "127.0.0.1", 0)
    collector.port, upstream.port = (each.sockets[0].getsockname()[1] for each in (spans, people))
    yield World(shell, collector, upstream)
    for each in (spans, people):
        each.close()
