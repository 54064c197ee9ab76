"""``Ended``: how one request ended, for who counts, logs and traces. Nothing of it is computed for its own sake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from gateway.request.asked import Asked
from resolvers import Code
from schema import Answer

NO_ERRORS: Mapping[Code, int] = {}


class Ended(msgspec.Struct, frozen=True):
    """``status``: of the answer, 408 where its caller had left. ``seconds``: from its last byte to the answer's first.

    ``errors``: those of the answer, counted by their codes. ``size``: bytes of the answer. ``refused``: by what it was
    refused before an operation ran, in a word of ours; empty for one that ran. ``executed``: an operation was valid and
    ran.
    """

    asked: Asked
    status: int
    seconds: float
    errors: Mapping[Code, int] = {}  # msgspec makes a new one for each
    size: int = 0
    refused: str = ""
    executed: bool = False

    @property
    def operation(self) -> str:
        """The operation's name as its document says, where it came so far; empty for one that has none."""
        context = self.asked.context
        return "" if context is None else context.operation


def errors_in(answer: Answer) -> Mapping[Code, int]:
    """The errors of an answer, counted by their codes."""
    errors = answer.held.get("errors")
    if not isinstance(errors, list):
        return NO_ERRORS
    found: Counter[Code] = Counter()
    for error in errors:
        extensions = error.get("extensions")
        code = extensions.get("code") if isinstance(extensions, dict) else None
        found[code if isinstance(code, Code) else Code.INTERNAL] += 1  # a word of a source must not become a label
    return found
