"""Programs of others that tests run: installed once into a folder that git ignores, and kept while their pins stay."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.services import missing

FAR = 900
"""Seconds after which an installation hangs."""


def install(folder: Path, pins: Sequence[Path], commands: Sequence[Sequence[str]]) -> None:
    """Runs the commands that fill ``folder``, unless they already did so with these pins.

    The folder is kept between runs; two runs at the same time wait for each other.
    """
    folder.mkdir(exist_ok=True)
    wanted = hashlib.sha256(b"\0".join(path.read_bytes() for path in pins)).hexdigest()
    with pins[0].open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / ".installed"
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        stamp.unlink(missing_ok=True)
        for command in commands:
            done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False, timeout=FAR)
            if done.returncode:
                missing(f"{command[0]} cannot install what the test needs: {(done.stdout + done.stderr)[-500:]}")
        stamp.write_text(wanted)


def node_modules(folder: Path) -> Path:
    """The npm packages that the lock file in ``folder`` pins; skips the test without npm, node or a network."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        missing("npm and node are needed")
    made = folder / "node_modules"
    pins = [folder / name for name in ("package.json", "package-lock.json", ".npmrc")]
    install(made, pins, [[npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]])
    return made
