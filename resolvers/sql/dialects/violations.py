"""What a database refused to do: the kind of constraint, and where it stands; never a value of a row, nor its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

ConstraintKind: TypeAlias = Literal["unique", "foreignKey", "notNull", "check"]


@dataclass(frozen=True, slots=True)
class Violation:
    """``table``: the name of the one whose constraint it is, without its schema; ``constraint``: its name, where it has
    one; ``columns``: those that it is on, where the database says so itself. Empty where it does not say.
    """

    kind: ConstraintKind
    table: str = ""
    constraint: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """Another transaction came between (a deadlock, a failed serialisation): everything was undone and may be tried
    again.
    """


@dataclass(frozen=True, slots=True)
class Unkept:
    """A value does not fit its column, for a reason that only the database knows (a domain, a cast)."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The database does not let this user change the table, or code of its own (a trigger) refused the change."""


Refusal: TypeAlias = Violation | Clash | Unkept | Forbidden

_WORDS = re.compile(r"""'(?:[^']|'')*'|"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|\[([^\]]+)\]|([^\W\d][\w$]*)""")


def identifiers(condition: str) -> set[str]:
    """The names in the text of a condition, lower case; what stands in string literals is none."""
    return {
        name.replace('""', '"').replace("``", "`").lower()
        for found in _WORDS.finditer(condition)
        if (name := next((group for group in found.groups() if group), ""))
    }
