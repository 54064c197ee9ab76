"""The commands as a person starts them are those of ``tests/commands``."""

from tests.commands.conftest import shell

__all__ = ["shell"]
