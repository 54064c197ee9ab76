"""The log never holds up the gateway: neither a reader that has stopped nor a disk that is full."""

from __future__ import annotations

import io
import os

from gateway.log_lines import Lines


def test_a_reader_that_stopped_costs_lines_and_nothing_else() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as reader, os.fdopen(write_end, "w") as writer:
        lines = Lines(writer)
        for number in range(30_000):  # far more than a pipe and the memory for waiting lines hold
            lines.write(f"line {number} {'x' * 100}\n")
        told = 0
        for line in reader:
            told += line.startswith("line")
            if "dropped" in line:
                break
            if told == 10_000:
                lines.write("one more\n")
        assert 0 < told < 30_000
        lines.drain()


class Full(io.StringIO):
    """A disk without room until ``room``."""

    room = False

    def write(self, text: str) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_full_disk_is_survived_and_told_of_afterwards() -> None:
    disk = Full()
    lines = Lines(disk)
    lines.write("lost\n")
    lines.drain()
    disk.room = True
    lines.write("kept\n")
    lines.drain()
    assert disk.getvalue() == 'kept\n{"event": "lines of the log were dropped", "count": 1}\n'
