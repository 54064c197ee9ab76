"""The library behind ``isthmus[wss]``: there, absent, or made for another libxml2 than lxml's. It signs nothing."""

from __future__ import annotations

import importlib
from typing import Any

from resolvers.problem import ConfigurationError, Key, Problem


def xmlsec(*where: Key) -> Any:
    """The module ``xmlsec``. It shares elements with lxml, and refuses to where their libxml2 differ.

    ``where``: the setting that needs it.

    Raises:
        ConfigurationError: it is not installed, or cannot work beside this lxml.
    """
    try:
        return importlib.import_module("xmlsec")
    except ModuleNotFoundError as error:
        what, mend = "signatures need the library xmlsec, which is not installed", "pip install 'isthmus[wss]'"
        raise ConfigurationError([Problem(what, where, mend)]) from error
    except Exception as error:  # its own class, which cannot be had, where two libxml2 meet
        what = f"the library xmlsec cannot be loaded: {error}"
        mend = "install versions of lxml and xmlsec that hold the same libxml2: pip install --upgrade 'isthmus[wss]'"
        raise ConfigurationError([Problem(what, where, mend)]) from error
