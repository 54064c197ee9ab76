"""The library behind ``isthmus[files]``: there, or absent. It reads nothing."""

from __future__ import annotations

import importlib
from typing import Any

from resolvers.problem import ConfigurationError, Problem


def library() -> Any:
    """The module ``duckdb``.

    Raises:
        ConfigurationError: it is not installed.
    """
    try:
        return importlib.import_module("duckdb")
    except ImportError as error:
        what, mend = "files need the library duckdb, which is not installed", "pip install 'isthmus[files]'"
        raise ConfigurationError([Problem(what, ("files",), mend)]) from error
