"""What an operation does, told by the verb that its name begins with: WSDL itself says nothing of it.

A name that begins otherwise is a write: one that is taken for a read by mistake would be sent twice.
"""

from __future__ import annotations

import re

from resolvers.model import READ_BECAUSE, Effect

_READ = re.compile(
    r"(get|list|find|search|read|query|fetch|lookup|retrieve|check|is|has|count|describe)(?!(?-i:[a-z]))", re.IGNORECASE
)


def verb_of(name: str) -> str:
    """The reading verb that a name begins with as a whole word; empty where it begins otherwise."""
    match = _READ.match(name)
    if match is None:
        return ""
    verb = match.group()
    whole = verb[1:].islower() or (verb.isupper() and not name[match.end() : match.end() + 1].isupper())
    return verb if whole else ""


def effect_of(name: str) -> Effect:
    """``READ`` only where the operation's name begins with a reading verb as a whole word."""
    return Effect.READ if verb_of(name) else Effect.WRITE


def evidence_of(name: str) -> str:
    """Why the operation is taken for a read, as a sentence for the reader; empty for a write, which needs no reason."""
    verb = verb_of(name)
    return f'{READ_BECAUSE}its name begins with "{verb}"' if verb else ""
