"""What goes on as tables for a terminal; columns that matter least go first where it is narrow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from gateway.top.figures import Now, OperationNow, SourceNow


@dataclass(frozen=True, slots=True)
class _Column:
    """``narrowest``: the width of a terminal from which on it is shown."""

    name: str
    text: Callable[[Any], Text | str]
    narrowest: int = 0


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    if math.isinf(value):
        return ">10s"
    return f"≤{value * 1000:g}ms" if value < 1 else f"≤{value:g}s"


def _rate(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}" if 0 < value < 0.1 else f"{value:.0%}"


def _failing(value: float | None) -> Text:
    style = "" if not value else "red" if value >= 0.05 else "yellow"
    return Text(_share(value), style)


def _breaker(source: SourceNow) -> Text:
    """The worst state there is, and of how many workers where not of all."""
    for state, style in (("open", "bold red"), ("half_open", "yellow")):
        count = source.breakers.get(state, 0)
        if count:
            whole = sum(source.breakers.values())
            return Text(state if count == whole else f"{state} {count:g}/{whole:g}", style)
    return Text("closed", "green")


def _replicas(source: SourceNow) -> Text:
    if not source.replicas:
        return Text("-")
    up = source.replicas - source.ejected
    return Text(f"{up}/{source.replicas}", "yellow" if source.ejected else "")


def _pool(source: SourceNow) -> str:
    return "-" if source.pool_most is None else f"{source.pool_in_use or 0:g}/{source.pool_most:g}"


def _queue(value: float) -> Text:
    return Text(f"{value:g}", "yellow" if value else "")


_SOURCES = (
    _Column("source", lambda each: each.source),
    _Column("calls/s", lambda each: _rate(each.rate)),
    _Column("errors", lambda each: _failing(each.errors)),
    _Column("p50", lambda each: _seconds(each.p50_s), 70),
    _Column("p95", lambda each: _seconds(each.p95_s)),
    _Column("breaker", _breaker, 50),
    _Column("now", lambda each: f"{each.under_way:g}", 60),
    _Column("waiting", lambda each: _queue(each.waiting), 80),
    _Column("retries/s", lambda each: _rate(each.retries), 120),
    _Column("replicas", _replicas, 100),
    _Column("cache", lambda each: _share(each.cache_hits), 90),
    _Column("pool", _pool, 110),
)
_OPERATIONS = (
    _Column("operation", lambda each: each.operation),
    _Column("requests/s", lambda each: _rate(each.rate)),
    _Column("errors/s", lambda each: Text(_rate(each.errors), "red" if each.errors else "")),
    _Column("p50", lambda each: _seconds(each.p50_s), 60),
    _Column("p95", lambda each: _seconds(each.p95_s)),
)


def shown(now: Now, where: str, width: int, height: int) -> Group:
    """All of it; of operations as many as there is room for."""
    room = max(3, height - len(now.sources) - 9)
    operations: Sequence[OperationNow] = now.operations[:room]
    more = len(now.operations) - len(operations)
    parts: list[Text | Table] = [
        _headline(now, where),
        _table(_SOURCES, now.sources, width),
        _table(_OPERATIONS, operations, width),
    ]
    if more:
        parts.append(Text(f"{more} more operations", "dim"))
    return Group(*parts)


def _headline(now: Now, where: str) -> Text:
    said = Text(f"{where}  ", "bold")
    said.append(f"{_rate(now.rate)} requests/s, {now.under_way:g} under way, ")
    said.append(f"{_rate(now.refused)} refused/s", "yellow" if now.refused else "")
    said.append(f", {now.memory_bytes / 1_048_576:.0f} MiB, loop lag p95 {_seconds(now.lag_p95_s)}")
    if now.workers > 1:
        said.append(f", {now.workers} workers")
    if now.degraded:
        said.append(f", {now.degraded:g} sources degraded", "bold red")
    if now.since == "start":
        said.append("  (since the start)", "dim")
    return said


def _table(columns: Sequence[_Column], rows: Sequence[SourceNow] | Sequence[OperationNow], width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    shown_here = [column for column in columns if width >= column.narrowest]
    for number, column in enumerate(shown_here):
        table.add_column(
            column.name, justify="left" if number == 0 else "right", no_wrap=True, overflow="ellipsis",
            min_width=8 if number == 0 else 4, ratio=1 if number == 0 else None,
        )  # fmt: skip
    for row in rows:
        table.add_row(*(_cell(column.text(row)) for column in shown_here))
    return table


def _cell(said: Text | str) -> Text:
    return said if isinstance(said, Text) else Text(said)
