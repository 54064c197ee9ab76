"""What systems of twenty years write: days of a year, centuries in a digit, implied decimals, signs behind, flags."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resolvers import ShapeSettings
from resolvers.model import Scalar
from resolvers.shaping.coding import UNREADABLE, Coding, NoCoding


def coding(base: Scalar = Scalar.STRING, **said: Any) -> Coding:
    return ShapeSettings.model_validate(said).coding(base)


@pytest.mark.parametrize(
    ("said", "base", "written", "value", "others"),
    [
        ({"format": "YYMMDD", "pivot": 1930}, "String", "300101", date(1930, 1, 1), ["20300101", "301301"]),
        ({"format": "YYMMDD", "pivot": 1930}, "String", "291231", date(2029, 12, 31), ["2912 1"]),
        ({"format": "YYMMDD", "pivot": 2000}, "Int", 70102, date(2007, 1, 2), [1070102, 71302]),
        ({"format": "YYDDD", "pivot": 1950}, "String", "24366", date(2024, 12, 31), ["23366", "24000", "24367"]),
        ({"format": "YYYYDDD"}, "String", "2023001", date(2023, 1, 1), ["2023366"]),
        ({"format": "CYYMMDD"}, "Int", 991231, date(1999, 12, 31), [1991331]),
        ({"format": "CYYDDD"}, "String", "124366", date(2024, 12, 31), ["123366"]),
        ({"format": "DD-MON-YYYY"}, "String", "05-MAY-1999", date(1999, 5, 5), ["05-May-1999", "05-MAI-1999"]),
        ({"format": "D Mon YYYY"}, "String", "5 Dec 1999", date(1999, 12, 5), ["05 Dec 1999"]),
        ({"format": "M/D/YYYY h:mm A"}, "String", "1/31/2006 12:05 AM", datetime(2006, 1, 31, 0, 5),  # noqa: DTZ001
         ["1/31/2006 0:05 AM", "1/31/2006 13:05 PM", "1/31/2006 12:05 am"]),
        ({"format": "days since 1970-01-01"}, "Int", -1, date(1969, 12, 31), [4_000_000]),
        ({"format": "days since 1899-12-30"}, "String", "45000", date(2023, 3, 15), ["045000", "45000.5"]),
        ({"format": "0000000", "scale": 2}, "String", "0012345", Decimal("123.45"), ["12345", "00123.5", "-012345"]),
        ({"format": "00000-", "scale": 3}, "String", "00001-", Decimal("-0.001"), ["-00001", "00000-", "00001+"]),
        ({"format": "0000+"}, "String", "0012+", 12, ["0012", "+0012"]),
        ({"format": "-000"}, "String", "-012", -12, ["012-", "+012"]),
        ({"scale": 2}, "Int", 12300, Decimal("123.00"), []),
        ({"scale": 2}, "String", "-5", Decimal("-0.05"), ["005", "5.0"]),
        ({"scale": 2}, "Decimal", Decimal(12345), Decimal("123.45"), []),
        ({"format": "X/ "}, "String", " ", False, ["", "x"]),
    ],
)  # fmt: skip
def test_values_are_read_and_written_in_one_way(
    said: dict[str, Any], base: str, written: object, value: object, others: list[object]
) -> None:
    made = coding(Scalar(base), **said)
    assert made.read(written) == value
    assert str(made.read(written)) == str(value)
    assert made.back(value) == written
    assert type(made.back(value)) is type(written)
    for other in others:
        with pytest.raises(UNREADABLE):
            made.read(other)


@pytest.mark.parametrize(
    ("said", "base", "what", "mend", "told"),
    [
        ({"format": "YYMMDD"}, "String", "of which century", "pivot: 1930", ("format",)),
        ({"format": "YYYYMMDD", "pivot": 1930}, "String", "years of two digits", "remove pivot", ("pivot",)),
        ({"format": "9(5)V99"}, "String", "a picture of COBOL", "scale: 2", ("format",)),
        ({"format": "S9(7)"}, "String", "a picture of COBOL", "as many zeros", ("format",)),
        ({"format": "00000{"}, "String", "overpunch", "signs of their own", ("format",)),
        ({"format": "YYYY-MM-DD HH:mm +00:00"}, "String", "one moment is written in several ways", "type", ("format",)),
        ({"format": "hh:mm"}, "String", "which half of the day", "write A", ("format",)),
        ({"format": "HH:mm A"}, "String", "which half of the day", "hh or h", ("format",)),
        ({"format": "YYYYDDDMM"}, "String", "no whole date", "YYYY and DDD", ("format",)),
        ({"format": "DD-MON-YYYY"}, "Int", "whole numbers are not written", "digits alone", ("format",)),
        ({"format": "days since 1970-02-30"}, "Int", "is no day", "1970-01-01", ("format",)),
        ({"format": "+000-"}, "String", "two signs", "one of them", ("format",)),
        ({"format": "1.234,56", "scale": 2}, "String", "of whole numbers", "format of zeros", ("scale",)),
        ({"format": "Y/N", "scale": 2}, "String", "of whole numbers", "or alone", ("scale",)),
        ({"scale": 2}, "Float", "imply no decimals", "remove scale", ("scale",)),
        ({"zone": "Europe/Berlin"}, "String", "are in no zone", "their format", ("zone",)),
        ({"format": "YYYYMMDD", "zone": "Europe/Berlin"}, "String", "a date with a time", "remove zone", ("zone",)),
        ({"format": "unix", "zone": "Europe/Berlin"}, "Int", "says the zone already", "remove zone", ("zone",)),
        ({"format": "YYYYMMDDTHHmmssZ", "zone": "Europe/Berlin"}, "String", "says the zone already", "", ("zone",)),
        ({"format": "YYYYMMDDHHmm", "zone": "Europe/Berln"}, "String", "no zone", '"Europe/Berlin"', ("zone",)),
        ({"format": "YYYYMMDDHHmm", "zone": "../../etc/passwd"}, "String", "no zone", "", ("zone",)),
    ],
)
def test_what_is_not_read_is_refused_with_its_reason(
    said: dict[str, Any], base: str, what: str, mend: str, told: tuple[str, ...]
) -> None:
    settings = ShapeSettings.model_validate(said)
    with pytest.raises(NoCoding) as raised:
        settings.coding(Scalar(base))
    assert what in raised.value.what
    assert mend in raised.value.mend
    assert settings.told(raised.value) == told


@pytest.mark.parametrize(
    "said",
    [
        {"pivot": 1930},
        {"scale": 2, "zone": "Europe/Berlin"},
        {"values": {"a": "A"}, "zone": "Europe/Berlin"},
        {"type": "Int", "scale": 2},
        {"flatten": True, "scale": 2},
    ],
)
def test_what_does_not_stand_together_is_told_by_the_file_alone(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is said of"):
        ShapeSettings.model_validate(said)


def test_two_digits_are_ordered_only_where_their_hundred_years_are_those_of_a_century() -> None:
    assert not coding(format="YYMMDD", pivot=1930).ordered
    assert coding(format="YYMMDD", pivot=1900).ordered
    assert coding(format="CYYDDD").ordered


WHOLE = st.integers(-(10**6), 10**6)


@given(st.integers(0, 99999), st.decimals(-10, 1200, places=4))
@example(12300, Decimal("123.001"))
def test_what_falls_between_two_values_is_compared_all_the_same(written: int, bound: Decimal) -> None:
    """A source of cents is asked for more than 1.005: the least that it has is 1.01."""
    for made, text in ((coding(format="00000", scale=2), f"{written:05}"), (coding(Scalar.INT, scale=2), written)):
        value = made.read(text)
        assert isinstance(value, Decimal)
        try:
            under = made.under(bound)
        except UNREADABLE:
            assert bound < 0, "of no value is known that it is below"
            continue
        assert (text > under) == (value > bound)  # type: ignore[operator]  # two texts or two numbers


@given(st.dates(date(1950, 1, 1), date(2049, 12, 31)), st.sampled_from(["YYMMDD", "DDMMYY", "YYDDD", "D.M.YY"]))
def test_two_digits_mean_one_year_of_a_hundred(day: date, form: str) -> None:
    made = coding(format=form, pivot=1950)
    assert made.read(made.back(day)) == day
