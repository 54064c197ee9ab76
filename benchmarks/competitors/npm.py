"""Packages that npm installs beside a competitor, from a lock file; where that cannot be done, why."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_INSTALL_S = 600


@dataclass(frozen=True, slots=True)
class Packages:
    """Those of the lock file in ``folder``; ``what`` they are, and how much, in words."""

    folder: Path
    what: str

    def installed(self) -> bool:
        """Whether they are there, and Node.js to run them."""
        stamp = self._stamp()
        return shutil.which("node") is not None and stamp.exists() and stamp.read_text("utf-8") == self._wanted()

    def prepare(self) -> str | None:
        """Installs them where they are not there, or says in words why that cannot be done."""
        npm = shutil.which("npm")
        if self.installed():
            return None
        if npm is None or shutil.which("node") is None:
            return "it needs npm and Node.js"
        sys.stderr.write(f"installing {self.what} with npm into benchmarks (once)\n")
        # No package has a script that must run for it to work, and none is wanted to.
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            done = subprocess.run(  # noqa: S603  # our own
                command, cwd=self.folder, check=False, capture_output=True, text=True, timeout=_INSTALL_S
            )
        except subprocess.TimeoutExpired:
            return f"npm did not install it in {_INSTALL_S} seconds"
        if done.returncode:
            return f"npm could not install it: {done.stderr.strip()[:500]}"
        self._stamp().write_text(self._wanted(), "utf-8")
        return None

    def _stamp(self) -> Path:
        return self.folder / "node_modules" / ".isthmus-installed"

    def _wanted(self) -> str:
        return sha256((self.folder / "package-lock.json").read_bytes()).hexdigest()
