"""Isthmus with all that shows what goes on: metrics, the log, and traces, sent to a collector inside the harness.

Traces of one request in a hundred, as the settings have it, and of every one.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.competitors.competitor import Competitor, python
from benchmarks.competitors.isthmus import FILE


class _Collector(BaseHTTPRequestHandler):
    """Takes whatever it is sent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the library's word
        """Nothing: it would stand between the figures."""


def _seen(name: str, sample: float) -> Competitor:
    file = FILE.with_name(f".{name}.yaml")

    def prepare() -> str | None:
        collector = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        tracing = f'{{ endpoint: "http://127.0.0.1:{collector.server_port}", sample: {sample} }}'
        more = f"  metrics: {{ port: 0 }}\n  tracing: {tracing}\n"
        file.write_text(FILE.read_text("utf-8") + more, "utf-8")
        return None

    made = python(name, "gateway", "serve", str(file), "--port", "0", ISTHMUS_EXECUTOR="columns")
    return replace(made, prepare=prepare, asked_for=True)


COMPETITOR = _seen("isthmus-seen", 0.01)
EVERY = _seen("isthmus-traced", 1)
