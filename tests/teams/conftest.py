"""The commands as ``tests/commands`` starts them."""

from __future__ import annotations

from tests.commands.conftest import shell, shop, trading, write

__all__ = ["shell", "shop", "trading", "write"]
