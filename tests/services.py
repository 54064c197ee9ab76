"""What a test needs of the machine it runs on: tools, packages and databases that may not be there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skips the test and says why; fails it where ``ISTHMUS_REQUIRE_SERVICES=1`` says that everything must be there."""
    if os.environ.get("ISTHMUS_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
