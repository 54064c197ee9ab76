"""Where records go: syslog over every kind of socket, files that are rotated by a signal, lines that are torn."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from gateway.audit.settings import AuditSettings
from gateway.audit.sinks import File, Stream, Syslog, open_sink
from gateway.audit.writer import Writer
from tests.audit.shop import records, until
from tests.commands.conftest import Shell
from tests.commands.conftest import shell as shell  # noqa: PLC0414  # a fixture is found by its name
from tests.commands.conftest import shop as shop  # noqa: PLC0414

LINE = b'{"event":"operation","request":"r"}'
FILE = """
sources: { shop: { database: "sqlite:///shop.sqlite" } }
access: { default: anonymous }
server: { audit: { to: file, path: audit.log, coordinates: [Product] } }
"""


def syslog(address: str) -> Syslog:
    sink = open_sink(AuditSettings.model_validate({"to": "syslog", "address": address}))
    assert isinstance(sink, Syslog)
    return sink


@pytest.mark.parametrize("kind", ["unix", "udp"])
def test_syslog_takes_each_record_as_a_datagram(tmp_path: Path, kind: str) -> None:
    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as collector:
        collector.settimeout(5)
        collector.bind(str(tmp_path / "log") if kind == "unix" else ("127.0.0.1", 0))
        sink = syslog(str(tmp_path / "log") if kind == "unix" else f"udp://127.0.0.1:{collector.getsockname()[1]}")
        sink.write([LINE, LINE])
        head, _, body = collector.recv(70_000).partition(b" - {")
        assert head.startswith(b"<110>1 20")
        assert head.split(b" ")[3:] == [b"isthmus", str(os.getpid()).encode(), b"audit"]
        assert b"{" + body == LINE
        collector.recv(70_000)
        if kind == "udp":  # more than any datagram holds
            sink.write([json.dumps({"event": "operation", "request": "long", "objects": "x" * 70_000}).encode()])
            told = json.loads(collector.recv(70_000).partition(b" - ")[2])
            assert told == {"event": "operation", "request": "long", "shortened": True}
        sink.close()
    if kind == "unix":
        with pytest.raises(OSError, match="refused"):
            syslog(str(tmp_path / "log")).write([LINE])


def test_syslog_over_tcp_says_how_long_each_record_is_and_connects_anew() -> None:
    with socket.create_server(("127.0.0.1", 0)) as collector:
        collector.settimeout(5)
        sink = syslog(f"tcp://127.0.0.1:{collector.getsockname()[1]}")
        for _ in range(2):
            sink.write([LINE])
            connection, _ = collector.accept()
            with connection:
                length, _, message = connection.recv(4096).partition(b" ")
            assert int(length) == len(message)
            assert message.endswith(LINE)
            sink.reopen()


def test_a_line_of_which_a_part_was_written_is_finished_before_the_next() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    long = [b"a" * 50_000, b"b" * 50_000]  # more than a pipe holds
    sink = Stream(writing)
    with pytest.raises(BlockingIOError):
        sink.write(long)
    assert sink.written == 1
    seen = os.read(reading, 200_000)
    sink.write(long[1:])
    sink.write([LINE])
    seen += os.read(reading, 200_000)
    assert seen == b"\n".join([*long, LINE, b""])
    os.close(reading)
    os.close(writing)


def test_what_a_writer_cannot_write_is_kept_within_its_bound_and_written_in_order(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    sink = File(tmp_path / "logs" / "audit.log")
    (tmp_path / "logs").rename(tmp_path / "away")
    writer = Writer(sink, 3)
    for number in range(5):
        writer.put(json.dumps({"event": "operation", "request": number}).encode())
    assert writer.failing
    (tmp_path / "logs").mkdir()
    writer.start()
    writer.close()
    assert [each["request"] for each in records(tmp_path / "logs" / "audit.log")] == [0, 1, 2]
    assert [each["count"] for each in records(tmp_path / "logs" / "audit.log", "lost")] == [2]
    assert not writer.failing


async def test_a_hangup_opens_the_file_anew_and_nothing_ends(shell: Shell, shop: Path) -> None:
    (shop.parent / "isthmus.yaml").write_text(FILE, "utf-8")
    log, moved = shop.parent / "audit.log", shop.parent / "audit.log.1"
    running = await shell.serve("serve", "isthmus.yaml", "--port", "0")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(running.address.rpartition(":")[2]))
    body = b'{"query":"query Q { products { name } }"}'
    asked = (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
    )

    async def ask() -> None:
        writer.write(asked % (len(body), body))
        async with asyncio.timeout(20):
            await reader.readuntil(b"]}}")

    await ask()

    async def written() -> bool:
        return bool(records(log))

    await until(written)
    log.rename(moved)
    running.process.send_signal(signal.SIGHUP)

    async def opened() -> bool:
        running.process.send_signal(signal.SIGHUP)
        await ask()
        return bool(records(log))

    await until(opened)
    ended = await running.end(signal.SIGTERM)
    writer.close()
    assert ended.code == 0
    assert [each["objects"] for each in records(moved)] == [
        {"Product": {"count": 2, "ids": ["A1", "B2"], "more": False}}
    ]
    assert records(log, "recording")
