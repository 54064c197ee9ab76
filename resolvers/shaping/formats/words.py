"""Two words that stand for true and false, as ``Y/N`` or ``X/``."""

from __future__ import annotations

from resolvers.model import Scalar
from resolvers.shaping.coding import WHOLE, Coding, NoCoding, texts_only


def words(text: str, base: Scalar) -> Coding:
    """The coding of two words, the first for true. The second may be empty or a space, where a flag is set or is not.

    Raises:
        NoCoding: they do not say which is which, or the source has no such values.
    """
    yes, _, no = text.partition("/")
    if yes == no or not yes:
        raise NoCoding(f'"{text}" does not say what is true and what is false', "write two words, as Y/N")
    spelled: dict[object, bool] = {yes: True, no: False}
    if base in WHOLE:
        if not (yes.isdecimal() and no.isdecimal()):
            raise NoCoding(f'whole numbers are not written as "{text}"', "write two numbers, as 1/0")
        spelled = {int(yes): True, int(no): False}
    else:
        texts_only(text, base)
    back = {truth: word for word, truth in spelled.items()}

    def read(raw: object) -> object:
        if isinstance(raw, bool | list | dict) or raw not in spelled:
            raise ValueError(f"not written as {text}")
        return spelled[raw]

    def write(value: object) -> object:
        if not isinstance(value, bool):
            raise TypeError("neither true nor false")
        return back[value]

    return Coding(Scalar.BOOLEAN, read, write, known=tuple(spelled))
