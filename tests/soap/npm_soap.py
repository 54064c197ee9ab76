"""The npm package ``soap`` as a running server: it is installed once for a module and answers until the module ends."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services import missing

HERE = Path(__file__).parent


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


@contextlib.contextmanager
def npm_soap(room: Path) -> Iterator[NpmSoap]:
    """Installs the server in ``room``, an empty folder, and runs it; skips the test without npm, node or packages."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        missing("npm and node are needed for the SOAP server of others")
    for name in ("package.json", "package-lock.json", "server.js"):
        shutil.copy(HERE / "node_server" / name, room)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False, timeout=240)
    if installed.returncode:
        missing(f"npm ci failed: {installed.stderr[-300:]}")
    server = subprocess.Popen(
        [node, "server.js", str(HERE / "billing.wsdl")], cwd=room, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield NpmSoap(f"http://127.0.0.1:{server.stdout.readline().strip()}")
    finally:
        server.terminate()
        server.communicate()
