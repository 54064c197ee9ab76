"""Where the short commands of tests are born: a process that has imported the gateway once, and forks for each.

Each command is a process of its own, with its own folder, environment and streams, that runs ``gateway.__main__.main``
from its first line; only what all of them would import first is there already. Servers are not born here.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PRELOADED = (
    "gateway.app", "gateway.file.config", "gateway.drift", "gateway.snapshot", "resolvers.rest", "resolvers.soap",
    "resolvers.sql", "rich.console", "sqlalchemy.dialects.sqlite.aiosqlite", "typer.rich_utils",
)  # fmt: skip
"""No command is among them: whether each imports what it needs stays proved."""
REQUEST = 1 << 20


def _became(arguments: Sequence[str], environment: Mapping[str, str], folder: str, streams: Sequence[int]) -> None:
    """Makes this fork the command, and ends with its exit code."""
    code = 1
    try:
        for number, stream in enumerate(streams, 1):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["isthmus", *arguments]
        from gateway.__main__ import main  # noqa: PLC0415  # the command begins here

        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter does it
        sys.excepthook(*sys.exc_info())
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _waited(child: int, report: int, far_s: float) -> None:
    """Tells the exit code of a command, one byte of a line; one that hangs for ``far_s`` seconds is killed."""
    if not select.select([os.pidfd_open(child)], [], [], far_s)[0]:
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(report, b"%d\n" % code)


def serve(requests: socket.socket) -> None:
    """Answers until the other end is closed; a request comes with two streams and the end of a pipe for the code."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        body, received, _, _ = socket.recv_fds(requests, REQUEST, 3)
        if not body:
            return
        if os.fork() == 0:  # this one waits, so that the nursery need not
            requests.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asked = json.loads(body)
            *streams, report = received
            child = os.fork()
            if child == 0:
                os.close(report)
                _became(asked["arguments"], asked["environment"], asked["folder"], streams)
            for stream in streams:
                os.close(stream)
            _waited(child, report, asked["far_s"])
            os._exit(0)
        for each in received:
            os.close(each)


class Nursery:
    """The other end of it, in the process of the tests; it begins with the first command and ends with the tests."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            given = [sys.executable, "-P", "-m", "tests.commands.nursery", str(theirs.fileno())]
            self._process = subprocess.Popen(
                given, env=dict(environment), pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip

    async def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, far_s: float
    ) -> tuple[int, str, str]:
        """Runs one command to its end: its exit code, what it said, what it complained of."""
        asked = {"arguments": arguments, "environment": environment, "folder": str(folder), "far_s": far_s}
        pipes = [os.pipe() for _ in range(3)]
        try:
            socket.send_fds(self._requests, [json.dumps(asked).encode()], [theirs for _, theirs in pipes])
        finally:
            for _, theirs in pipes:
                os.close(theirs)
        out, err, code = await asyncio.gather(*(asyncio.to_thread(_all_of, ours) for ours, _ in pipes))
        return int(code), out.decode(), err.decode()

    def close(self) -> None:
        self._requests.close()
        self._process.communicate()


def _all_of(pipe: int) -> bytes:
    with os.fdopen(pipe, "rb") as stream:
        return stream.read()


if __name__ == "__main__":
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
