"""Where the trading example lies: ``examples/trading`` in a checkout, ``gateway/demo/trading`` in a wheel."""

from __future__ import annotations

from pathlib import Path


def trading_folder() -> Path:
    """The folder with ``isthmus.yaml``, the descriptions, the extension module and the query to paste.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "trading", here.parents[1] / "examples" / "trading"):
        if (folder / "isthmus.yaml").is_file():
            return folder
    raise FileNotFoundError("the trading example is missing: install Isthmus again")
