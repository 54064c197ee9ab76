"""The npm package ``soap`` as running servers: it is installed once and answers until a module ends."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services import missing

HERE = Path(__file__).parent
ROOM = HERE / "node_server"


@dataclass(frozen=True, slots=True)
class NpmSoap:
    """``origin`` is scheme, host and port."""

    origin: str

    @property
    def address(self) -> str:
        return f"{self.origin}/billing"

    def calls(self) -> list[tuple[str, Any]]:
        """What was asked since the last look: operation and arguments, in order."""
        with urllib.request.urlopen(f"{self.origin}/calls", timeout=10) as reply:
            return [(name, arguments) for name, arguments in json.load(reply)]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as its bytes arrived, and what was answered. ``operation``: empty where the package found none."""

    media: str
    action: str | None
    body: bytes
    reply: str
    operation: str
    headers: Any
    arguments: Any


@dataclass(frozen=True, slots=True)
class NpmServers:
    """Servers of several WSDLs. ``problems``: for each why the package does not serve it, or ``None``."""

    origin: str
    problems: list[str | None]

    def address(self, number: int) -> str:
        return f"{self.origin}/{number}"

    def next(self, **told: object) -> None:
        """What is answered from now on: ``result``, ``envelope`` or ``fault``."""
        request = urllib.request.Request(f"{self.origin}/next", json.dumps(told).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def heard(self) -> list[Exchange]:
        """The exchanges since the last look."""
        with urllib.request.urlopen(f"{self.origin}/heard", timeout=10) as reply:
            told = json.load(reply)
        handled = [*told["handled"], *({} for _ in told["exchanges"])]
        return [
            Exchange(
                one["media"],
                one["action"],
                base64.b64decode(one["body"]),
                one["reply"],
                by.get("operation", ""),
                by.get("headers"),
                by.get("arguments"),
            )
            for one, by in zip(told["exchanges"], handled, strict=False)
        ]


@contextlib.contextmanager
def npm_soap() -> Iterator[NpmSoap]:
    """Runs the server of the invoices; skips the test without npm, node or packages."""
    with _running("server.js", str(HERE / "billing.wsdl")) as line:
        yield NpmSoap(f"http://127.0.0.1:{line}")


@contextlib.contextmanager
def npm_servers(files: Sequence[Path], catalogue: Path | None = None) -> Iterator[NpmServers]:
    """Runs a server for each WSDL; ``catalogue`` is a folder of documents by their URLs, as the corpus has one."""
    with _running("corpus.js", "-" if catalogue is None else str(catalogue), *map(str, files)) as line:
        told = json.loads(line)
        yield NpmServers(f"http://127.0.0.1:{told['port']}", told["problems"])


def npm_document(wsdl: Path, address: str, name: str, content: bytes) -> Any:
    """Sends a document by MTOM with the package's client; gives the ``name`` and the ``parts`` that came back."""
    command = [_installed(), "mtom.js", str(wsdl), address, name, base64.b64encode(content).decode()]
    done = subprocess.run(command, cwd=ROOM, capture_output=True, text=True, check=True, timeout=30)
    return json.loads(done.stdout)


@contextlib.contextmanager
def _running(script: str, *arguments: str) -> Iterator[str]:
    """The first line that the script prints, while it runs."""
    node = _installed()
    server = subprocess.Popen([node, script, *arguments], cwd=ROOM, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.communicate()


def _installed() -> str:
    """Installs what the lock file says, unless it is there; gives the path of node."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        missing("npm and node are needed for the SOAP server of others")
    lock, stamp = ROOM / "package-lock.json", ROOM / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return node
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=ROOM, capture_output=True, text=True, check=False, timeout=240)
    if done.returncode:
        missing(f"npm ci failed: {done.stderr[-300:]}")
    stamp.write_bytes(lock.read_bytes())
    return node
