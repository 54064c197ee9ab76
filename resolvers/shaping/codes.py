"""Code tables: what the source says → the word of an enum that stands for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers.model import EnumType, Scalar
from resolvers.shaping.coding import TEXTS, WHOLE, Base, Coding, NoCoding
from resolvers.shaping.forms import PLAIN_WHOLE, integer


def table(values: Mapping[str | int, str], base: Base) -> Coding:
    """A code table: what the source says → the word that stands for it.

    Raises:
        NoCoding: the description says that there are no such codes.
    """
    known: dict[object, str] = {_code(code, base): word for code, word in values.items()}
    back: dict[str, object] = {}
    twice = ""
    for code, word in known.items():
        twice = twice or (word if word in back else "")
        back.setdefault(word, code)
    as_text = isinstance(base, Scalar) and base in TEXTS
    as_number = isinstance(base, Scalar) and base in WHOLE

    def read(raw: object) -> object:
        if as_text and type(raw) is int:
            raw = str(raw)
        elif as_number and isinstance(raw, str):
            raw = integer(raw)
        if isinstance(raw, bool | list | dict) or raw not in known:
            raise ValueError("the table has no such code")
        return known[raw]

    def write(word: object) -> object:
        if word not in back or word == twice:
            raise ValueError("the table has no such word")
        return back[str(word)]

    return Coding(Scalar.STRING, read, write, exact=not twice, words=tuple(back), known=tuple(known), one_way=twice)


def _code(code: str | int, base: Base) -> object:
    if isinstance(base, EnumType):
        found = next((each.value for each in base.values if str(each.value) == str(code)), None)
        if found is None:
            raise NoCoding(f'the description knows no value "{code}"', key=code)
        return found
    if base in TEXTS:
        return str(code)
    if base in WHOLE:
        if isinstance(code, int) or PLAIN_WHOLE.fullmatch(code):
            return int(code)
        raise NoCoding(f'the values are whole numbers, and "{code}" is none', key=code)
    if base is Scalar.JSON:
        return code
    raise NoCoding(f"values of the type {base.value} are no codes", "remove values")
