"""Random text of the simple types of XML Schema part 2, untidy where the type allows it. It knows no elements."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

_UNTIDY = (
    "a",
    "Z",
    "9",
    "é",
    "ß",
    "λ",
    "漢",
    "🦉",
    "&",
    "<",
    ">",
    '"',
    "'",
    "]]>",
    "  ",
    "\n",
    "\t",
    "-",
    "_",
    "%",
    "{}",
)
_WORDS = ("alpha", "beta-2", "Ωmega", "x_1", "long.er", "été")
_NAMES = ("alpha", "b-2", "x_1", "Long.er", "_n")
_ZONES = ("", "", "Z", "+00:00", "-05:00", "+14:00", "+05:45")
_BOUNDS: dict[str, tuple[int | None, int | None]] = {
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
    "integer": (None, None),
}
LISTS = {"NMTOKENS": "NMTOKEN", "IDREFS": "NMTOKEN", "ENTITIES": "NMTOKEN"}


@dataclass
class Facets:
    """What one simple type allows, all its steps of derivation together."""

    builtin: str = "string"
    values: list[str] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    length: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    least: str | None = None
    most: str | None = None
    above: str | None = None
    below: str | None = None
    total_digits: int | None = None
    fraction_digits: int | None = None
    many: Facets | None = None
    union: list[Facets] = field(default_factory=list)


def text_of(facets: Facets, rng: random.Random) -> str:
    """A text that most likely is of the type: facets on dates are not looked at, and patterns only one by one."""
    if facets.values:
        return rng.choice(facets.values)
    if facets.union:
        return text_of(rng.choice(facets.union), rng)
    if facets.many is not None or facets.builtin in LISTS:
        item = facets.many or Facets(LISTS[facets.builtin])
        least = facets.length if facets.length is not None else facets.min_length or int(facets.builtin in LISTS)
        most = facets.length if facets.length is not None else min(facets.max_length or least + 3, least + 3)
        return " ".join(text_of(item, rng) for _ in range(rng.randint(least, max(least, most))))
    if facets.patterns:
        return matching(rng.choice(facets.patterns), rng)
    if facets.builtin in _BOUNDS:
        return _integer(facets, rng)
    make = _MAKERS.get(facets.builtin, _token)
    return make(facets, rng)


def _span(facets: Facets, rng: random.Random, usual: int = 12) -> int:
    if facets.length is not None:
        return facets.length
    least = facets.min_length or 0
    most = facets.max_length if facets.max_length is not None else least + usual
    return rng.randint(least, max(least, min(most, least + usual)))


def _string(facets: Facets, rng: random.Random) -> str:
    wanted = _span(facets, rng)
    made = ""
    while len(made) < wanted:
        made += rng.choice(_UNTIDY) if wanted - len(made) > 3 else rng.choice("abZ9é漢&")
    return made[:wanted]


def _normalized(facets: Facets, rng: random.Random) -> str:
    return _string(facets, rng).replace("\n", " ").replace("\t", " ")


def _token(facets: Facets, rng: random.Random) -> str:
    if facets.length is None and facets.max_length is None and not facets.min_length:
        return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(0, 3)))
    return "".join(rng.choice("abZ9é漢&") for _ in range(_span(facets, rng)))


def _name(facets: Facets, rng: random.Random) -> str:
    made = rng.choice(_NAMES)
    wanted = _span(facets, rng) or 1
    bounded = facets.length is not None or facets.max_length is not None or facets.min_length
    return (made * wanted)[:wanted].rstrip(".-") or "n" if bounded else made


def _integer(facets: Facets, rng: random.Random) -> str:
    lowest, highest = _BOUNDS[facets.builtin]
    least = max(
        [bound for bound in (lowest, _whole(facets.least), _whole(facets.above, 1)) if bound is not None], default=None
    )
    most = min(
        [bound for bound in (highest, _whole(facets.most), _whole(facets.below, -1)) if bound is not None], default=None
    )
    if facets.total_digits is not None:
        digits = 10**facets.total_digits - 1
        least, most = max(-digits, -digits if least is None else least), min(digits, digits if most is None else most)
    far = 10 ** rng.choice((1, 3, 9, 20))
    low = least if least is not None else (most if most is not None else 0) - far
    high = most if most is not None else (least if least is not None else 0) + far
    if low > high:
        return str(low)
    near = [bound for bound in (low, high, 0, 7) if low <= bound <= high]
    return str(rng.choice(near) if rng.random() < 0.3 else rng.randint(low, high))


def _whole(text: str | None, by: int = 0) -> int | None:
    return None if text is None else int(Decimal(text)) + by


def _decimal(facets: Facets, rng: random.Random) -> str:
    fraction = facets.fraction_digits if facets.fraction_digits is not None else rng.choice((0, 1, 2, 12))
    if facets.total_digits is not None:
        fraction = min(fraction, facets.total_digits)
    bounds = [Decimal(bound) for bound in (facets.least, facets.above, facets.most, facets.below) if bound is not None]
    whole = max(1, min(facets.total_digits or 18, 18) - fraction)
    unit = Decimal(1).scaleb(-fraction)
    low, high = -(Decimal(10) ** whole) + 1, Decimal(10) ** whole - 1
    if bounds:
        low = Decimal(facets.least or facets.above or str(min(low, bounds[0] - 10)))
        high = Decimal(facets.most or facets.below or str(max(high, bounds[0] + 10)))
        low += unit if facets.above is not None else 0
        high -= unit if facets.below is not None else 0
    steps = int((high - low) / unit)
    return format(low + unit * rng.randint(0, max(0, steps)), "f")


def _float(facets: Facets, rng: random.Random) -> str:
    if any(bound is not None for bound in (facets.least, facets.most, facets.above, facets.below)):
        return _decimal(Facets("decimal", least=facets.least, most=facets.most, fraction_digits=2), rng)
    if facets.builtin == "float":  # what 32 bits hold exactly, so that nobody has to round
        return rng.choice(("0", "1.5", "-2.25", "1.0E3", "16777216", "-0.125"))
    return rng.choice(("0", "1.5", "-2.25", "1.0E3", "123456789.125", "1e-7", "6.02214076E23"))


def _boolean(_: Facets, rng: random.Random) -> str:
    return rng.choice(("true", "false", "1", "0"))


def _day(rng: random.Random) -> str:
    return (
        f"{rng.choice((1, 999, 1582, 1970, 2000, 2024, 2400, 9999)):04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    )


def _clock(rng: random.Random) -> str:
    fraction = rng.choice(("", "", ".5", ".125", ".123456"))
    return f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}{fraction}"


def _date(_: Facets, rng: random.Random) -> str:
    return _day(rng) + rng.choice(_ZONES)


def _date_time(_: Facets, rng: random.Random) -> str:
    return f"{_day(rng)}T{_clock(rng)}{rng.choice(_ZONES)}"


def _time(_: Facets, rng: random.Random) -> str:
    return _clock(rng) + rng.choice(_ZONES)


def _duration(_: Facets, rng: random.Random) -> str:
    return rng.choice(("", "-")) + rng.choice(("P1Y2M3DT4H5M6S", "P10D", "PT0.125S", "PT36H", "P1Y", "P14M", "PT0S"))


def _base64(facets: Facets, rng: random.Random) -> str:
    return base64.b64encode(rng.randbytes(_span(facets, rng))).decode()


def _hex(facets: Facets, rng: random.Random) -> str:
    made = rng.randbytes(_span(facets, rng)).hex()
    return made.upper() if rng.random() < 0.5 else made


def _year(_: Facets, rng: random.Random) -> str:
    return rng.choice(("1999", "2024Z", "0044", "2400+02:00"))


def _year_month(_: Facets, rng: random.Random) -> str:
    return rng.choice(("1999-12", "2024-02Z", "2400-07-03:00"))


_MAKERS: dict[str, Callable[[Facets, random.Random], str]] = {
    "string": _string,
    "anySimpleType": _token,
    "anyAtomicType": _token,
    "normalizedString": _normalized,
    "token": _token,
    **dict.fromkeys(("Name", "NCName", "NMTOKEN", "ID", "IDREF"), _name),
    "language": lambda _, rng: rng.choice(("en", "de-CH", "zh-Hant-TW")),
    "anyURI": lambda _, rng: rng.choice(("urn:a:1", "http://example.com/?a=1&b=%20#c", "x")),
    "QName": lambda _, rng: rng.choice(("xs:string", "xs:int")),
    "decimal": _decimal,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "date": _date,
    "dateTime": _date_time,
    "time": _time,
    **dict.fromkeys(("duration", "dayTimeDuration", "yearMonthDuration"), _duration),
    "base64Binary": _base64,
    "hexBinary": _hex,
    "gYear": _year,
    "gYearMonth": _year_month,
    "gMonth": lambda _, rng: rng.choice(("--02", "--12Z")),
    "gMonthDay": lambda _, rng: rng.choice(("--02-29", "--12-31Z")),
    "gDay": lambda _, rng: rng.choice(("---31", "---01Z")),
}

_ESCAPES = {"d": "0123456789", "w": "abXY019", "s": " ", "i": "abX_", "c": "abX-.9", "D": "ab", "S": "ab9", "W": "-"}


def matching(pattern: str, rng: random.Random) -> str:
    """A text that a pattern of XML Schema (part 2, appendix F) matches, for the plain ones that people write."""
    branches = _split(pattern)
    made, rest = "", rng.choice(branches)
    while rest:
        options, rest = _atom(rest, rng)
        least, most, rest = _times(rest)
        made += "".join(options() for _ in range(rng.randint(least, most)))
    return made


def _split(pattern: str) -> list[str]:
    """The branches of a pattern, parted by bars outside of brackets."""
    found, depth, start, index = [], 0, 0, 0
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            index += 1
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "|" and not depth:
            found.append(pattern[start:index])
            start = index + 1
        index += 1
    return [*found, pattern[start:]]


def _atom(text: str, rng: random.Random) -> tuple[Callable[[], str], str]:
    if text[0] == "(":
        end = _closing(text, "(", ")")
        inner = text[1:end].removeprefix("?:")
        return (lambda: matching(inner, rng)), text[end + 1 :]
    if text[0] == "[":
        end = _closing(text, "[", "]")
        chars = _class(text[1:end])
        return (lambda: rng.choice(chars)), text[end + 1 :]
    if text[0] == "\\":
        if text[1] in "pP":
            return (lambda: rng.choice("abé")), text[text.index("}") + 1 :]
        chars = _ESCAPES.get(text[1], {"n": "\n", "t": "\t", "r": "\r"}.get(text[1], text[1]))
        return (lambda: rng.choice(chars)), text[2:]
    if text[0] == ".":
        return (lambda: rng.choice("abZ9é")), text[1:]
    return (lambda: text[0]), text[1:]


def _closing(text: str, opens: str, closes: str) -> int:
    depth, index = 0, 0
    while index < len(text):
        if text[index] == "\\":
            index += 1
        elif text[index] == opens:
            depth += 1
        elif text[index] == closes:
            depth -= 1
            if not depth:
                return index
        index += 1
    raise ValueError(text)


def _class(inside: str) -> str:
    if inside.startswith("^"):
        refused = _class(inside[1:])
        return "".join(char for char in "abzXY019 -_.é" if char not in refused) or "漢"
    chars, index = "", 0
    while index < len(inside):
        if inside[index] == "\\" and index + 1 < len(inside):
            chars += _ESCAPES.get(inside[index + 1], inside[index + 1])
            index += 2
        elif index + 2 < len(inside) and inside[index + 1] == "-":
            chars += "".join(
                map(chr, range(ord(inside[index]), min(ord(inside[index + 2]), ord(inside[index]) + 200) + 1))
            )
            index += 3
        else:
            chars += inside[index]
            index += 1
    return "".join(char for char in chars if char.isprintable()) or "a"


def _times(rest: str) -> tuple[int, int, str]:
    if rest[:1] in {"?", "*", "+"} and rest:
        return {"?": (0, 1), "*": (0, 3), "+": (1, 3)}[rest[0]] + (rest[1:],)
    counted = re.match(r"\{(\d+)(,?)(\d*)\}", rest)
    if counted is None:
        return 1, 1, rest
    least = int(counted[1])
    most = int(counted[3]) if counted[3] else least + (3 if counted[2] else 0)
    return least, min(most, least + 12), rest[counted.end() :]
