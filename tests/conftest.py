"""What every test relies on: logs that no earlier test has turned off, and how many examples of each law are tried.

The examples are enough to meet a change that breaks a law, in the time of a suite; ``--hypothesis-profile=deep`` tries
far more of all of them. How long an example takes proves nothing on a busy machine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from gateway import telemetry

settings.register_profile("suite", max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=1000, deadline=None)
settings.load_profile("suite")


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
