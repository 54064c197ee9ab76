from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import pages
from benchmarks.growth import DOCUMENTS, JOINS, ROWS, Cell, Growth, document, growth_markdown
from benchmarks.measure import Figures, Taken
from benchmarks.picture import bars, curves
from benchmarks.queries import CALLS, QUERIES
from benchmarks.report import UNDELAYED, markdown


def figures(factor: float, *, without: str = "") -> Figures:
    taken = {
        query: Taken([2 * factor, factor, 3 * factor], [100.0, 50.0, 80.0], [float(ms) for ms in range(1, 102)])
        for query in QUERIES
        if query != without
    }
    return Figures(taken, taken, {query: CALLS[query] for query in taken}, 64.4)


def test_tables_say_least_and_median_multiples_rates_percentiles_and_calls() -> None:
    lines = markdown({"limit": figures(1), "slow": figures(7, without="Q5")}).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| slow")]
    cpu, multiples, rates, latencies, _, calls = rows
    assert cpu == ["slow", *(["7.00/14.00"] * 4), "-", "7.00/14.00", "64"]
    assert multiples == ["slow", *(["7.00"] * 4), "-", "7.00"]
    assert rates == ["slow", *(["80/80"] * 4), "-", "80/80", "80/80"]
    assert latencies == ["slow", *(["51.0/100.0"] * 4), "-", "51.0/100.0", "51.0/100.0"]
    assert calls == ["slow", "1", "1", "2", "2", "-", "101", "3"]


def test_the_picture_has_a_bar_for_every_figure_and_says_what_is_not_served() -> None:
    picture = bars({"limit": figures(1), "slow": figures(7, without="Q5")})
    texts = [part.text for part in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]  # our own
    assert texts.count("2.00") == len(UNDELAYED)
    assert texts.count("14") == len(UNDELAYED) - 1
    assert texts.count("not served") == 1


def test_growth_is_shown_by_rows_and_joins() -> None:
    growth = Growth(
        {joins: {rows: Cell(rows / 100 * joins, 100.0 + rows / 1000) for rows in ROWS} for joins in JOINS},
        {0: 100.0, DOCUMENTS: 150.0},
    )
    assert "| 10,000 | 100.00/110 | 200.00/110 | 300.00/110 |" in growth_markdown(growth)
    drawn = ET.fromstring(curves(growth))
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == 2 * len(ROWS) * len(JOINS)


def test_no_two_documents_are_the_same() -> None:
    assert len({document(number) for number in range(1, DOCUMENTS + 1)}) == DOCUMENTS


def test_only_what_stands_between_the_markers_is_rewritten(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("before\n<!-- growth: written by --write-docs -->\nold\n<!-- end of growth -->\nafter\n", "utf-8")
    pages.write("growth", "new\n", "<svg/>", page)
    assert page.read_text("utf-8") == (
        "before\n<!-- growth: written by --write-docs -->\n\nnew\n\n<!-- end of growth -->\nafter\n"
    )
    assert (tmp_path / "performance-growth.svg").read_text("utf-8") == "<svg/>"
    with pytest.raises(ValueError, match="once each"):
        pages.write("figures", "new\n", "<svg/>", page)
