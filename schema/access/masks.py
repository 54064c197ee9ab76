"""Masks: what is shown of a text to whom a rule refuses the whole of it. Whom that is, is not decided here."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from schema.access.settings import AccessSettings, ConstantMask, RuleSettings

_HIDDEN = "*" * 12
"""Of one length: how long a value is tells something of it."""
_HASH_LETTERS = 32


@dataclass(frozen=True, slots=True)
class Mask:
    """``name``: as it is told to people. ``of_text``: what is shown of a text; ``None``: null, or nothing in a list."""

    name: str
    of_text: Callable[[str], str | None] = field(compare=False, repr=False)

    def of(self, value: object) -> object:
        """What is shown of a value or of a list of them; null stays null, an error an error."""
        if value is None or isinstance(value, BaseException):
            return value
        if isinstance(value, list):
            shown = [(item, self.of(item)) for item in value]
            return [masked for item, masked in shown if masked is not None or item is None]
        if isinstance(value, str):
            return self.of_text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.of_text(str(value))
        return _HIDDEN


def mask_of(rule: RuleSettings, settings: AccessSettings) -> Mask | None:
    """The mask that a rule asks for.

    Raises:
        LookupError: it needs ``access.hash_key``, which is not set.
    """
    if rule.mask is None:
        return None
    if isinstance(rule.mask, ConstantMask):
        constant = rule.mask.constant
        return Mask(f"constant {constant}", lambda _: constant)
    if rule.mask == "hash":
        if settings.hash_key is None:
            raise LookupError("hash_key")
        key = settings.hash_key.get_secret_value().encode()
        return Mask("hash", lambda text: _hashed(key, text))
    ends = rule.mask.startswith("last")
    shown = int(rule.mask.removeprefix("last").removeprefix("first"))
    return Mask(rule.mask, lambda text: _part(text, shown, at_end=ends))


def without_values(hidden: Collection[object]) -> Mask:
    """Of an enum: shows all its values, as the source spells them, but those."""
    return Mask("values", lambda text: None if text in hidden else text)


def _part(text: str, shown: int, *, at_end: bool) -> str:
    """So many letters of a text, where at least as many stay hidden; otherwise none."""
    if len(text) < 2 * shown:
        return _HIDDEN
    return _HIDDEN + text[-shown:] if at_end else text[:shown] + _HIDDEN


def _hashed(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_HASH_LETTERS]
