"""What a value means where it stands, as ``shape`` says: what stands for it must be written in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.scenes.likeness import like, spelled_as, spellings, value_like
from resolvers import Coding, Scalar

_UNREADABLE = (ValueError, TypeError, ArithmeticError)
_INT = 2**31


@dataclass(frozen=True, slots=True)
class Reading:
    """``raw``: the value as it was sent; ``value``: what it is, ``None``: not written so, or it means nothing."""

    coding: Coding
    raw: object
    value: object
    is_code: bool
    """Whether it is nobody's: a code, a flag, or what means nothing."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """How callers write the value."""
        return spellings(self.value)

    def is_met(self, instead: str) -> bool:
        """Whether a replacement is read here as the value is: as another one, or as none."""
        return (_read(self.coding, like(self.raw, instead)) is None) is (self.value is None)

    def other(self, digest: bytes, found: Mapping[str, str], *, near: bool) -> str:
        """Another value, as it is written here; empty: it cannot be. ``found``: what stands for values already;
        ``near``: as of ``value_like``.
        """
        known = next((found[each] for each in self.spellings if each in found), None)
        try:
            value = value_like(self.value, digest, near=near) if known is None else spelled_as(self.value, known)
            if self.coding.scalar is Scalar.INT and isinstance(value, int) and not -_INT <= value < _INT:
                return ""
            return str(self.coding.write(value)).strip()
        except _UNREADABLE:
            return ""

    def meant(self, instead: str) -> Iterator[tuple[str, str]]:
        """Each way in which callers write the value, with that in which they write what its replacement means."""
        other = _read(self.coding, like(self.raw, instead))
        return zip(self.spellings, spellings(other), strict=False)


def readings(codings: Sequence[Coding], value: object) -> Iterator[Reading]:
    """What a value means by each of the codings that are known under its name."""
    for coding in codings:
        raw = value
        if isinstance(value, str) and _fails(coding, value):
            raw = value.strip()
        found = _read(coding, raw)
        code = bool(coding.known) or isinstance(found, bool) or found is None
        yield Reading(coding, raw, found, code and not _fails(coding, raw))


def _read(coding: Coding, raw: object) -> object:
    try:
        return coding.read(raw)
    except _UNREADABLE:
        return None


def _fails(coding: Coding, raw: object) -> bool:
    try:
        coding.read(raw)
    except _UNREADABLE:
        return True
    return False
