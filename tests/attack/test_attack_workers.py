"""What an operator is told of several processes, each of which counts and keeps for itself."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.attack.house import database
from tests.commands.conftest import Shell

FILE = """
sources: { db: { database: "sqlite:///x.db", cache: { ttl_s: 60 } } }
access: { default: anonymous }
server:
  workers: 2
  rate_limits: { rules: { all: { requests: 10 } } }
"""


async def test_what_workers_do_each_for_itself_is_said(tmp_path: Path) -> None:
    database(tmp_path / "x.db", ["create table items (id integer primary key, name text)"])
    (tmp_path / "isthmus.yaml").write_text(FILE)
    shell = Shell(tmp_path)
    try:
        running = await shell.serve("serve", "isthmus.yaml", "--port", "0")
        os.kill(running.process.pid, signal.SIGTERM)
        assert "up to 2 times as much" in running.seen
        assert "what one writes the others do not forget" in running.seen
    finally:
        await shell.close()
