"""The start-up guard: the packages ``schema`` and ``resolvers`` that are imported must be ours.

PyPI has another package named ``schema``; installed into the same environment, the one found first wins.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

OURS = "isthmus"
STOREYS = ("schema", "resolvers")


def stranger(home: Path, found: Mapping[str, Path | None], owners: Mapping[str, Sequence[str]]) -> str:
    """A sentence that says which package is not ours, or an empty string.

    ``home``: the folder that holds ``gateway``. ``found``: package → its folder. ``owners``: package → the
    distributions that claim it.
    """
    for package in STOREYS:
        others = sorted(name for name in set(owners.get(package, ())) if name.casefold() != OURS)
        if others:
            names = " and ".join(f'"{name}"' for name in others)
            return (
                f'The package "{package}" of Isthmus is also installed by {names}. Two packages of one name cannot '
                f"share an environment: uninstall {names}, or install Isthmus into an environment of its own."
            )
        where = found.get(package)
        if where is None or where.parent != home:
            lies = "cannot be found" if where is None else f"was found at {where}"
            return (
                f'The package "{package}" {lies}, not beside gateway at {home}. Something else of that name comes '
                "first on the import path: start Isthmus from another folder, or in an environment of its own."
            )
    return ""


def check() -> str:
    """``stranger`` for the running interpreter; imports nothing of what it looks at."""
    found: dict[str, Path | None] = {}
    for package in STOREYS:
        spec = importlib.util.find_spec(package)
        origin = spec.origin if spec is not None else None
        found[package] = Path(origin).resolve().parent if origin else None
    return stranger(Path(__file__).resolve().parent.parent, found, packages_distributions())
