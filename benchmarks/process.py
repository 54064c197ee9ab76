"""A process under measurement: started, asked where it listens, its CPU time and memory read, ended."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

START_S = 120.0
STOP_S = 5.0
ROOT = Path(__file__).parents[1]
_ADDRESS = re.compile(rb"(?<!told at )http://127\.0\.0\.1:\d+")
_PROC = Path("/proc/self/stat").exists()


class CannotStart(Exception):
    """The process ended, or did not say where it listens in ``START_S`` seconds; the text is what it wrote."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A running process. Only its own CPU time counts, of all its threads, not that of its children."""

    pid: int
    url: str

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def cpu_s(self) -> float:
        """User and system time so far, in seconds; Linux counts in ticks of 10 ms."""
        if _PROC:
            # The name of the program, in parentheses, may hold spaces: proc(5).
            fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        days, _, clock = _ps(self.pid, "time").rpartition("-")
        seconds = 0.0
        for part in clock.split(":"):
            seconds = seconds * 60 + float(part)
        return seconds + 86_400 * int(days or 0)

    def peak_mib(self) -> float:
        """Most resident memory since it started or ``forget_peak``; where there is no /proc, that of this moment."""
        return self._status_mib("VmHWM:")

    def resident_mib(self) -> float:
        """Resident memory of this moment."""
        return self._status_mib("VmRSS:")

    def forget_peak(self) -> None:
        """From now on ``peak_mib`` begins with the memory of this moment (Linux; elsewhere nothing happens)."""
        if _PROC:
            Path(f"/proc/{self.pid}/clear_refs").write_text("5", "utf-8")

    def _status_mib(self, name: str) -> float:
        if _PROC:
            for line in Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines():
                if line.startswith(name):
                    return int(line.split()[1]) / 1024
        return int(_ps(self.pid, "rss")) / 1024


def _ps(pid: int, field: str) -> str:
    command = ["ps", "-o", f"{field}=", "-p", str(pid)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603  # our own


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Measured]:
    """The process for the length of the block.

    Raises:
        CannotStart: see there.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603  # commands of the competitors in this folder
            command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield Measured(process.pid, _address(process, log.fileno()))
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: int) -> str:
    deadline = time.monotonic() + START_S
    while True:
        written = os.pread(log, 65_536, 0)
        if found := _ADDRESS.search(written):
            return found[0].decode()
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotStart(written.decode(errors="replace"))
        time.sleep(0.02)
