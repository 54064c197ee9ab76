from __future__ import annotations

from tests.edge.conftest import start

__all__ = ["start"]
