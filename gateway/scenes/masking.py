"""Personal data replaced: which values are personal, and what stands in their place. It knows values and names alone.

One value has one replacement wherever it stands, so that keys still join. What a replacement looks like follows from
the value (an address stays one, a number keeps its digits' count), since sources check what they are given. Which one
it is follows from a key that is thrown away: nobody finds the value by trying.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

REMOVED = "removed"
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_PHONE = re.compile(r"(?<![\w.-])(?:\+|00)\d{1,3}[ ()/.-]*(?:\d[ ()/.-]*){6,12}\d(?![\w.-])")
_PERSONAL = (("e-mail", _EMAIL), ("IBAN", _IBAN), ("phone", _PHONE))
_DATE = re.compile(
    r"(?:\d{4}(?=[-/.])|(?:1[89]|2[01])\d{2})([-/.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d(?!\d{5}(?!\d)))"
)
"""Year first, as ISO 8601 has it, and as systems write it that leave the signs out; a time may follow."""
_DAY_FIRST = re.compile(r"\d{2}([-/.])\d{2}\1\d{4}(?!\d)")
_NAMES = re.compile(
    r"^(?:first|last|given|family|middle|maiden|full|birth|sur|contact|display|user|nick|holder|owner)_?name$"
    r"|^(?:forename|surname|lastname|firstname)s?$"
)
_PRIVATE = re.compile(
    r"^(?:e_?mail(?:_?address)?|(?:tele)?phone(?:_?number)?|mobile|fax|ssn|"
    r"social_?security.*|tax_?(?:id|number)|passport.*|iban|bic|account_?number|card_?number|street.*|address_?line.*|"
    r"zip(?:_?code)?|postal_?code|house_?number|salary)$"
)
_BIRTH = re.compile(
    r"^(?:\w+_)?(?:(?:born|bday|dob)(?:_?(?:on|at|in|date|day|year))?|birth(?:_?(?:days?|date|dt|month|year|place))?|"
    r"(?:date|day|month|year|place)_?of_?birth)$"
)
_SECRET = re.compile(r"password|passwd|secret|token$|api_?key|authorization|cookie|credential|private_?key|session_?id")
_PERSON = frozenset({"email", "e_mail", "phone", "mobile"})
_LONG_ENOUGH = 4
_FEWEST_DIGITS = 3
_TRIES = 50
_NOTHING = frozenset({"", "true", "false"})


def spelled(name: str) -> str:
    """A name in one spelling: ``lastName`` and ``LastName`` are ``last_name``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.lstrip("@")).replace("-", "_").casefold()


@dataclass(slots=True)
class Masking:
    """``protected``: names that are masked wherever they stand in a source, by source; ``kept``: names that are not;
    ``fixed``: values that a description lists, which are nobody's. ``counts`` grows: kind → how many values.
    """

    protected: Mapping[str, Collection[str]] = field(default_factory=dict)
    kept: Mapping[str, Collection[str]] = field(default_factory=dict)
    fixed: Collection[str] = ()
    keys: Collection[str] = ()
    """Names by which rows are joined: a short number there is left, or nothing would join any more."""
    counts: Counter[str] = field(default_factory=Counter)
    found: dict[str, str] = field(default_factory=dict)
    """Value → what stands in its place, wherever it stands."""
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _taken: set[str] = field(default_factory=set)

    def kind(self, source: str, name: str, beside: Collection[str] = ()) -> str:
        """Why a value under a name is masked; empty: it is not. ``beside``: the names that stand next to it."""
        if _SECRET.search(spelled(name)):
            return "secret"
        if name in self.kept.get(source, ()):
            return ""
        if name in self.protected.get(source, ()):
            return "protected"
        plain = spelled(name)
        if _NAMES.match(plain) or (plain == "name" and any(map(_is_of_a_person, beside))):
            return "name"
        return "personal" if _PRIVATE.match(plain) or _BIRTH.match(plain) else ""

    def learn(self, source: str, name: str, value: object, beside: Collection[str] = ()) -> None:
        """Takes note of a value; what stands in its place is decided now."""
        if name in self.kept.get(source, ()):
            return
        kind = self.kind(source, name, beside)
        text = _text(value)
        if text is None or text in self.fixed or text in self.found:
            return
        if kind and is_distinct(text):
            self._put(text, REMOVED if kind == "secret" else self._instead(text), kind)
        elif not kind and isinstance(value, str):
            self.look(value)

    def look(self, text: str) -> None:
        """Takes note of what in a text looks personal."""
        for kind, pattern in _PERSONAL:
            for match in pattern.finditer(text):
                if kind != "IBAN" or _is_iban(match.group()):
                    self._put(match.group(), self._instead(match.group()), kind)

    def value(self, source: str, name: str, value: object, beside: Collection[str] = ()) -> object:
        """What stands for a value under a name."""
        kind, text = self.kind(source, name, beside), _text(value)
        if kind and text is not None and text not in self.found and text not in self.fixed and name not in self.keys:
            self.counts[kind] += 1
            # Too short to be told from others, so only here.
            return _like(value, REMOVED if kind == "secret" else self._instead(text))
        return self.anywhere(value)

    def member(self, name: str) -> str:
        """What stands for the name of a member, which is a value where the source sends a map, as by e-mail address."""
        looks = any(pattern.search(name) for _, pattern in _PERSONAL)
        coded = name in self.found and any(letter.isdigit() for letter in name)
        return self.text(name) if looks or coded else name

    def anywhere(self, value: object) -> object:
        """What stands for a value wherever it stands."""
        if isinstance(value, str):
            return self.text(value)
        text = _text(value)
        return value if text is None or text not in self.found else _like(value, self.found[text])

    def text(self, text: str) -> str:
        """A text in which whatever was found is replaced; a value as a whole word alone."""
        whole = self.found.get(text.strip())
        if whole is not None:
            return text.replace(text.strip(), whole)
        for value, instead in self._long:
            if value in text:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", lambda _, made=instead: made, text)  # type: ignore[misc]
        return text

    @property
    def _long(self) -> list[tuple[str, str]]:
        return sorted(self.found.items(), key=lambda each: -len(each[0]))

    def _put(self, text: str, instead: str, kind: str) -> None:
        if text not in self.found:
            self.found[text] = instead
            self.counts[kind] += 1

    def _instead(self, text: str) -> str:
        for again in range(100):
            made = self._made(text, again)
            if made not in self._taken and made != text:
                self._taken.add(made)
                return made
        return made if made != text else REMOVED  # of one digit there are but ten

    def _made(self, text: str, again: int) -> str:
        digest = hmac.digest(self._key, f"{again} {text}".encode(), "sha256")
        number = int.from_bytes(digest[:8])
        if _EMAIL.fullmatch(text):
            return f"person{number % 1_000_000}@example.org"
        if _is_iban(text):
            return _iban(text, digest)
        for pattern in (_DATE, _DAY_FIRST):
            written = pattern.match(text)
            if written is not None:
                return _day(number, written[1], first=pattern is _DAY_FIRST) + text[written.end() :]
        digits = sum(letter.isascii() and letter.isdigit() for letter in text)
        letters = any(letter.isalpha() for letter in text)
        if again < _TRIES and ((digits and not letters) or (digits >= _FEWEST_DIGITS and " " not in text)):
            return _shaped(text, digest)
        return f"Name{number % 1_000_000}"


def _is_of_a_person(name: str) -> bool:
    plain = spelled(name)
    return plain in _PERSON or _BIRTH.match(plain) is not None


def _day(number: int, sign: str, *, first: bool) -> str:
    """A day in another's way of writing; where the year is last, one that is read either way round."""
    year, month = f"{1950 + number % 50}", f"{1 + number // 50 % 12:02}"
    if first:
        return sign.join((f"{1 + number // 600 % 12:02}", month, year))
    return sign.join((year, month, f"{1 + number // 600 % 28:02}"))


def is_distinct(text: str) -> bool:
    """Whether a value is told from others by itself: one letter, a small number or a flag stand for many things."""
    letters = sum(letter.isalpha() for letter in text)
    digits = sum(letter.isdigit() for letter in text)
    return (letters > 0 and len(text) >= _LONG_ENOUGH) or digits > _LONG_ENOUGH or (letters > 1 and text.istitle())


def _text(value: object) -> str | None:
    """A scalar as text; ``None``: it is none, or says nothing of anybody."""
    if value is None or isinstance(value, bool) or value in _NOTHING:
        return None
    return str(value).strip() if isinstance(value, str | int | float) else None


def _like(value: object, instead: str) -> object:
    if isinstance(value, str):
        return value.replace(value.strip(), instead) if value.strip() else value
    read: Callable[[str], object] = int if isinstance(value, int) else float
    try:
        return read(instead)
    except ValueError:
        return 0


def _shaped(text: str, digest: bytes) -> str:
    """The same text with other digits and letters of the same kinds; signs and places stay."""
    made = []
    begun = False
    for place, letter in enumerate(text):
        byte = digest[place % len(digest)] + place
        if letter.isdigit():
            made.append(str(1 + byte % 9 if not begun and letter != "0" else byte % 10) if letter.isascii() else letter)
            begun = True
        elif letter.isascii() and letter.isalpha() and len(text) > 12:  # an id, not a short code
            hexadecimal = letter.lower() in "abcdef"
            made.append(chr((97 if letter.islower() else 65) + byte % (6 if hexadecimal else 26)))
        else:
            made.append(letter)
    return "".join(made)


def _is_iban(text: str) -> bool:
    """ISO 13616: the number with its first four characters at the end, letters as numbers, is 1 modulo 97."""
    plain = text.replace(" ", "")
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def _iban(text: str, digest: bytes) -> str:
    plain = text.replace(" ", "")
    inner = "".join(str(digest[place % 32] % 10) for place in range(len(plain) - 4))
    rest = int("".join(str(int(letter, 36)) for letter in f"{inner}{plain[:2]}00")) % 97
    made = f"{plain[:2]}{98 - rest:02}{inner}"
    return " ".join(made[at : at + 4] for at in range(0, len(made), 4)) if " " in text else made
