"""The lexical forms and ranges of the built-in types (XML Schema part 2, section 3). No value is made here."""

from __future__ import annotations

import re

from resolvers.model import Scalar

KEPT = frozenset({"string", "anySimpleType"})
"""Types whose white space is part of the value."""
SPACES = re.compile("[\t\n\r]")

_ZONE = r"(?:Z|[+-]\d\d:\d\d)?"
_YEAR = r"-?\d{4,}"
_TIME = r"\d\d:\d\d:\d\d(?:\.\d+)?"


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


DATES = {
    Scalar.DATE: _form(rf"{_YEAR}-\d\d-\d\d{_ZONE}"),
    Scalar.DATE_TIME: _form(rf"{_YEAR}-\d\d-\d\dT{_TIME}{_ZONE}"),
    Scalar.TIME: _form(rf"{_TIME}{_ZONE}"),
}
INTEGER = _form(r"[+-]?\d{1,4000}")
DECIMAL = _form(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
FLOAT = _form(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
HEX = _form(r"(?:[0-9a-fA-F]{2})*")
QNAME = re.compile(r"(?:\{([^{}\s]*)\})?([^\W\d][\w.\-]*)")
"""A qualified name as values hold it: the local name, and its namespace before it in braces."""

_DAYS = r"(?:\d+Y)?(?:\d+M)?(?:\d+D)?"
_CLOCK = r"(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
TEXTS: dict[str, tuple[re.Pattern[str], str]] = {
    "duration": (_form(rf"-?P(?=\d|T\d){_DAYS}{_CLOCK}"), "a duration such as P1DT2H30M"),
    "dayTimeDuration": (_form(rf"-?P(?=\d|T\d)(?:\d+D)?{_CLOCK}"), "a duration of days and times such as P1DT2H"),
    "yearMonthDuration": (_form(r"-?P(?=\d)(?:\d+Y)?(?:\d+M)?"), "a duration of years and months such as P1Y6M"),
    "gYear": (_form(rf"{_YEAR}{_ZONE}"), "a year such as 2026"),
    "gYearMonth": (_form(rf"{_YEAR}-\d\d{_ZONE}"), "a month of a year such as 2026-01"),
    "gMonth": (_form(rf"--\d\d{_ZONE}"), "a month such as --01"),
    "gMonthDay": (_form(rf"--\d\d-\d\d{_ZONE}"), "a day of a month such as --01-31"),
    "gDay": (_form(rf"---\d\d{_ZONE}"), "a day such as ---31"),
    "hexBinary": (HEX, "bytes as pairs of hexadecimal digits"),
    "language": (_form(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*"), "a language such as en-GB"),
    "NCName": (re.compile(r"[^\W\d][\w.\-]*"), "a name without a colon"),
    "ID": (re.compile(r"[^\W\d][\w.\-]*"), "a name without a colon"),
    "IDREF": (re.compile(r"[^\W\d][\w.\-]*"), "a name without a colon"),
    "NMTOKEN": (re.compile(r"[\w.\-:]+"), "letters, digits, points, hyphens and colons"),
}
"""Types that are served as plain text and yet have a form: the form, and how a caller is told of it."""

RANGES: dict[str, tuple[int | None, int | None]] = {
    "byte": (-(2**7), 2**7 - 1),
    "short": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "unsignedByte": (0, 2**8 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "positiveInteger": (1, None),
    "nonNegativeInteger": (0, None),
    "negativeInteger": (None, -1),
    "nonPositiveInteger": (None, 0),
}
"""The least and the greatest value of each bounded integer type; ``None``: there is none."""
