"""The figures as pictures: SVG, written by hand so that it needs no library. Text is dark on a light ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

from benchmarks.growth import Growth
from benchmarks.measure import Figures
from benchmarks.report import UNDELAYED

COLOURS = ("#5f6b7a", "#0b7a75", "#7fb7b3", "#c9772b", "#8a4f9e", "#b33951")
LEFT, RIGHT, BAR = 140, 70, 13
WIDTH = 760


class Drawing:
    """Marks on a ground of ``WIDTH`` by ``height`` pixels."""

    def __init__(self, height: int, title: str) -> None:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="11" fill="#1c2430"><title>{title}</title>'
        )
        self.parts = [
            head,
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        ]
        self.text(12, 22, title, size=14)

    def text(self, x: float, y: float, words: str, *, anchor: str = "start", size: int = 11) -> None:
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{words}</text>')

    def bar(self, x: float, y: float, width: float, colour: str) -> None:
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BAR - 3}" fill="{colour}"/>')

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float = 1) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>')

    def dot(self, x: float, y: float, colour: str) -> None:
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')

    def done(self) -> str:
        return "\n".join([*self.parts, "</svg>", ""])


class Scale:
    """Logarithmic: values to pixels between ``start`` and ``end``, over whole powers of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        self.low, self.high = floor(log10(min(positive))), ceil(log10(max(positive)))
        self.high += self.high == self.low
        self.start, self.end = start, end

    def at(self, value: float) -> float:
        part = (log10(max(value, 10.0**self.low)) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


class Even:
    """Linear from nothing: values to pixels between ``start`` and ``end``, in steps of 50."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.steps = ceil(max(values) / 50)
        self.start, self.end = start, end

    def at(self, value: float) -> float:
        return self.start + value / (50 * self.steps) * (self.end - self.start)

    def ticks(self) -> list[float]:
        return [50.0 * step for step in range(self.steps + 1)]


def bars(figures: Mapping[str, Figures]) -> str:
    """CPU ms per request, a group of bars for each query, a bar for each competitor."""
    group = BAR * len(figures) + 14
    bottom = 62 + group * len(UNDELAYED)
    drawing = Drawing(bottom + 22, "CPU milliseconds per request (median; logarithmic)")
    shown = {
        (name, query): figure.middle(query)
        for name, figure in figures.items()
        for query in UNDELAYED
        if query in figure.single
    }
    scale = Scale(list(shown.values()), LEFT, WIDTH - RIGHT)
    _legend(drawing, list(figures), 40)
    for tick in scale.ticks():
        drawing.line([(scale.at(tick), 54), (scale.at(tick), bottom)], "#d9dee5")
        drawing.text(scale.at(tick), bottom + 14, f"{tick:g}", anchor="middle")
    for place, query in enumerate(UNDELAYED):
        top = 60 + place * group
        drawing.text(LEFT - 12, top + group / 2, query, anchor="end", size=13)
        for row, (name, colour) in enumerate(zip(figures, COLOURS, strict=False)):
            y = top + row * BAR
            if (name, query) not in shown:
                drawing.text(LEFT + 4, y + BAR - 4, "not served")
                continue
            value = shown[name, query]
            drawing.bar(LEFT, y, scale.at(value) - LEFT, colour)
            drawing.text(scale.at(value) + 4, y + BAR - 4, f"{value:.2f}" if value < 10 else f"{value:.0f}")
    return drawing.done()


def curves(growth: Growth) -> str:
    """CPU ms and peak MiB by rows, a curve for each number of joins."""
    drawing = Drawing(330, "One request by rows: CPU ms (both axes logarithmic) and peak MiB")
    _legend(drawing, [f"{joins} join{'s' * (joins > 1)}" for joins in growth.cells], 40, COLOURS[1:])
    for left, unit in ((60, "CPU ms"), (430, "peak MiB")):
        found = {
            joins: {rows: cell.cpu_ms if unit == "CPU ms" else cell.peak_mib for rows, cell in cells.items()}
            for joins, cells in growth.cells.items()
        }
        across = Scale([rows for cells in found.values() for rows in cells], left, left + 290)
        values = [value for cells in found.values() for value in cells.values()]
        up = Scale(values, 290, 75) if unit == "CPU ms" else Even(values, 290, 75)
        drawing.text(left - 40, 62, unit)
        for tick in across.ticks():
            drawing.line([(across.at(tick), 75), (across.at(tick), 290)], "#d9dee5")
            drawing.text(across.at(tick), 306, f"{tick:,.0f}", anchor="middle")
        for tick in up.ticks():
            drawing.line([(left, up.at(tick)), (left + 290, up.at(tick))], "#d9dee5")
            drawing.text(left - 6, up.at(tick) + 4, f"{tick:g}", anchor="end")
        drawing.text(left + 145, 322, "rows", anchor="middle")
        for cells, colour in zip(found.values(), COLOURS[1:], strict=False):
            points = [(across.at(rows), up.at(value)) for rows, value in cells.items()]
            drawing.line(points, colour, 2)
            for point in points:
                drawing.dot(*point, colour)
    return drawing.done()


def _legend(drawing: Drawing, names: Sequence[str], y: float, colours: Sequence[str] = COLOURS) -> None:
    x = 12.0
    for name, colour in zip(names, colours, strict=False):
        drawing.bar(x, y - 9, 12, colour)
        drawing.text(x + 17, y, name)
        x += 32 + 6.5 * len(name)
