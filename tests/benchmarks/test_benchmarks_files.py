"""The questions of the benchmark of files are answered with what was written, of CSV and of Parquet."""

from __future__ import annotations

from pathlib import Path

from benchmarks.files import QUESTIONS, markdown, measured, write


def test_answers_are_what_was_written_and_everything_is_measured(tmp_path: Path) -> None:
    expected = write(tmp_path, 30_000)
    figures = [measured(tmp_path, name, expected, rounds=1) for name in ("deliveries.csv", "deliveries.parquet")]
    for each in figures:
        assert set(each.seconds) == set(QUESTIONS)
        assert each.asking_mib > 0
    assert "| deliveries.parquet | " in markdown(figures)
