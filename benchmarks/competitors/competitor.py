"""What the harness must know of a competitor: its name, how its process is started, and what it is given."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Competitor:
    """``command`` starts one process that writes its address to stdout or stderr, as ``http://127.0.0.1:PORT``.

    It reads ``BENCH_SHOP_URL``, ``BENCH_PRODUCTS_URL``, ``BENCH_STOCK_FILE``, ``BENCH_STOCK_URL`` and ``BENCH_SECRET``
    from its environment, to which ``environment`` is added. ``without`` names the queries that it cannot answer;
    ``prepare`` makes it ready to be started on this machine, or says in words why it cannot be. ``asked_for``: it is
    left out unless it is named.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    prepare: Callable[[], str | None] = _nothing
    asked_for: bool = False


def python(name: str, module: str, *arguments: str, **environment: str) -> Competitor:
    """A competitor that is a Python module, run by this same Python."""
    return Competitor(name, (sys.executable, "-m", module, *arguments), environment)
