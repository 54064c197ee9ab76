"""Families as text: the format of Prometheus (0.0.4), or OpenMetrics 1.0. Pure: figures in, bytes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.metrics.families import Family

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_UNITS = ("seconds", "bytes")


def written(families: Iterable[Family], *, openmetrics: bool = False) -> bytes:
    """The text of a scrape."""
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines += _head(family, openmetrics=openmetrics)
            for labels, figures in family.samples:
                lines += _series(family, labels, figures)
    if openmetrics:
        lines.append("# EOF")
    return "\n".join([*lines, ""]).encode()


def _head(family: Family, *, openmetrics: bool) -> Iterator[str]:
    name = family.name.removesuffix("_total") if openmetrics and family.kind == "counter" else family.name
    yield f"# HELP {name} {_escaped(family.told)}"
    yield f"# TYPE {name} {family.kind}"
    unit = name.rpartition("_")[2]
    if openmetrics and unit in _UNITS:
        yield f"# UNIT {name} {unit}"


def _series(family: Family, labels: tuple[str, ...], figures: list[float]) -> Iterator[str]:
    said = ",".join(
        f'{name}="{_escaped(value)}"' for name, value in zip(family.labels, labels, strict=True)
    )  # fmt: skip
    if family.kind != "histogram":
        yield f"{family.name}{{{said}}} {_number(figures[0])}" if said else f"{family.name} {_number(figures[0])}"
        return
    before = f"{said}," if said else ""
    so_far = 0.0
    for bound, count in zip((*map(str, family.bounds), "+Inf"), figures, strict=False):
        so_far += count
        yield f'{family.name}_bucket{{{before}le="{bound}"}} {_number(so_far)}'
    braced = f"{{{said}}}" if said else ""
    yield f"{family.name}_sum{braced} {_number(figures[-1])}"
    yield f"{family.name}_count{braced} {_number(so_far)}"


def _number(figure: float) -> str:
    return str(int(figure)) if figure == int(figure) else repr(figure)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
