"""The figures as Markdown tables, for the terminal and for ``docs/performance.md``, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks.measure import MANY, Figures, Taken
from benchmarks.queries import DELAYS_MS, QUERIES

UNDELAYED = [query for query in QUERIES if query not in DELAYS_MS]
"""The queries whose CPU time can be read on one connection: the others are asked too seldom for its ticks."""

Cell = Callable[[Figures, str], str]


def markdown(figures: Mapping[str, Figures]) -> str:
    """All tables, each under a line that says what it shows."""
    parts = [
        "CPU ms per request on one connection, least/median of the rounds, and peak MiB:",
        table(
            ["", *UNDELAYED, "peak MiB"],
            [[name, *_cells(figure, UNDELAYED, _cpu), f"{figure.peak_mib:.0f}"] for name, figure in figures.items()],
        ),
        *_multiples(figures),
        f"Requests per second at 1/{MANY} connections:",
        _by_query(figures, list(QUERIES), lambda figure, query: _rates(figure.single[query], figure.many[query])),
        "Latency in ms on one connection, p50/p99:",
        _by_query(figures, list(QUERIES), lambda figure, query: _latencies(figure.single[query])),
        f"Latency in ms over {MANY} connections, p50/p99:",
        _by_query(figures, list(QUERIES), lambda figure, query: _latencies(figure.many[query])),
        "HTTP calls to the upstream for one request, as it counted them:",
        _by_query(figures, list(QUERIES), lambda figure, query: str(sum(figure.calls[query].values()))),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads well as plain text too."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=True)) + " |"]
    lines.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    lines += [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join(lines)


def plain(figures: Mapping[str, Figures]) -> dict[str, object]:
    """For JSON: every figure of every round; of the latencies the percentiles."""
    return {
        name: {
            "peak_mib": figure.peak_mib,
            "calls": figure.calls,
            "connections": {
                str(count): {query: _taken(taken) for query, taken in each.items()}
                for count, each in ((1, figure.single), (MANY, figure.many))
            },
        }
        for name, figure in figures.items()
    }


def _taken(taken: Taken) -> dict[str, object]:
    percentiles = {f"p{percent}_ms": taken.latency(percent) for percent in (50, 99)}
    return {"cpu_ms": taken.cpu_ms, "per_s": taken.per_s, **percentiles}


def _by_query(figures: Mapping[str, Figures], queries: Sequence[str], cell: Cell) -> str:
    return table(["", *queries], [[name, *_cells(figure, queries, cell)] for name, figure in figures.items()])


def _cells(figure: Figures, queries: Sequence[str], cell: Cell) -> list[str]:
    return [cell(figure, query) if query in figure.single else "-" for query in queries]


def _cpu(figure: Figures, query: str) -> str:
    return f"{figure.best(query):.2f}/{figure.middle(query):.2f}"


def _multiples(figures: Mapping[str, Figures]) -> list[str]:
    """Medians as multiples of the limit's and of Isthmus's, which the aims are stated in."""
    parts = []
    for name in [each for each in ("limit", "isthmus") if each in figures]:
        to = figures[name]
        parts.append(f"Median as a multiple of {name}:")
        parts.append(_by_query(figures, UNDELAYED, partial(_multiple, to)))
    return parts


def _multiple(to: Figures, figure: Figures, query: str) -> str:
    # A round too short for the clock of /proc has no CPU time to divide by; some do not serve every query.
    least = to.middle(query) if query in to.single else 0
    return f"{figure.middle(query) / least:.2f}" if least else "-"


def _rates(single: Taken, many: Taken) -> str:
    return f"{single.rate():,.0f}/{many.rate():,.0f}"


def _latencies(taken: Taken) -> str:
    return f"{taken.latency(50):.1f}/{taken.latency(99):.1f}"
