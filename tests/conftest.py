"""What every test relies on: logs that no earlier test has turned off, and how many examples of each law are tried.

The examples are enough to meet a change that breaks a law, in the time of a suite; ``--hypothesis-profile=deep`` tries
far more of all of them. How long an example takes proves nothing on a busy machine.

Two things took a good part of the suite and proved nothing: reading the machine's authorities anew for each client of a
test, and waiting for the disk whenever a test made a database (docs/decisions/0073).
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
import structlog
from hypothesis import settings

from gateway import telemetry

settings.register_profile("suite", max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=1000, deadline=None)
settings.load_profile("suite")

MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30  # each test has a folder of its own there, as it had in /tmp
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)


@pytest.fixture(scope="session", autouse=True)
def authorities_are_read_once() -> Iterator[None]:
    """For the clients of tests that ask for nothing of their own; the product's bring their contexts themselves."""
    make = httpx.create_ssl_context
    usual = cache(make)

    def context(verify: object = True, cert: object = None, trust_env: bool = True) -> object:  # noqa: FBT001, FBT002  # as httpx has it
        if verify is True and cert is None:
            return usual(trust_env=trust_env)
        return make(verify, cert, trust_env)  # type: ignore[arg-type]  # passed on as it came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", context)
        yield


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that runs inside a test sets the logs of the whole process; the next test finds them as they were."""
    root, own = logging.getLogger(), logging.getLogger("isthmus")
    levels, handlers, shape = (root.level, own.level), [*root.handlers], structlog.get_config()
    current = telemetry._Current  # the state of a process, which has one life outside of tests
    told = current.logger, current.lines, current.least
    yield
    root.setLevel(levels[0])
    own.setLevel(levels[1])
    for each in {*root.handlers} ^ {*handlers}:
        (root.addHandler if each in handlers else root.removeHandler)(each)
    logging.captureWarnings(capture=False)
    structlog.configure(**shape)
    current.logger, current.lines, current.least = told
