"""``python -m tests.corpus.inspecting FILE ...``: ``isthmus inspect --json`` over each, every one in a process of its
own that was forked once all was imported, with an end to its time and memory. It prints a line for each: a report, or
nothing where the process died.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Sequence

import typer

from gateway.commands.inspect import inspect

FAR = 300
"""Seconds after which a document hangs; the largest takes about ten on an idle machine."""
MOST_BYTES = 4 * 1024**3
"""Of address space: several times what the largest document needs."""


def inspect_each(files: Sequence[str]) -> None:
    """One after the other, in the order given."""
    for file in files:
        child = os.fork()
        if child == 0:
            _inspect(file)
        _, status = os.waitpid(child, 0)
        if status:
            sys.stderr.write(f"{file}: ended with {status}\n")
            sys.stdout.write("\n")
            sys.stdout.flush()


def _inspect(file: str) -> None:
    """Inspects one document and ends the process: with an error, where nothing was reported."""
    signal.alarm(FAR)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    failed = True
    try:
        inspect(file, links=False, as_json=True)
        failed = False
    except typer.Exit:
        failed = False
    finally:
        sys.stdout.flush()
        os._exit(1 if failed else 0)


if __name__ == "__main__":
    inspect_each(sys.argv[1:])
