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
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from gateway.scenes.likeness import EMAIL, is_iban, like, text_like
from gateway.scenes.readings import Reading, readings
from resolvers import Coding

REMOVED = "removed"
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_PHONE = re.compile(r"(?<![\w.-])(?:\+|00)\d{1,3}[ ()/.-]*(?:\d[ ()/.-]*){6,12}\d(?![\w.-])")
_PERSONAL = (("e-mail", EMAIL), ("IBAN", _IBAN), ("phone", _PHONE))
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
_TRIES = 100
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
    fixed: AbstractSet[str] = frozenset()
    keys: Collection[str] = ()
    """Names by which rows are joined: a short number there is left, or nothing would join any more."""
    written: Mapping[str, Mapping[str, Sequence[Coding]]] = field(default_factory=dict)
    """Source → name → how values under it are written there: what stands for them is written so, too."""
    counts: Counter[str] = field(default_factory=Counter)
    found: dict[str, str] = field(default_factory=dict)
    """Value → what stands in its place, wherever it stands."""
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _taken: set[str] = field(default_factory=set)
    _short: dict[str, str] = field(default_factory=dict)
    """Value that is too short to be told from others → what stands for it where it is masked, and only there."""
    _asked: dict[str, list[Reading]] = field(default_factory=dict)
    """Value → what it means at the places where it was found."""

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
        kind = self.kind(source, name, beside)
        text = _text(value)
        if text is None or text in self.fixed:
            return
        found = self._read(source, name, kind, value)
        if any(map(self._stays, found)):
            return
        if found:
            known = self._asked.setdefault(text, [])
            known += [each for each in found if each not in known]
        if name in self.kept.get(source, ()):
            return
        if text in self.found:
            # Nothing is written yet, so what stands for it may still become another one.
            if self.found[text] == REMOVED:
                return
            if not all(each.is_met(self.found[text]) for each in found):
                self.found[text] = self._instead(text)
            self._tell(text)
        elif kind and is_distinct(text):
            self._put(text, REMOVED if kind == "secret" else self._instead(text), kind)
            self._tell(text)
        elif not kind and isinstance(value, str) and not any(each.value is not None for each in found):
            self.look(value)

    def look(self, text: str) -> None:
        """Takes note of what in a text looks personal."""
        for kind, pattern in _PERSONAL:
            for match in pattern.finditer(text):
                if kind != "IBAN" or is_iban(match.group()):
                    self._put(match.group(), self._instead(match.group()), kind)

    def value(self, source: str, name: str, value: object, beside: Collection[str] = ()) -> object:
        """What stands for a value under a name."""
        kind, text = self.kind(source, name, beside), _text(value)
        if text is None:
            return value
        found = self._read(source, name, kind, value)
        if any(map(self._stays, found)):
            return value
        if kind and text not in self.found and text not in self.fixed and name not in self.keys:
            self.counts[kind] += 1
            if kind == "secret":
                return like(value, REMOVED)
            if text not in self._short:
                self._short[text] = self._instead(text)
            return like(value, self._short[text])
        if any(each.value is not None for each in found):
            return like(value, self.found.get(text, text))  # no text in which something else might stand
        return self.anywhere(value)

    def _read(self, source: str, name: str, kind: str, value: object) -> list[Reading]:
        """What a value means where it stands."""
        codings = () if kind == "secret" else self.written.get(source, {}).get(name, ())
        return list(readings(codings, value)) if codings else []

    def _stays(self, reading: Reading) -> bool:
        """Whether a value is nobody's: a code or a flag, nothing at all, or one that the file itself says."""
        return reading.is_code or not self.fixed.isdisjoint(reading.spellings)

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
        return value if text is None or text not in self.found else like(value, self.found[text])

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
        """What stands for a text: read wherever it stands as it was, or not at all where nobody could read it."""
        asked, right = self._asked.get(text, ()), ""
        for again in range(_TRIES):
            made = self._made(text, again, asked)
            if made in {"", text} or made in self.fixed or not all(each.is_met(made) for each in asked):
                continue
            right = made
            if made not in self._taken:
                self._taken.add(made)
                break
        return right or REMOVED  # of one digit there are but ten

    def _made(self, text: str, again: int, asked: Sequence[Reading]) -> str:
        digest = hmac.digest(self._key, f"{again} {text}".encode(), "sha256")
        late = again >= _TRIES // 2
        means = [each for each in asked if each.value is not None]
        if not means:
            return text_like(text, digest, shaped=not late)
        return means[again % len(means)].other(digest, {} if again else self.found, near=late)

    def _tell(self, text: str) -> None:
        """Takes note of what a value means, as callers write it: it is replaced by what its replacement means."""
        for each in self._asked.get(text, ()):
            for plain, instead in each.meant(self.found[text]):
                if is_distinct(plain) and plain != text and plain not in self.fixed:
                    self.found[plain] = instead
                    self._taken.add(instead)


def _is_of_a_person(name: str) -> bool:
    plain = spelled(name)
    return plain in _PERSON or _BIRTH.match(plain) is not None


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
