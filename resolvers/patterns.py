r"""Patterns of ``like``: what ``%``, ``_`` and the escape ``\`` mean, for texts in memory.

Sources that know patterns get them as they are. A pattern takes time in proportion to its length and the text's
together, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from resolvers.errors import BadRequest

ESCAPE = "\\"
_PIECES = re.compile(r"\\.|[^\\]", re.DOTALL)


def like(pattern: str, *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Whether a whole text fits a pattern.

    Raises:
        BadRequest: the pattern ends with a lone escape character.
    """
    if (len(pattern) - len(pattern.rstrip(ESCAPE))) % 2:
        raise BadRequest("a pattern ends with a lone escape character")
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    parts: list[list[str]] = [[]]
    for piece in _PIECES.findall(pattern):
        if piece == "%":
            parts.append([])
        else:
            parts[-1].append("." if piece == "_" else re.escape(piece[-1]))
    # Between two "%" every part is looked for once, as early as it can be: nothing is ever tried again, as one
    # expression with many ".*" would.
    found = [re.compile("".join(part), flags) for part in parts]
    if len(found) == 1:
        return lambda text: found[0].fullmatch(text) is not None
    first, *between, last = found
    least = len(parts[-1])

    def fits(text: str) -> bool:
        begun = first.match(text)
        if begun is None:
            return False
        place = begun.end()
        for part in between:
            met = part.search(text, place)
            if met is None:
                return False
            place = met.end()
        return len(text) - least >= place and last.fullmatch(text, len(text) - least) is not None

    return fits
