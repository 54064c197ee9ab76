"""What the values of a text file look like, column by column: candidates by its first rows, each proven on all rows.

A type is told only where it keeps every value as it is: numbers with leading zeros or too many digits stay text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resolvers.files.scan import name, text
from resolvers.files.settings import ColumnType, FileTableSettings
from resolvers.files.types import DECIMAL_DIGITS

_FIRST_ROWS = 10_000
_INT_DIGITS = 9
_MOST_SCALE = 12
_V = "\0"
"""Stands for a value in a condition."""
_WHOLE_PART = r"-?(0|[1-9][0-9]{0,17})"
_WHOLE = r"0|-?[1-9][0-9]{0,17}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
_ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2})"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _checks(settings: FileTableSettings) -> dict[str, str]:
    """Type → the condition that a value has it; the first that all values fulfil counts."""
    separator = "[.]" if settings.decimal == "." else ","
    dates = f"regexp_full_match({_V}, '{_DAY}') AND try_cast({_V} AS DATE) IS NOT NULL"
    if settings.date_format is not None:
        dates = f"try_strptime({_V}, {text(settings.date_format)}) IS NOT NULL"
    moments = f"regexp_full_match({_V}, '{_DAY}[ T]{_TIME}') AND try_cast({_V} AS TIMESTAMP) IS NOT NULL"
    if settings.datetime_format is not None:
        moments = f"try_strptime({_V}, {text(settings.datetime_format)}) IS NOT NULL"
    zoned = f"regexp_full_match({_V}, '{_DAY}[ T]{_TIME}{_ZONE}') AND try_cast({_V} AS TIMESTAMPTZ) IS NOT NULL"
    checks = {
        "BOOLEAN": f"lower({_V}) IN ('true', 'false')",
        "BIGINT": f"regexp_full_match({_V}, '{_WHOLE}')",
        "DECIMAL": f"regexp_full_match({_V}, '{_WHOLE_PART}({separator}[0-9]{{1,{_MOST_SCALE}}})?')",
        "DATE": dates,
        "TIMESTAMP": moments,
        "TIMESTAMP WITH TIME ZONE": zoned,
        "TIME": f"regexp_full_match({_V}, '{_TIME}') AND try_cast({_V} AS TIME) IS NOT NULL",
        "UUID": f"regexp_full_match({_V}, '{_UUID}')",
    }
    if settings.date_format is None:
        return checks
    return {"DATE": checks.pop("DATE"), **checks}  # 20240131 is a date where the file says so, and else a number


class Profile:
    """The types of the columns of ``select``, whose values are all text."""

    def __init__(self, cursor: Any, select: str, settings: FileTableSettings, sample_rows: int | None) -> None:
        self._cursor = cursor
        self._settings = settings
        self._rows = f"({select})" if sample_rows is None else f"(FROM ({select}) LIMIT {sample_rows})"
        self._first = f"(FROM ({select}) LIMIT {_FIRST_ROWS})"
        self._checks = _checks(settings)

    def told(self, columns: Sequence[str]) -> Mapping[str, str]:
        """Type by column."""
        if not columns:
            return {}
        open_ = {column: list(types) for column, types in self._fitting(columns, self._checks, self._first).items()}
        found: dict[str, str] = {}
        while open_:
            trying = {column: types[0] for column, types in open_.items() if types}
            found |= {column: "VARCHAR" for column, types in open_.items() if not types}
            proven = self._proven(trying)
            found |= {column: self._narrowed(column, trying[column], longest) for column, longest in proven.items()}
            open_ = {column: types[1:] for column, types in open_.items() if types and column not in proven}
        return found

    def small(self, columns: Sequence[str]) -> set[str]:
        """Those columns of whole numbers whose values have few digits."""
        if not columns:
            return set()
        parts = ", ".join(f"max(length({name(each)}))" for each in columns)
        row = self._cursor.execute(f"SELECT {parts} FROM {self._rows}").fetchone()  # noqa: S608  # names are quoted
        return {each for each, longest in zip(columns, row, strict=True) if (longest or 0) <= _INT_DIGITS}

    def scale(self, column: str) -> int:
        """How many digits stand after the point, at most."""
        quoted = name(column)
        separator = text(self._settings.decimal)
        fraction = (
            f"CASE WHEN instr({quoted}, {separator}) > 0 THEN length({quoted}) - instr({quoted}, {separator}) END"
        )
        (found,) = self._cursor.execute(f"SELECT max({fraction}) FROM {self._rows}").fetchone()  # noqa: S608
        return min(max(found or 0, 2), DECIMAL_DIGITS - 1)

    def _fitting(self, columns: Sequence[str], checks: Mapping[str, str], rows: str) -> dict[str, list[str]]:
        """The types that all values have; none where there are no values."""
        parts = [
            f"count(*) FILTER ({check.replace(_V, name(column))})" for column in columns for check in checks.values()
        ]
        parts += [f"count({name(column)})" for column in columns]
        row = self._cursor.execute(f"SELECT {', '.join(parts)} FROM {rows}").fetchone()  # noqa: S608  # names are quoted
        counts = row[len(columns) * len(checks) :]
        found = {}
        for place, column in enumerate(columns):
            fulfilled = row[place * len(checks) : (place + 1) * len(checks)]
            all_ = counts[place]
            found[column] = [type_ for type_, count in zip(checks, fulfilled, strict=True) if all_ and count == all_]
        return found

    def _proven(self, trying: Mapping[str, str]) -> dict[str, int]:
        """Column → the length of its longest value, of those whose values all have the type that is tried."""
        if not trying:
            return {}
        parts = []
        for column, type_ in trying.items():
            quoted = name(column)
            check = self._checks[type_].replace(_V, quoted)
            parts += [f"count({quoted}) - count(*) FILTER ({check})", f"max(length({quoted}))"]
        row = self._cursor.execute(f"SELECT {', '.join(parts)} FROM {self._rows}").fetchone()  # noqa: S608
        return {column: row[2 * place + 1] or 0 for place, column in enumerate(trying) if row[2 * place] == 0}

    def _narrowed(self, column: str, type_: str, longest: int) -> str:
        if type_ == "DECIMAL":
            return f"DECIMAL({DECIMAL_DIGITS}, {self.scale(column)})"
        return "INTEGER" if type_ == "BIGINT" and longest <= _INT_DIGITS else type_


def stated_scale(profile: Profile, column: str, stated: ColumnType) -> int:
    """The digits after the point of a column whose type is stated."""
    return profile.scale(column) if stated == "Decimal" else 0
