"""On what, when and at which commit the figures were taken."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.process import ROOT


def described(rounds: str, load_before: float) -> str:
    """One sentence or two in Markdown; the load average is that of one minute, before and after."""
    today = datetime.now(UTC)
    return (
        f"{today.day} {today:%B %Y}; {_processor()}, {os.cpu_count()} virtual cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}; commit {_commit()}; "
        f"{rounds}. The load average was {load_before:.1f} before and {os.getloadavg()[0]:.1f} "
        "at the end, which counts the measuring itself."
    )


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607  # whichever git there is
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or "unknown"
